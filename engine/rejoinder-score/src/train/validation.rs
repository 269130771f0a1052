//! Training with cross-validation: each fold is scored by a model that has not seen it, and on these scores the figures and the
//! calibration are worked out.

use rejoinder_core::random::SplitMix64;

use super::refit::Refitter;
use super::trainer::{Trainer, rows};
use super::{Examples, Label, MANY, Report, TrainError, TrainOptions, report};
use crate::cuts::MeasuredCuts;
use crate::features::VERSION;
use crate::heads::PerHead;
use crate::model::{Model, Parts, Provenance};
use crate::profile::Reference;
/// Trains a model.
///
/// # Errors
/// If there is too little to learn from.
pub fn train(examples: &Examples, options: &TrainOptions) -> Result<(Model, Report), TrainError> {
    let trainer = Trainer::new(examples, options);
    measured(examples, options, |training_rows| trainer.fit(training_rows))
}

/// Goes on from a model with what was judged since; `examples` are measured by its words ([`Examples::after`]). It has
/// not seen them before; what it was trained on is what both were.
///
/// # Errors
/// If there is too little to learn from.
pub fn refit(
    base: &Model,
    examples: &Examples,
    options: &TrainOptions,
) -> Result<(Model, Report), TrainError> {
    let refitter = Refitter::new(base, examples, options);
    let (mut model, report) = measured(examples, options, |training_rows| refitter.fit(training_rows))?;
    model.trained_on.extend_from_slice(&base.trained_on);
    model.trained_on.sort_unstable();
    model.trained_on.dedup();
    model.provenance.goes_on_from(&base.provenance);
    model.measured_on.clone_from(&base.measured_on);
    Ok((model, report))
}

/// A model of what `fit` makes of judged rows; its figures and its calibration are those on folds that it did not see.
fn measured(
    examples: &Examples,
    options: &TrainOptions,
    fit: impl Fn(&[u32]) -> Parts,
) -> Result<(Model, Report), TrainError> {
    let judged: Vec<u32> = rows(examples, true);
    let with_labels = {
        let mut conversations: Vec<u32> =
            judged.iter().map(|&row| examples.conversation[row as usize]).collect();
        conversations.dedup();
        conversations
    };
    let folds = options.folds.unwrap_or(if examples.len() > MANY { 3 } else { 5 }).max(2);
    let needed = 2 * folds as usize;
    if with_labels.len() < needed {
        return Err(TrainError::TooFewConversations { found: with_labels.len(), needed });
    }
    let yes = judged.iter().filter(|&&row| examples.targets[row as usize][0] > 0.5).count();
    if yes == 0 || yes == judged.len() {
        return Err(TrainError::OneKind);
    }
    let fold = assign(&with_labels, &examples.hashes, folds, options.seed);
    let fold_of = |row: u32| fold[examples.conversation[row as usize] as usize];
    let mut held_out = vec![PerHead::default(); examples.len()];
    for this in 0..folds {
        let training_rows: Vec<u32> = judged.iter().copied().filter(|&row| fold_of(row) != this).collect();
        let parts = fit(&training_rows);
        for &row in judged.iter().filter(|&&row| fold_of(row) == this) {
            held_out[row as usize] =
                parts.eval(examples.dense_row(row as usize), examples.sparse.row(row as usize));
        }
    }
    let logits: Vec<PerHead> = judged.iter().map(|&row| held_out[row as usize]).collect();
    let truth: Vec<PerHead> = judged.iter().map(|&row| examples.targets[row as usize]).collect();
    let folds_of: Vec<u32> = judged.iter().map(|&row| fold_of(row)).collect();
    let calibration = report::calibrate(&logits, &truth, |_| true);
    let report = Report::new(&logits, &truth, &folds_of, folds);
    let mut trained_on: Vec<u64> = with_labels.iter().map(|&c| examples.hashes[c as usize]).collect();
    trained_on.sort_unstable();
    trained_on.dedup();
    let model = Model {
        idf: examples.idf.clone(),
        parts: fit(&judged),
        calibration,
        trained_on,
        provenance: provenance(examples, options, with_labels.len()),
        quality: report.quality.clone(),
        measured_on: Reference::default(),
        cuts: MeasuredCuts::default(),
    };
    Ok((model, report))
}

fn provenance(examples: &Examples, options: &TrainOptions, conversations: usize) -> Provenance {
    let mut turns = [0; 6];
    for label in &examples.labels {
        if let Label::Judged(category) = label {
            turns[category.map_or(0, |category| category as usize)] += 1;
        }
    }
    Provenance {
        origins: options.origins.clone(),
        rules: options.rules.clone(),
        conversations: conversations as u64,
        turns,
        unlabelled: (examples.len() - examples.judged()) as u64,
        seed: options.seed,
        feature_version: VERSION,
        trained_by: concat!("rejoinder-score ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// By conversation: its fold. Conversations of the same content share one.
fn assign(with_labels: &[u32], hashes: &[u64], folds: u32, seed: u64) -> Vec<u32> {
    let mut distinct: Vec<u64> = with_labels.iter().map(|&c| hashes[c as usize]).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let n = distinct.len();
    let mut shuffled = distinct.clone();
    SplitMix64::with_seed(seed ^ 0xf01d).choose(&mut shuffled, n);
    let mut numbers: Vec<(u64, u32)> = shuffled.into_iter().zip((0..folds).cycle()).collect();
    numbers.sort_unstable();
    let of = |hash| numbers.binary_search_by_key(&hash, |&(h, _)| h).map_or(0, |at| numbers[at].1);
    hashes.iter().map(|&hash| of(hash)).collect()
}
