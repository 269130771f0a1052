//! Boosted trees that ask the same question at all nodes of a level: five comparisons, then one row of a table. Such
//! trees hardly overfit, and cost a few nanoseconds each.

use std::fmt;

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
    /// Apart from the leaves, all questions fit the processor's nearest memory.
    questions: Vec<Questions>,
    leaves: Vec<Leaves>,
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
        let (questions, leaves) = trees.unzip();
        Self { questions, leaves, scale, bias }
    }

    /// The trees.
    pub(crate) fn trees(&self) -> impl ExactSizeIterator<Item = (&Questions, &Leaves)> {
        self.questions.iter().zip(&self.leaves)
    }

    /// The log-odds of each head; `dense` must hold all features that the trees ask for.
    pub(crate) fn eval(&self, dense: &[f32]) -> PerHead {
        let mut sums = [0_i32; HEADS];
        for (questions, leaves) in self.trees() {
            let mut leaf = 0;
            for d in 0..DEPTH {
                let value = dense[usize::from(questions.features[d])];
                leaf |= usize::from(value > questions.thresholds[d]) << d;
            }
            for (sum, &value) in sums.iter_mut().zip(&leaves[leaf]) {
                *sum += i32::from(value);
            }
        }
        std::array::from_fn(|k| self.bias[k] + sums[k] as f32 * self.scale)
    }
}
