//! `rejoinder.json`: what is known of a data set, for programs. A change of what stands in it raises [`FORMAT`].

use std::collections::{BTreeMap, HashSet};

use rejoinder_core::{Category, FeedbackSource, Purpose};
use serde::Serialize;

use super::arrange;
use super::checks::RowChecks;
use super::data_set::{DataSet, DrawFacts, RowOrigin, Split};
use super::example::{FeedbackChoice, TrainingTask};
use super::style;

/// Version of the form of the file.
pub const FORMAT: u32 = 1;

/// The contents of the file.
#[derive(Debug, Serialize)]
pub struct Metadata<'a> {
    format: u32,
    task: &'static str,
    style: &'static str,
    license: &'a str,
    engine: &'a str,
    rules_hash: &'a str,
    config_hash: &'a str,
    plugins: Vec<Plugin<'a>>,
    judge: Option<&'a str>,
    labels: Option<&'static str>,
    positive: Vec<Category>,
    negative: Vec<Category>,
    sources: Vec<FeedbackSource>,
    min_score: f32,
    seed: u64,
    validation: f64,
    weights: Option<Weights>,
    draw: Option<Draw<'a>>,
    splits: BTreeMap<&'static str, SplitFacts<'a>>,
    left_out: Vec<LeftOut<'a>>,
    changed: Vec<Changed>,
    checks: Checks,
    remarks: &'a [String],
}

#[derive(Debug, Serialize)]
struct Plugin<'a> {
    name: &'a str,
    identity: &'a str,
}

/// The weights of both kinds of rows in the loss of KTO.
#[derive(Debug, Serialize)]
struct Weights {
    desirable: f64,
    undesirable: f64,
}

#[derive(Debug, Serialize)]
struct Draw<'a> {
    wanted: usize,
    pool: u64,
    like_sha256: Option<&'a str>,
    lacking: usize,
}

#[derive(Debug, Serialize)]
struct SplitFacts<'a> {
    path: &'a str,
    rows: usize,
    desirable: usize,
    undesirable: usize,
    conversations: usize,
    categories: BTreeMap<Category, usize>,
    sha256: &'a str,
}

#[derive(Debug, Serialize)]
struct LeftOut<'a> {
    why: &'a str,
    rows: u64,
}

#[derive(Debug, Serialize)]
struct Changed {
    what: &'static str,
    rows: u64,
}

#[derive(Debug, Serialize)]
struct Checks {
    desirable: RowChecks,
    undesirable: RowChecks,
}

impl<'a> Metadata<'a> {
    /// What is known of a set. The first split is the one to train on.
    pub fn of(set: &'a DataSet<'a>) -> Self {
        let train = set.splits.first().map_or(&[][..], |split| split.examples);
        let categories = |purpose: fn(&FeedbackChoice) -> Purpose| {
            set.choice.map(|choice| purpose(choice).categories().collect()).unwrap_or_default()
        };
        Self {
            format: FORMAT,
            task: set.name(),
            style: set.style.name(),
            license: set.license,
            engine: set.engine,
            rules_hash: set.rules_hash,
            config_hash: set.config_hash,
            plugins: set.plugins.iter().map(|(name, identity)| Plugin { name, identity }).collect(),
            judge: set.judge,
            labels: match set.origin {
                RowOrigin::Run => Some("run"),
                RowOrigin::RecordLabels => Some("records"),
                RowOrigin::LabelFile => Some("file"),
                RowOrigin::Draw => None,
            },
            positive: categories(|choice| choice.positive),
            negative: categories(|choice| choice.negative),
            sources: sources(set),
            min_score: set.choice.map_or(0.0, |choice| choice.min_score),
            seed: set.seed,
            validation: set.validation,
            weights: weights(set.task, arrange::label_counts(train)),
            draw: set.draw.map(Draw::of),
            splits: set.splits.iter().map(|split| (split.name, SplitFacts::of(split, set))).collect(),
            left_out: set.left_out.iter().map(|(why, rows)| LeftOut { why, rows: *rows }).collect(),
            changed: set.changed.iter().map(|&(what, rows)| Changed { what, rows }).collect(),
            checks: Checks {
                desirable: RowChecks::of(train, true),
                undesirable: RowChecks::of(train, false),
            },
            remarks: set.remarks,
        }
    }
}

/// The sources whose feedback counted.
fn sources(set: &DataSet<'_>) -> Vec<FeedbackSource> {
    match (set.origin, set.choice) {
        (RowOrigin::Run, Some(choice)) if choice.sources.is_empty() => FeedbackSource::ALL.to_vec(),
        (RowOrigin::Run, Some(choice)) => choice.sources.clone(),
        _ => Vec::new(),
    }
}

/// The weights that balance the labels; `None` where the training has none or one label is missing.
fn weights(task: TrainingTask, counts: [usize; 2]) -> Option<Weights> {
    match task {
        TrainingTask::Kto => {
            style::middle_weight(counts).map(|desirable| Weights { desirable, undesirable: 1.0 })
        }
        TrainingTask::Sft | TrainingTask::Pairs => None,
    }
}

impl<'a> Draw<'a> {
    fn of(facts: &'a DrawFacts) -> Self {
        Self {
            wanted: facts.wanted,
            pool: facts.pool,
            like_sha256: facts.like_sha256.as_deref(),
            lacking: facts.lacking.iter().map(|(_, rows)| rows).sum(),
        }
    }
}

impl<'a> SplitFacts<'a> {
    fn of(split: &'a Split<'a>, set: &DataSet<'_>) -> Self {
        let [undesirable, desirable] = arrange::label_counts(split.examples);
        let conversations: HashSet<_> =
            split.examples.iter().map(|example| &*example.conversation_id).collect();
        let mut categories = BTreeMap::new();
        if set.has_categories() {
            categories.extend(Category::ALL.map(|category| (category, 0)));
        }
        for category in split.examples.iter().filter_map(|example| example.category) {
            *categories.entry(category).or_default() += 1;
        }
        Self {
            path: split.path,
            rows: split.examples.len(),
            desirable,
            undesirable,
            conversations: conversations.len(),
            categories,
            sha256: &split.sha256,
        }
    }
}
