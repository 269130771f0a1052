//! Boosted trees that ask the same question at all nodes of a level: five comparisons, then one row of a table. Such
//! trees hardly overfit, and cost a few nanoseconds each.

use std::fmt;

use super::grove::{Grove, TREES};
use crate::heads::{HEADS, PerHead};

/// Questions of a tree.
pub(crate) const DEPTH: usize = 5;
/// Leaves of a tree.
pub(crate) const LEAVES: usize = 1 << DEPTH;

/// What a tree asks: is feature greater than threshold, five times; bit `d` of the leaf's number is the answer to
/// question `d`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Questions {
    pub(crate) features: [u16; DEPTH],
    pub(crate) thresholds: [f32; DEPTH],
}

/// The values of a tree's leaves.
pub(crate) type Leaves = [[i16; HEADS]; LEAVES];

/// A sum of trees.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Forest {
    questions: Vec<Questions>,
    leaves: Vec<Leaves>,
    /// The questions once more, [`TREES`] trees at a time, in the order in which they are answered.
    groves: Vec<Grove>,
    /// What a unit of a leaf's value is worth.
    pub(crate) scale: f32,
    pub(crate) bias: PerHead,
}

/// Numbers by the ten thousand tell a reader nothing.
impl fmt::Debug for Forest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forest({})", self.questions.len())
    }
}

impl Forest {
    pub(crate) fn new(trees: impl Iterator<Item = (Questions, Leaves)>, scale: f32, bias: PerHead) -> Self {
        let (questions, leaves): (Vec<_>, Vec<_>) = trees.unzip();
        let groves = questions.chunks(TREES).map(Grove::new).collect();
        Self { questions, leaves, groves, scale, bias }
    }

    /// The trees.
    pub(crate) fn trees(&self) -> impl ExactSizeIterator<Item = (&Questions, &Leaves)> {
        self.questions.iter().zip(&self.leaves)
    }

    /// The log-odds of each head; `dense` must hold all features that the trees ask for.
    pub(crate) fn eval(&self, dense: &[f32]) -> PerHead {
        let mut sums = [0_i32; HEADS];
        for (grove, trees) in self.groves.iter().zip(self.leaves.chunks(TREES)) {
            let reached = grove.leaves(dense);
            for (leaves, &leaf) in trees.iter().zip(&reached) {
                for (sum, &value) in sums.iter_mut().zip(&leaves[usize::from(leaf) % LEAVES]) {
                    *sum += i32::from(value);
                }
            }
        }
        std::array::from_fn(|k| self.bias[k] + sums[k] as f32 * self.scale)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::features::DENSE;

    /// Tree by tree, question by question.
    fn eval_by_questions(forest: &Forest, dense: &[f32]) -> PerHead {
        let mut sums = [0_i32; HEADS];
        for (questions, leaves) in forest.trees() {
            let answer = |d: usize| dense[usize::from(questions.features[d])] > questions.thresholds[d];
            let leaf = (0..DEPTH).map(|d| usize::from(answer(d)) << d).sum::<usize>();
            (0..HEADS).for_each(|k| sums[k] += i32::from(leaves[leaf][k]));
        }
        std::array::from_fn(|k| forest.bias[k] + sums[k] as f32 * forest.scale)
    }

    fn value() -> impl Strategy<Value = f32> {
        const SPECIAL: &[f32] = &[0.0, -0.0, 0.5, 1.0, 2.0, 99.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        prop_oneof![prop::sample::select(SPECIAL), -3.0_f32..3.0]
    }

    fn questions() -> impl Strategy<Value = Questions> {
        // Few features, so that a tree asks for one of them more than once.
        let feature = prop_oneof![0_u16..4, 0..DENSE as u16];
        (prop::array::uniform5(feature), prop::array::uniform5(value()))
            .prop_map(|(features, thresholds)| Questions { features, thresholds })
    }

    proptest! {
        #[test]
        fn all_trees_at_once_say_what_each_of_them_says(
            asked in prop::collection::vec(questions(), 0..600),
            dense in prop::collection::vec(value(), DENSE),
            seed in any::<i16>(),
        ) {
            let leaves = |tree: usize| {
                std::array::from_fn(|leaf| std::array::from_fn(|k| seed.wrapping_mul((tree * 259 + leaf * 8 + k) as i16)))
            };
            let trees = asked.into_iter().enumerate().map(|(at, questions)| (questions, leaves(at)));
            let forest = Forest::new(trees, 0.5, [0.25; HEADS]);
            prop_assert_eq!(forest.eval(&dense), eval_by_questions(&forest, &dense));
        }
    }
}
