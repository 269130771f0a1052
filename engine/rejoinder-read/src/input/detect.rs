//! Tells by the content what a file holds: the encoding, the container and the shape of the records.

use std::fs::File;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encoding::Encoding;
use crate::container::table::{self, Layout, Schema};
use crate::container::{Container, ElementCutter, csv_rows, cut};
use crate::record::Mapping;
use crate::shape::{Format, FormatCandidate, Recognition, is_record, recognise, unwrap_texts, value};

/// The number of bytes of the content that are looked at first, and the most where these hold no whole record.
pub(crate) const HEAD: u64 = 1 << 18;
pub(crate) const MOST: u64 = 32 << 20;
/// The number of records that are looked at.
pub(crate) const RECORDS: usize = 32;

/// What the user says about the input.
#[derive(Clone, Copy, Debug)]
pub struct InputOptions<'a> {
    /// The shape of the records; `None` to tell the shape by the content.
    pub format: Option<Format>,
    /// Names of keys.
    pub mapping: &'a Mapping,
    /// Whether records that belong together are joined.
    pub joins: bool,
}

/// How the content of a file is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadSettings {
    /// The encoding of the text.
    pub encoding: Encoding,
    /// The byte between the values of a row of CSV.
    pub delimiter: u8,
    /// The byte at which the list of records begins, where an object stands around the list or the records are lists.
    pub inside: Option<u64>,
    /// The path to the messages of a record, where they are not under a key of the record itself.
    pub messages: Option<String>,
    /// Whether records that belong together are joined.
    pub joins: bool,
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self { encoding: Encoding::Utf8, delimiter: b',', inside: None, messages: None, joins: true }
    }
}

/// Why a file is taken for what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormatEvidence {
    /// The reason in one sentence.
    pub text: String,
    /// All shapes that found a sign in the first records, the best first.
    pub candidates: Vec<FormatCandidate>,
}

/// What the content tells.
pub(crate) struct Detection {
    pub format: Format,
    pub container: Container,
    pub reading: ReadSettings,
    pub why: FormatEvidence,
    /// Whether a longer head may tell more, since this one holds no whole record.
    pub needs_more: bool,
}

impl Detection {
    fn new(container: Container, mut reading: ReadSettings, found: Recognition, where_from: &str) -> Self {
        let Recognition { format, messages, why, candidates } = found;
        let why = FormatEvidence { text: format!("{why}{where_from}"), candidates };
        reading.messages = messages;
        Self { format, container, reading, why, needs_more: false }
    }

    /// Looks at the beginning of a content. `container` is what the first bytes tell; the content ends with `head` if `is_whole`.
    pub(crate) fn at_text(
        head: &[u8],
        is_whole: bool,
        container: Container,
        encoding: Encoding,
        options: InputOptions<'_>,
    ) -> Self {
        let reading = ReadSettings { encoding, joins: options.joins, ..ReadSettings::default() };
        let of_encoding = match encoding {
            Encoding::Utf8 => "",
            Encoding::Utf16Le | Encoding::Utf16Be => "; in UTF-16",
            Encoding::Windows1252 => "; in Windows-1252 (Latin-1)",
        };
        let see = |records: &[Value], place| {
            recognise(records, options.format, options.mapping, place, options.joins)
        };
        if container == Container::Lines
            && let Some((delimiter, records)) = rows(head, is_whole, options)
        {
            let of_delimiter = match delimiter {
                b';' => "; semicolons stand between the values",
                b'\t' => "; tabs stand between the values",
                b'|' => "; bars stand between the values",
                _ => "",
            };
            let reading = ReadSettings { delimiter, ..reading };
            return Self::new(
                Container::Csv,
                reading,
                see(&records, "the columns"),
                &format!("{of_delimiter}{of_encoding}"),
            );
        }
        // An object that goes on beyond the head: a long record, or records with an object around them.
        let begins = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
        let is_cut_off = begins.first() == Some(&b'{') && ElementCutter::first_value(begins).is_none();
        let (container, inside, where_from) = match container {
            Container::Lines => {
                let cut = cut(head, is_record);
                (cut.container, cut.inside, cut.why)
            }
            other => (other, None, ""),
        };
        let records: Vec<Vec<u8>> = match container {
            Container::Lines => lines(head, is_whole),
            _ => ElementCutter::first(&head[inside.unwrap_or(0) as usize..], RECORDS, inside.is_some()),
        };
        let records: Vec<Value> = records.iter().filter_map(|record| value(record).ok()).collect();
        let reading = ReadSettings { inside, ..reading };
        let needs_more = !is_whole && (records.is_empty() || is_cut_off && inside.is_none());
        let where_from = format!("{where_from}{of_encoding}");
        Self { needs_more, ..Self::new(container, reading, see(&records, "the first records"), &where_from) }
    }

    /// Looks at the schema of a Parquet file and its first rows.
    ///
    /// # Errors
    /// If the file cannot be read, or lacks a column that its shape needs.
    pub(crate) fn at_parquet(file: &File, options: InputOptions<'_>) -> io::Result<Self> {
        let schema = Schema::read(file)?;
        let records = match Layout::projection(&schema) {
            Ok(projection) => table::first(file.try_clone()?, projection, RECORDS),
            Err(_) => Vec::new(),
        };
        let records = of_columns(records, &schema.names());
        let found = recognise(&records, options.format, options.mapping, "the columns", options.joins);
        let mut mapping = options.mapping.clone();
        mapping.messages = mapping.messages.or_else(|| found.messages.clone());
        Layout::find(&schema, found.format, &mapping)?;
        let reading = ReadSettings { joins: options.joins, ..ReadSettings::default() };
        Ok(Self::new(Container::Parquet, reading, found, ""))
    }
}

/// Rows of a table as records whose shape is to be told, under the names of all columns: those that are left out tell a shape, too.
pub(crate) fn of_columns(mut rows: Vec<Value>, names: &[String]) -> Vec<Value> {
    for row in &mut rows {
        if let Some(fields) = row.as_object_mut() {
            for name in names {
                fields.entry(name.clone()).or_insert(Value::Null);
            }
        }
        unwrap_texts(row);
    }
    rows
}

fn lines(head: &[u8], is_whole: bool) -> Vec<Vec<u8>> {
    let mut lines: Vec<&[u8]> = head.split(|&b| b == b'\n').collect();
    // The last one may be cut off.
    if !is_whole && lines.len() > 1 {
        lines.pop();
    }
    let lines = lines.into_iter().map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines.take(RECORDS).map(<[u8]>::to_vec).collect()
}

/// The delimiter and the first rows of a content that begins with a row of names; `None` if no name is known.
fn rows(head: &[u8], is_whole: bool, options: InputOptions<'_>) -> Option<(u8, Vec<Value>)> {
    let begins = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start().first();
    if matches!(begins, None | Some(b'{' | b'[')) {
        return None;
    }
    csv_rows::DELIMITERS.into_iter().find_map(|delimiter| {
        let (headers, mut records) = csv_rows::first(head, delimiter, RECORDS, is_whole);
        records.iter_mut().for_each(unwrap_texts);
        let named = [&options.mapping.messages, &options.mapping.content, &options.mapping.role];
        let is_named = named.into_iter().flatten().any(|name| headers.contains(name));
        let is_known = || !recognise(&records, None, &Mapping::default(), "", false).candidates.is_empty();
        (headers.len() > 1 && (is_named || options.format.is_some() || is_known()))
            .then_some((delimiter, records))
    })
}
