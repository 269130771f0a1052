//! Training that goes on from a model: its log-odds, stretched by a line a head as the new answers say, are what trees and
//! n-grams add to. A few hundred answers move it a little, many thousands make it another.

use super::bins::BinnedColumns;
use super::boost::{self, BoostOptions};
use super::calibrate;
use super::logistic::{self, FitOptions};
use super::{EPOCHS, Examples, MANY, ROWS_A_TREE, TrainOptions};
use crate::features::{Buckets, DENSE, FIRST_EVIDENCE};
use crate::heads::{HEADS, PerHead};
use crate::model::forest::{Forest, Leaves, Questions};
use crate::model::linear::Linear;
use crate::model::{LINEAR_SHARE, Model, Part, Parts};

/// Turns of each kind from which on a head's line is fitted anew.
const ENOUGH: usize = 30;

/// What all fits share.
pub(super) struct Refitter<'a> {
    base: &'a Model,
    examples: &'a Examples,
    options: &'a TrainOptions,
    binned: BinnedColumns,
}

impl<'a> Refitter<'a> {
    pub(super) fn new(base: &'a Model, examples: &'a Examples, options: &'a TrainOptions) -> Self {
        Self { base, examples, options, binned: BinnedColumns::new(&examples.dense, DENSE) }
    }

    /// Fits what the judged rows `training_rows` add to the base.
    pub(super) fn fit(&self, training_rows: &[u32]) -> Parts {
        let lines = self.lines(training_rows);
        let weights = vec![1.0; self.examples.len()];
        let of_text = |row| self.examples.sparse.row(row).of_text();
        let all = |row| self.examples.sparse.row(row).all;
        let base = &self.base.parts;
        Parts {
            blind: self.part(&base.blind, &lines, training_rows, &weights, of_text, FIRST_EVIDENCE, 1),
            informed: self.part(&base.informed, &lines, training_rows, &weights, all, DENSE, 2),
        }
    }

    /// By head, the line that makes the base's log-odds fit the answers.
    fn lines(&self, training_rows: &[u32]) -> [(f32, f32); HEADS] {
        let buckets = |row| -> Buckets<'_> { self.examples.sparse.row(row) };
        let logits: Vec<PerHead> = training_rows
            .iter()
            .map(|&row| self.base.parts.eval(self.examples.dense_row(row as usize), buckets(row as usize)))
            .collect();
        std::array::from_fn(|k| {
            let z: Vec<f32> = logits.iter().map(|z| z[k]).collect();
            let yes: Vec<bool> =
                training_rows.iter().map(|&row| self.examples.targets[row as usize][k] > 0.5).collect();
            let positives = yes.iter().filter(|&&yes| yes).count();
            match positives.min(yes.len() - positives) {
                ENOUGH.. => calibrate::line(&z, &yes),
                _ => self.base.calibration[k],
            }
        })
    }

    #[allow(clippy::too_many_arguments)]
    fn part<'s>(
        &self,
        base: &Part,
        lines: &[(f32, f32); HEADS],
        training_rows: &[u32],
        weights: &[f32],
        buckets: impl Fn(usize) -> &'s [u32],
        features: usize,
        salt: u64,
    ) -> Part {
        let mut part = Part { forest: stretched(&base.forest, lines), linear: base.linear.clone() };
        for (k, (slope, _)) in lines.iter().enumerate() {
            part.linear.scale[k] *= slope;
            part.linear.bias[k] *= slope;
        }
        let many = usize::from(training_rows.len() > MANY);
        let logits = |part: &Part| {
            let mut logits = vec![PerHead::default(); self.examples.len()];
            for &row in training_rows {
                let row = row as usize;
                logits[row] = part.eval(self.examples.dense_row(row), buckets(row));
            }
            logits
        };
        let targets = &self.examples.targets;
        let how = FitOptions {
            epochs: EPOCHS[many],
            rate: 0.15,
            ridge: 2e-4,
            inertia: 0.02,
            seed: self.options.seed ^ 3,
        };
        let before = logits(&part);
        let added = logistic::fit(&buckets, |row| before[row], training_rows, targets, weights, &how);
        part.linear = sum(&part.linear, &added);
        let how = BoostOptions {
            trees: self.options.trees / 2,
            rate: 0.09,
            features: 0.15,
            rows: 0.7,
            most_rows: ROWS_A_TREE[many],
            ridge: 8.0,
            balance: 0.5,
            seed: self.options.seed.wrapping_mul(0x9e37_79b9).wrapping_add(salt),
        };
        let may = |feature| feature < features;
        let added = boost::grow_on(logits(&part), &self.binned, may, training_rows, targets, weights, &how);
        part.forest = joined(&part.forest, &added);
        part
    }
}

/// A forest whose log-odds lie on the lines.
fn stretched(forest: &Forest, lines: &[(f32, f32); HEADS]) -> Forest {
    let bias = std::array::from_fn(|k| forest.bias[k] * lines[k].0 + lines[k].1);
    let slopes = lines.map(|(slope, _)| slope);
    of_values(
        forest.trees().map(|(questions, leaves)| (*questions, values(leaves, forest.scale, slopes))),
        bias,
    )
}

fn joined(first: &Forest, second: &Forest) -> Forest {
    let bias = std::array::from_fn(|k| first.bias[k] + second.bias[k]);
    let trees = [first, second].into_iter().flat_map(|forest| {
        forest.trees().map(|(questions, leaves)| (*questions, values(leaves, forest.scale, [1.0; HEADS])))
    });
    of_values(trees, bias)
}

fn values(leaves: &Leaves, scale: f32, slopes: PerHead) -> Vec<PerHead> {
    leaves.iter().map(|leaf| std::array::from_fn(|k| f32::from(leaf[k]) * scale * slopes[k])).collect()
}

/// Rounds leaves anew to one common unit.
fn of_values(trees: impl Iterator<Item = (Questions, Vec<PerHead>)>, bias: PerHead) -> Forest {
    let trees: Vec<_> = trees.collect();
    let scale = boost::unit(trees.iter().flat_map(|(_, leaves)| leaves.iter().flatten().copied()));
    let whole = |leaves: &[PerHead]| std::array::from_fn(|leaf| boost::whole(&leaves[leaf], scale));
    Forest::new(trees.iter().map(|(questions, leaves)| (*questions, whole(leaves))), scale, bias)
}

fn sum(base: &Linear, added: &Linear) -> Linear {
    // What is added counts in full, whereas a part gives n-grams a share of their log-odds.
    let added_scale = added.scale.map(|scale| scale / LINEAR_SHARE);
    let weights: Vec<PerHead> = base
        .weights
        .iter()
        .zip(&added.weights)
        .map(|(a, b)| {
            std::array::from_fn(|k| f32::from(a[k]) * base.scale[k] + f32::from(b[k]) * added_scale[k])
        })
        .collect();
    let bias = std::array::from_fn(|k| base.bias[k] + added.bias[k] / LINEAR_SHARE);
    logistic::round(&weights, bias)
}
