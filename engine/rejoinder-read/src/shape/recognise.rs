//! Recognises the shape of the first records of a file. Every shape looks at every record; the shape with the most and surest signs is
//! taken, and the signs of all shapes are reported.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::{Format, ReadMode, SHAPES, Shape, log, messages, value};
use crate::message::{named, of_list};
use crate::record::{MESSAGES, Mapping, OTHER_MESSAGES};

/// The signs that the shapes found in the first records.
#[derive(Clone, Debug)]
pub(crate) struct Recognition {
    pub format: Format,
    /// The path to the messages, where they are not under a key of the record itself.
    pub messages: Option<String>,
    /// The reason for the shape.
    pub why: String,
    /// All shapes that found a sign, the best first.
    pub candidates: Vec<FormatCandidate>,
}

/// A shape that a file may have.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FormatCandidate {
    /// The shape's name.
    pub format: &'static str,
    /// How many of the first records have signs of the shape.
    pub records: usize,
    /// How many records were looked at.
    pub looked_at: usize,
    /// What was found in the first of these records.
    pub seen: &'static str,
}

/// Tells the shape of the first records, which `place` names in words ("the first records", "the columns").
pub(crate) fn recognise(
    records: &[Value],
    given: Option<Format>,
    mapping: &Mapping,
    place: &str,
    joins: bool,
) -> Recognition {
    let mut scored: Vec<(u32, FormatCandidate, &'static Shape)> =
        SHAPES.iter().filter_map(|shape| scored(shape, records)).collect();
    // Stable: of equals the first in the list.
    scored.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
    let candidates: Vec<FormatCandidate> = scored.iter().map(|(_, candidate, _)| candidate.clone()).collect();
    let best = scored.first().map(|(_, candidate, shape)| (of(shape), candidate.clone()));
    let path = || nested(records);
    let (format, messages, why) = match (given, best) {
        (Some(format), _) => {
            let is_plain = matches!(format.shape().read, ReadMode::Lines(_));
            let messages = path().filter(|_| is_plain && mapping.messages.is_none() && !holds_any(records));
            (format, messages, "as asked for".to_owned())
        }
        _ if mapping.messages.is_some() => (Format::JSON, None, "the mapping names the messages".to_owned()),
        _ if names_rows(records, mapping) => {
            (Format::ROWS, None, format!("{place} have the text that the mapping names, one message"))
        }
        (None, Some((format, candidate))) => (format, None, format!("{place} have {}", candidate.seen)),
        (None, None) => match path() {
            Some(path) => {
                let why = format!("{place} have a list of messages under `{path}`");
                (Format::JSON, Some(path), why)
            }
            None => (Format::JSON, None, format!("{place} have no keys of another shape")),
        },
    };
    let grows = given.is_none()
        && joins
        && format.is_direct()
        && !is_table(format)
        && grows(records, mapping, messages.as_deref());
    match grows {
        true => Recognition {
            format: Format::LOG,
            messages,
            why: format!("{why}; one record repeats the messages of another and goes on"),
            candidates,
        },
        false => Recognition { format, messages, why, candidates },
    }
}

/// Whether the shape is that of a published table, in which no record goes on from another.
fn is_table(format: Format) -> bool {
    ["lmsys", "wildchat"].contains(&format.name())
}

/// Whether the mapping names keys of the records themselves, so that each record is a message.
fn names_rows(records: &[Value], mapping: &Mapping) -> bool {
    let (Some(role), Some(content)) = (&mapping.role, &mapping.content) else { return false };
    let has =
        |record: &&Value, path: &str| record.as_object().is_some_and(|fields| named(fields, path).is_some());
    let count = records.iter().filter(|record| has(record, role) && has(record, content)).count();
    count > 0 && 2 * count >= records.len() && !holds_any(records)
}

fn of(shape: &'static Shape) -> Format {
    Format::all().find(|format| format.name() == shape.name).unwrap_or_default()
}

fn scored(shape: &'static Shape, records: &[Value]) -> Option<(u32, FormatCandidate, &'static Shape)> {
    let signs: Vec<_> = records.iter().filter_map(shape.fits).collect();
    let seen = signs.first()?.seen;
    let score = signs.iter().map(|sign| sign.weight).sum();
    Some((
        score,
        FormatCandidate { format: shape.name, records: signs.len(), looked_at: records.len(), seen },
        shape,
    ))
}

fn holds_any(records: &[Value]) -> bool {
    let keys = || MESSAGES.iter().chain(&OTHER_MESSAGES);
    records.iter().any(|record| keys().any(|key| record.get(key).is_some_and(messages::is_list)))
}

/// The first path, deeper than one key, under which most of the records hold a list of messages.
fn nested(records: &[Value]) -> Option<String> {
    const DEPTH: usize = 4;
    fn paths(value: &Value, prefix: &str, depth: usize, found: &mut Vec<String>) {
        for (key, inner) in value.as_object().into_iter().flatten().filter(|(key, _)| !key.contains('.')) {
            let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            let is_filled = inner.as_array().is_none_or(|list| !list.is_empty());
            if messages::is_list(inner) && is_filled && !inner.is_object() {
                found.push(path);
            } else if depth < DEPTH {
                paths(inner, &path, depth + 1, found);
            }
        }
    }
    let mut found = Vec::new();
    records.iter().take(4).for_each(|record| paths(record, "", 0, &mut found));
    let in_most = |path: &&String| {
        let has = |record: &&Value| {
            record.as_object().and_then(|fields| named(fields, path)).is_some_and(messages::is_list)
        };
        2 * records.iter().filter(has).count() > records.len()
    };
    // A list under one of the usual names before any other.
    let is_usual = |path: &&String| MESSAGES.contains(&path.rsplit('.').next().unwrap_or_default());
    found.iter().filter(in_most).find(is_usual).or_else(|| found.iter().find(in_most)).cloned()
}

/// Whether some of the records repeat the messages of others and go on, as logs of requests do: at least one in five.
fn grows(records: &[Value], mapping: &Mapping, path: Option<&str>) -> bool {
    let path = path.or(mapping.messages.as_deref());
    let list = |record: &Value| -> Option<Vec<Value>> {
        let fields = record.as_object()?;
        let found = match path {
            Some(path) => named(fields, path),
            None => MESSAGES.iter().chain(&OTHER_MESSAGES).find_map(|key| fields.get(*key)),
        };
        found.or_else(|| named(fields, log::request(record)?))?.as_array().cloned()
    };
    // The hash of all that was said up to each message.
    let said = |record: &Value| -> Vec<u64> {
        let all = list(record).and_then(|list| of_list(&list, mapping).ok()).unwrap_or_default();
        let counts = all.iter().filter(|one| one.role != rejoinder_core::Role::System && !one.is_blank());
        let mut hasher = DefaultHasher::new();
        let up_to = counts.map(|one| {
            (one.role as u8, one.text.trim()).hash(&mut hasher);
            hasher.finish()
        });
        up_to.collect()
    };
    let mut all: Vec<Vec<u64>> = records.iter().map(said).collect();
    // Logs are written, and mostly exported, in the order of time. The newest may come first; then more must bear it out.
    let in_order = repeated(&all);
    all.reverse();
    let newest_first = repeated(&all);
    in_order > 0 && 5 * in_order >= all.len() || newest_first > 1 && 2 * newest_first >= all.len()
}

/// The number of lists that are the beginning of a longer list after them.
fn repeated(all: &[Vec<u64>]) -> usize {
    let mut beginnings: HashSet<u64> = HashSet::new();
    let mut count = 0;
    for one in all.iter().rev() {
        if let [before @ .., whole] = one.as_slice() {
            count += usize::from(one.len() >= 2 && beginnings.contains(whole));
            beginnings.extend(before);
        }
    }
    count
}

/// Whether a value by itself is a record of some shape and no mere message, so that a list of such values is a list of records.
pub(crate) fn is_record(bytes: &[u8]) -> bool {
    let Ok(value) = value(bytes) else { return false };
    let is_message = crate::message::looks_like_message(&value) && !holds_any(std::slice::from_ref(&value));
    let signs =
        SHAPES.iter().filter(|shape| shape.name != "rows").any(|shape| (shape.fits)(&value).is_some());
    !is_message && signs
}
