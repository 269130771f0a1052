//! Training: from labelled turns to a model and what is to be expected of it.
//!
//! Everything is split by conversation, since turns of one dialogue resemble each other. Each fold is scored by a model
//! that has not seen it; on these held-out scores the figures are measured and the calibration is fitted. Turns that nobody
//! judged take part, too: a teacher that may look at what came after a turn (an apology gives a complaint away) says what
//! they are likely to be, and the model, which never looks ahead, learns from that.

mod bins;
mod boost;
mod calibrate;
mod examples;
mod logistic;
mod measure;
mod refit;
mod report;

use std::fmt;

use rejoinder_core::random::SplitMix64;

pub use examples::{Example, Examples, Label, conversation_hash};
pub use report::Report;

use bins::Binned;
use boost::Boosting;
use logistic::Fitting;
use refit::Refitter;

use crate::features::{DENSE, FIRST_EVIDENCE, VERSION, hindsight};
use crate::heads::PerHead;
use crate::model::{Model, Origin, Part, Parts, Provenance};
use crate::profile::Reference;

/// How a model is trained.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// Decides all that is drawn: the same seed and input give the same bytes.
    pub seed: u64,
    /// Parts into which conversations are split to measure and calibrate, at least 2; `None`: five, or three where there
    /// are many turns.
    pub folds: Option<u32>,
    /// Trees of each forest.
    pub trees: usize,
    /// What an unlabelled turn counts beside a labelled one; 0 leaves them out.
    pub unlabelled_weight: f32,
    /// Where the examples come from, for the model's provenance.
    pub origins: Vec<Origin>,
    /// Hash of the rules whose hits the examples have.
    pub rules: String,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            folds: None,
            trees: 240,
            unlabelled_weight: 0.15,
            origins: Vec::new(),
            rules: String::new(),
        }
    }
}

/// Why nothing could be trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainError {
    /// Too few conversations have judged turns.
    TooFewConversations {
        /// How many have.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// All judged turns are feedback, or none is.
    OneKind,
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewConversations { found, needed } => {
                write!(f, "{found} conversations have judged turns; training takes {needed}")
            }
            Self::OneKind => {
                f.write_str("all judged turns are feedback, or none is: there is nothing to tell apart")
            }
        }
    }
}

impl std::error::Error for TrainError {}

/// Turns from which on there are many: more add little to each step of training, so that steps may be shorter.
const MANY: usize = 20_000;
/// Rows that a tree is grown on at most, where there are few turns and where there are many.
const ROWS_A_TREE: [usize; 2] = [12_000, 7_000];
/// Times that the n-grams of a row are looked at, where there are few turns and where there are many.
const EPOCHS: [usize; 2] = [12, 3];

/// Trains a model.
///
/// # Errors
/// If there is too little to learn from.
pub fn train(examples: &Examples, options: &TrainOptions) -> Result<(Model, Report), TrainError> {
    let trainer = Trainer::new(examples, options);
    measured(examples, options, |taught| trainer.fit(taught))
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
    let (mut model, report) = measured(examples, options, |taught| refitter.fit(taught))?;
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
        let taught: Vec<u32> = judged.iter().copied().filter(|&row| fold_of(row) != this).collect();
        let parts = fit(&taught);
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

fn rows(examples: &Examples, judged: bool) -> Vec<u32> {
    let labels = (0_u32..).zip(&examples.labels);
    labels.filter(|(_, label)| matches!(label, Label::Judged(_)) == judged).map(|(row, _)| row).collect()
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

/// What all fits share.
struct Trainer<'a> {
    examples: &'a Examples,
    options: &'a TrainOptions,
    /// Dense features, without and with evidence share it.
    binned: Binned,
    /// Dense features and hindsight, if there are turns to teach about.
    behind: Option<Binned>,
    unlabelled: Vec<u32>,
    /// 1 where there are many turns.
    many: usize,
}

impl<'a> Trainer<'a> {
    fn new(examples: &'a Examples, options: &'a TrainOptions) -> Self {
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
            Binned::new(&wide, width)
        });
        let many = usize::from(examples.len() > MANY);
        Self { examples, options, binned: Binned::new(&examples.dense, DENSE), behind, unlabelled, many }
    }

    /// Fits all parts on the judged rows `taught` and on all unlabelled ones.
    fn fit(&self, taught: &[u32]) -> Parts {
        let mut targets = self.examples.targets.clone();
        let mut weights = vec![0.0_f32; targets.len()];
        let mut all = taught.to_vec();
        taught.iter().for_each(|&row| weights[row as usize] = 1.0);
        if let Some(behind) = &self.behind {
            let how = self.boosting(0);
            let teacher = boost::grow(behind, |_| true, taught, &targets, &weights, &how);
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
        let how = Fitting {
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

    fn boosting(&self, salt: u64) -> Boosting {
        Boosting {
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
