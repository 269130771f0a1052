//! `rejoinder.json`: what is known of a data set, for programs. A change of what stands in it raises [`FORMAT`].

use std::collections::HashSet;

use rejoinder_core::{Category, FeedbackSource, Purpose};
use serde_json::{Map, Value};

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
    let named = |(name, identity): &(String, String)| {
        object(vec![("name", (&**name).into()), ("identity", (&**identity).into())])
    };
    let counted =
        |of: &'static str, what: &str, rows: u64| object(vec![(of, what.into()), ("rows", rows.into())]);
    let labels = match set.origin {
        RowOrigin::Run => Some("run"),
        RowOrigin::RecordLabels => Some("records"),
        RowOrigin::LabelFile => Some("file"),
        RowOrigin::Draw => None,
    };
    let checks = |label| row_checks(&RowChecks::of(train, label));
    object(vec![
        ("format", FORMAT.into()),
        ("task", set.name().into()),
        ("style", set.style.name().into()),
        ("license", set.license.into()),
        ("engine", set.engine.into()),
        ("rules_hash", set.rules_hash.into()),
        ("config_hash", set.config_hash.into()),
        ("plugins", list(set.plugins.iter().map(named))),
        ("judge", set.judge.into()),
        ("labels", labels.into()),
        ("positive", categories(set.choice.map(|choice| choice.positive))),
        ("negative", categories(set.choice.map(|choice| choice.negative))),
        ("sources", sources(set)),
        ("min_score", as_written(set.choice.map_or(0.0, |choice| choice.min_score)).into()),
        ("seed", set.seed.into()),
        ("validation", set.validation.into()),
        ("weights", weights(set.task, arrange::label_counts(train))),
        ("draw", set.draw.map_or(Value::Null, draw)),
        ("splits", object(set.splits.iter().map(|split| (split.name, split_facts(split, set))).collect())),
        ("left_out", list(set.left_out.iter().map(|(why, rows)| counted("why", why, *rows)))),
        ("changed", list(set.changed.iter().map(|(what, rows)| counted("what", what, *rows)))),
        ("checks", object(vec![("desirable", checks(true)), ("undesirable", checks(false))])),
        ("remarks", list(set.remarks.iter().map(|remark| (&**remark).into()))),
    ])
}

/// A JSON object; the macro would be several times the code.
fn object(entries: Vec<(&'static str, Value)>) -> Value {
    let mut object = Map::new();
    for (key, value) in entries {
        object.insert(key.to_owned(), value);
    }
    Value::Object(object)
}

/// The number that has the same digits: 0.9 in single precision is another number than in double.
fn as_written(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| number.into())
}

fn list(values: impl Iterator<Item = Value>) -> Value {
    Value::Array(values.collect())
}

fn categories(purpose: Option<Purpose>) -> Value {
    list(purpose.into_iter().flat_map(Purpose::categories).map(|category| category.code().into()))
}

/// The sources whose feedback counted.
fn sources(set: &DataSet<'_>) -> Value {
    let counts = |source: &FeedbackSource| match (set.origin, set.choice) {
        (RowOrigin::Run, Some(choice)) => choice.sources.is_empty() || choice.sources.contains(source),
        _ => false,
    };
    list(FeedbackSource::ALL.into_iter().filter(counts).map(|source| source.name().into()))
}

/// The weights that balance the labels in the loss; null where the training has none or one label is missing.
fn weights(task: TrainingTask, counts: [usize; 2]) -> Value {
    let middle = match task {
        TrainingTask::Kto => style::middle_weight(counts),
        TrainingTask::Sft | TrainingTask::Pairs => None,
    };
    middle.map_or(Value::Null, |desirable| {
        object(vec![("desirable", desirable.into()), ("undesirable", 1.0.into())])
    })
}

fn draw(DrawFacts { wanted, pool, like_sha256, lacking }: &DrawFacts) -> Value {
    let lacking: usize = lacking.iter().map(|(_, rows)| rows).sum();
    object(vec![
        ("wanted", (*wanted).into()),
        ("pool", (*pool).into()),
        ("like_sha256", like_sha256.as_deref().into()),
        ("lacking", lacking.into()),
    ])
}

fn split_facts(split: &Split<'_>, set: &DataSet<'_>) -> Value {
    let [undesirable, desirable] = arrange::label_counts(split.examples);
    let ids = split.examples.iter().map(|example| &*example.conversation_id);
    let count = |category| split.examples.iter().filter(|row| row.category == Some(category)).count();
    let counted = Category::ALL.into_iter().filter(|_| set.has_categories());
    object(vec![
        ("path", split.path.into()),
        ("rows", split.examples.len().into()),
        ("desirable", desirable.into()),
        ("undesirable", undesirable.into()),
        ("conversations", ids.collect::<HashSet<_>>().len().into()),
        ("categories", object(counted.map(|category| (category.code(), count(category).into())).collect())),
        ("sha256", (&*split.sha256).into()),
    ])
}

fn row_checks(checks: &RowChecks) -> Value {
    object(vec![
        ("rows", checks.rows.into()),
        ("refusals", checks.refusals.into()),
        ("jailbreaks", checks.jailbreaks.into()),
        ("flagged", checks.flagged.into()),
        ("median_prompt_chars", checks.median_prompt_chars.into()),
        ("median_answer_chars", checks.median_answer_chars.into()),
    ])
}
