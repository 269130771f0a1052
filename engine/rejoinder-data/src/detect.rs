//! What a file holds, told by its content: the keys of its first records, and how they stand in it.

use std::fs::File;
use std::io;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::csv_rows;
use crate::elements::Elements;
use crate::format::{Container, Format};
use crate::record::Mapping;
use crate::table::{Layout, Schema};

/// So much of a file is looked at, in bytes of its content.
pub(crate) const HEAD: u64 = 1 << 18;
/// So many records of it.
const RECORDS: usize = 16;

/// What was found.
pub(crate) struct Detected {
    pub format: Format,
    pub container: Container,
    /// Why, for people.
    pub why: String,
}

/// Looks at the beginning of a file's content, which is in `container` as far as its first bytes tell.
pub(crate) fn of_json(
    head: &[u8],
    container: Container,
    given: Option<Format>,
    mapping: &Mapping,
) -> Detected {
    let columns = if container == Container::Lines { columns(head, mapping) } else { Vec::new() };
    if !columns.is_empty() {
        let (format, why) = settle(told_by(&columns), given, mapping, "the columns");
        return Detected { format, container: Container::Csv, why };
    }
    let (container, where_from) = match container {
        Container::Lines => held_by(head),
        other => (other, ""),
    };
    let records: Vec<Vec<u8>> = match container {
        Container::Lines => head
            .split(|&b| b == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
            .take(RECORDS)
            .map(<[u8]>::to_vec)
            .collect(),
        _ => Elements::first(head, RECORDS),
    };
    let known = records.iter().find_map(|record| told_by(&keys(record)));
    let (format, why) = settle(known, given, mapping, "the first records");
    Detected { format, container, why: format!("{why}{where_from}") }
}

/// Looks at the schema of a Parquet file.
///
/// # Errors
/// If it cannot be read, or a column is missing that its shape needs.
pub(crate) fn of_parquet(file: &File, given: Option<Format>, mapping: &Mapping) -> io::Result<Detected> {
    let schema = Schema::read(file)?;
    let (format, why) = settle(told_by(&schema.names()), given, mapping, "the columns");
    Layout::find(&schema, format, mapping)?;
    Ok(Detected { format, container: Container::Parquet, why })
}

fn settle(
    known: Option<(Format, &'static str)>,
    given: Option<Format>,
    mapping: &Mapping,
    place: &str,
) -> (Format, String) {
    match (given, known) {
        (Some(format), _) => (format, "as asked for".to_owned()),
        _ if mapping.messages.is_some() => (Format::Json, "the mapping names the messages".to_owned()),
        (None, Some((format, key))) => (format, format!("{place} have {key}")),
        (None, None) => (Format::Json, format!("{place} have no keys of another shape")),
    }
}

/// The columns of content that begins with a row of names, some of which are known; else none.
fn columns(head: &[u8], mapping: &Mapping) -> Vec<String> {
    let begins = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start().first();
    if matches!(begins, None | Some(b'{' | b'[')) {
        return Vec::new();
    }
    let mut columns = csv_rows::headers(head);
    let is_named = mapping.messages.as_ref().is_some_and(|name| columns.contains(name));
    if columns.len() < 2 || !(is_named || told_by(&columns).is_some()) {
        columns.clear();
    }
    columns
}

/// Whether content that is no archive keeps to lines, and if not, why.
fn held_by(head: &[u8]) -> (Container, &'static str) {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let line = head.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii_end();
    match (line.first(), line.last()) {
        (Some(b'['), _) => (Container::Array, "; it begins with ["),
        (Some(b'{'), Some(b'{' | b',' | b'[')) if line.len() < head.len() => {
            (Container::Array, "; the first record goes over several lines")
        }
        _ => (Container::Lines, ""),
    }
}

/// The shape that has these keys, and which of them tell it.
fn told_by(keys: &[String]) -> Option<(Format, &'static str)> {
    let has = |key: &str| keys.iter().any(|k| k == key);
    let begins = |prefix: &str| keys.iter().any(|k| k.starts_with(prefix));
    let of_trace =
        ["trace_id", "traceId", "session_id", "sessionId", "project_id", "projectId", "observations"];
    Some(match () {
        () if has("mapping") && (has("current_node") || has("title")) => {
            (Format::Chatgpt, "`mapping` and `current_node`")
        }
        () if has("conversation_a") || has("response_a") => {
            (Format::Arena, "`conversation_a` or `response_a`")
        }
        () if has("message_tree_id") || has("message_id") && has("parent_id") => {
            (Format::Oasst, "`message_tree_id` or `parent_id`")
        }
        () if has("thread_id") && has("thread") => (Format::Oasst, "`thread_id` and `thread`"),
        () if has("resourceSpans") || has("resource_spans") || has("spans") => (Format::Spans, "spans"),
        () if has("attributes") && (has("context") || has("span_id") || has("spanId")) => {
            (Format::Spans, "`attributes` of a span")
        }
        () if begins("attributes.") || begins("llm.input_messages") || begins("gen_ai.") => {
            (Format::Spans, "attributes of a span")
        }
        () if has("conversations") => (Format::Sharegpt, "`conversations`"),
        () if has("conversation_hash") && has("conversation") => (Format::Wildchat, "`conversation_hash`"),
        () if has("conversation") && has("openai_moderation") => (Format::Lmsys, "`openai_moderation`"),
        () if has("conversation") => (Format::Json, "`conversation`"),
        () if has("messages") => (Format::Openai, "`messages`"),
        () if has("input") && has("output") && of_trace.iter().any(|key| has(key)) => {
            (Format::Langfuse, "`input` and `output` of a trace")
        }
        () => return None,
    })
}

/// The keys of a JSON object, as far as it goes.
fn keys(record: &[u8]) -> Vec<String> {
    let mut keys = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(record);
    // What is broken in it is told where it is read.
    let _ = KeysSeed(&mut keys).deserialize(&mut json);
    keys
}

struct KeysSeed<'k>(&'k mut Vec<String>);

impl<'de> DeserializeSeed<'de> for KeysSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for KeysSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key()? {
            self.0.push(key);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}
