//! `rejoinder.json`: what is known of a data set, for programs. A change of what stands in it raises [`FORMAT`].

use std::collections::HashSet;

use rejoinder_core::{Category, FeedbackSource};
use serde_json::{Map, Value, json};

use super::arrange;
use super::checks::RowChecks;
use super::data_set::{DataSet, DrawFacts, RowOrigin, Split};
use super::example::TrainingTask;
use super::style;

/// Version of the form of the file.
pub const FORMAT: u32 = 1;

/// The contents of the file. The first split of the set is the one to train on.
pub fn metadata(set: &DataSet<'_>) -> Value {
    let train = set.splits.first().map_or(&[][..], |split| split.examples);
    let plugins = set.plugins.iter().map(|(name, identity)| json!({ "name": name, "identity": identity }));
    let splits = set.splits.iter().map(|split| (split.name.to_owned(), split_facts(split, set)));
    let left_out = set.left_out.iter().map(|(why, rows)| json!({ "why": why, "rows": rows }));
    let changed = set.changed.iter().map(|(what, rows)| json!({ "what": what, "rows": rows }));
    let checks = |label| row_checks(&RowChecks::of(train, label));
    json!({
        "format": FORMAT,
        "task": set.name(),
        "style": set.style.name(),
        "license": set.license,
        "engine": set.engine,
        "rules_hash": set.rules_hash,
        "config_hash": set.config_hash,
        "plugins": plugins.collect::<Vec<_>>(),
        "judge": set.judge,
        "labels": match set.origin {
            RowOrigin::Run => Some("run"),
            RowOrigin::RecordLabels => Some("records"),
            RowOrigin::LabelFile => Some("file"),
            RowOrigin::Draw => None,
        },
        "positive": codes(set.choice.into_iter().flat_map(|choice| choice.positive.categories())),
        "negative": codes(set.choice.into_iter().flat_map(|choice| choice.negative.categories())),
        "sources": sources(set),
        "min_score": set.choice.map_or(0.0, |choice| choice.min_score),
        "seed": set.seed,
        "validation": set.validation,
        "weights": weights(set.task, arrange::label_counts(train)),
        "draw": set.draw.map(draw),
        "splits": splits.collect::<Map<_, _>>(),
        "left_out": left_out.collect::<Vec<_>>(),
        "changed": changed.collect::<Vec<_>>(),
        "checks": { "desirable": checks(true), "undesirable": checks(false) },
        "remarks": set.remarks,
    })
}

fn codes(categories: impl Iterator<Item = Category>) -> Vec<&'static str> {
    categories.map(Category::code).collect()
}

/// The sources whose feedback counted.
fn sources(set: &DataSet<'_>) -> Vec<&'static str> {
    let counts = |source: &FeedbackSource| match (set.origin, set.choice) {
        (RowOrigin::Run, Some(choice)) => choice.sources.is_empty() || choice.sources.contains(source),
        _ => false,
    };
    FeedbackSource::ALL.into_iter().filter(counts).map(FeedbackSource::name).collect()
}

/// The weights that balance the labels in the loss; `None` where the training has none or one label is missing.
fn weights(task: TrainingTask, counts: [usize; 2]) -> Option<Value> {
    match task {
        TrainingTask::Kto => style::middle_weight(counts)
            .map(|desirable| json!({ "desirable": desirable, "undesirable": 1.0 })),
        TrainingTask::Sft | TrainingTask::Pairs => None,
    }
}

fn draw(DrawFacts { wanted, pool, like_sha256, lacking }: &DrawFacts) -> Value {
    let lacking: usize = lacking.iter().map(|(_, rows)| rows).sum();
    json!({ "wanted": wanted, "pool": pool, "like_sha256": like_sha256, "lacking": lacking })
}

fn split_facts(split: &Split<'_>, set: &DataSet<'_>) -> Value {
    let [undesirable, desirable] = arrange::label_counts(split.examples);
    let ids = split.examples.iter().map(|example| &*example.conversation_id);
    let count = |category| split.examples.iter().filter(|row| row.category == Some(category)).count();
    let named = Category::ALL.into_iter().filter(|_| set.has_categories());
    json!({
        "path": split.path,
        "rows": split.examples.len(),
        "desirable": desirable,
        "undesirable": undesirable,
        "conversations": ids.collect::<HashSet<_>>().len(),
        "categories": named.map(|of| (of.code().to_owned(), count(of).into())).collect::<Map<_, _>>(),
        "sha256": split.sha256,
    })
}

fn row_checks(checks: &RowChecks) -> Value {
    json!({
        "rows": checks.rows,
        "refusals": checks.refusals,
        "jailbreaks": checks.jailbreaks,
        "flagged": checks.flagged,
        "median_prompt_chars": checks.median_prompt_chars,
        "median_answer_chars": checks.median_answer_chars,
    })
}
