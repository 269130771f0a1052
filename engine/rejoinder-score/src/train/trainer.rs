//! Fits the parts of a model from nothing.

use super::bins::BinnedColumns;
use super::boost::{self, BoostOptions};
use super::logistic::{self, FitOptions};
use super::{EPOCHS, Examples, Label, MANY, ROWS_A_TREE, TrainOptions};
use crate::features::{DENSE, FIRST_EVIDENCE, hindsight};
use crate::heads::PerHead;
use crate::model::{Part, Parts};
/// What all fits share.
pub(super) struct Trainer<'a> {
    examples: &'a Examples,
    options: &'a TrainOptions,
    /// Dense features, without and with evidence share it.
    binned: BinnedColumns,
    /// Dense features and hindsight, if there are turns to teach about.
    behind: Option<BinnedColumns>,
    unlabelled: Vec<u32>,
    /// 1 where there are many turns.
    many: usize,
}

impl<'a> Trainer<'a> {
    pub(super) fn new(examples: &'a Examples, options: &'a TrainOptions) -> Self {
        let unlabelled = if options.unlabelled_weight > 0.0 { rows(examples, false) } else { Vec::new() };
        let behind = (!unlabelled.is_empty()).then(|| {
            let width = DENSE + hindsight::LEN;
            let mut wide = Vec::with_capacity(examples.len() * width);
            for (dense, after) in
                examples.dense.chunks_exact(DENSE).zip(examples.hindsight.chunks_exact(hindsight::LEN))
            {
                wide.extend_from_slice(dense);
                wide.extend_from_slice(after);
            }
            BinnedColumns::new(&wide, width)
        });
        let many = usize::from(examples.len() > MANY);
        Self {
            examples,
            options,
            binned: BinnedColumns::new(&examples.dense, DENSE),
            behind,
            unlabelled,
            many,
        }
    }

    /// Fits all parts on the judged rows `training_rows` and on all unlabelled ones.
    pub(super) fn fit(&self, training_rows: &[u32]) -> Parts {
        let mut targets = self.examples.targets.clone();
        let mut weights = vec![0.0_f32; targets.len()];
        let mut all = training_rows.to_vec();
        training_rows.iter().for_each(|&row| weights[row as usize] = 1.0);
        if let Some(behind) = &self.behind {
            let how = self.boosting(0);
            let teacher = boost::grow(behind, |_| true, training_rows, &targets, &weights, &how);
            for &row in &self.unlabelled {
                let at = row as usize;
                let after = &self.examples.hindsight[at * hindsight::LEN..(at + 1) * hindsight::LEN];
                let wide = [self.examples.dense_row(at), after].concat();
                targets[at] = teacher.eval(&wide).map(|z| 1.0 / (1.0 + (-z).exp()));
                weights[at] = self.options.unlabelled_weight;
            }
            all.extend_from_slice(&self.unlabelled);
            all.sort_unstable();
        }
        let sparse = &self.examples.sparse;
        let forest = |usable: &dyn Fn(usize) -> bool, salt| {
            boost::grow(&self.binned, usable, &all, &targets, &weights, &self.boosting(salt))
        };
        let how = FitOptions {
            epochs: EPOCHS[self.many],
            rate: 0.15,
            ridge: 2e-4,
            inertia: 1e-6,
            seed: self.options.seed ^ 3,
        };
        let nothing = |_| PerHead::default();
        Parts {
            blind: Part {
                forest: forest(&|feature| feature < FIRST_EVIDENCE, 1),
                linear: logistic::fit(
                    |row| sparse.row(row).of_text(),
                    nothing,
                    &all,
                    &targets,
                    &weights,
                    &how,
                ),
            },
            informed: Part {
                forest: forest(&|_| true, 2),
                linear: logistic::fit(|row| sparse.row(row).all, nothing, &all, &targets, &weights, &how),
            },
        }
    }

    fn boosting(&self, salt: u64) -> BoostOptions {
        BoostOptions {
            trees: self.options.trees,
            rate: 0.09,
            features: 0.15,
            rows: 0.7,
            most_rows: ROWS_A_TREE[self.many],
            ridge: 4.0,
            balance: 0.5,
            seed: self.options.seed.wrapping_mul(0x9e37_79b9).wrapping_add(salt),
        }
    }
}

/// The rows that were judged, or those that were not.
pub(super) fn rows(examples: &Examples, judged: bool) -> Vec<u32> {
    let labels = (0_u32..).zip(&examples.labels);
    labels.filter(|(_, label)| matches!(label, Label::Judged(_)) == judged).map(|(row, _)| row).collect()
}
