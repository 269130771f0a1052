//! Boosted trees that ask the same question at all nodes of a level: five comparisons, then one row of a table. Such
//! trees hardly overfit, and cost a few nanoseconds each.

use std::fmt;

use crate::heads::{HEADS, PerHead};

/// Questions of a tree.
pub(crate) const DEPTH: usize = 5;
/// Leaves of a tree.
pub(crate) const LEAVES: usize = 1 << DEPTH;

/// One tree: is feature greater than threshold, five times; bit `d` of the leaf's number is the answer to question `d`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tree {
    pub(crate) features: [u16; DEPTH],
    pub(crate) thresholds: [f32; DEPTH],
    pub(crate) leaves: [[i16; HEADS]; LEAVES],
}

/// A sum of trees.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Forest {
    pub(crate) trees: Vec<Tree>,
    /// What a unit of a leaf's value is worth.
    pub(crate) scale: f32,
    pub(crate) bias: PerHead,
}

/// Numbers by the ten thousand tell a reader nothing.
impl fmt::Debug for Forest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forest({})", self.trees.len())
    }
}

impl Forest {
    /// The log-odds of each head; `dense` must hold all features that the trees ask for.
    pub(crate) fn eval(&self, dense: &[f32]) -> PerHead {
        let mut sums = [0_i32; HEADS];
        for tree in &self.trees {
            let mut leaf = 0;
            for d in 0..DEPTH {
                leaf |= usize::from(dense[usize::from(tree.features[d])] > tree.thresholds[d]) << d;
            }
            for (sum, &value) in sums.iter_mut().zip(&tree.leaves[leaf]) {
                *sum += i32::from(value);
            }
        }
        std::array::from_fn(|k| self.bias[k] + sums[k] as f32 * self.scale)
    }
}
