//! What holds the records of a file, and how they are cut out of it.

pub(crate) mod array;
pub(crate) mod csv_rows;
mod elements;
pub(crate) mod lines;
pub(crate) mod table;
pub(crate) mod window;

pub(crate) use elements::Elements;

use serde::{Deserialize, Serialize};

/// What holds the records of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// A record a line.
    #[default]
    Lines,
    /// JSON that does not keep to lines: an array of records, or records over several lines.
    Array,
    /// Files of JSON arrays in a zip archive.
    Zip,
    /// A record a row.
    Parquet,
    /// A record a row, under a row of names.
    Csv,
}

impl Container {
    /// What it is, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Lines => "a JSON record a line",
            Self::Array => "JSON records in an array or over several lines",
            Self::Zip => "JSON arrays in a zip archive",
            Self::Parquet => "Parquet",
            Self::Csv => "CSV",
        }
    }
}

/// How JSON text is cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub container: Container,
    /// Where the list begins whose elements are the records, if they stand in an object that wraps them, or are lists.
    pub inside: Option<u64>,
    /// Why, for people.
    pub why: &'static str,
}

/// How a content that begins with `head`, and is no archive, is to be cut. `is_record` tells whether a value of it is
/// a record by itself.
pub(crate) fn cut(head: &[u8], is_record: impl Fn(&[u8]) -> bool) -> Cut {
    let of = |container, inside, why| Cut { container, inside, why };
    let start = head.len() - head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start().len();
    let text = &head[start..];
    let line = text.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii_end();
    // The first value, and what comes after it.
    let first = Elements::first_value(text);
    let rest = first.map_or(&[][..], |end| text[end..].trim_ascii_start());
    let is_one_line = first.is_some_and(|end| end <= line.len());
    match text.first() {
        Some(b'[') if is_one_line && matches!(rest.first(), Some(b'[' | b'{')) => {
            of(Container::Lines, None, "; a list a line")
        }
        Some(b'[') => {
            let within = start + 1;
            let inner = head[within..].trim_ascii_start();
            match inner.first() {
                Some(b'[') => of(Container::Array, Some(within as u64), "; a list of lists"),
                _ => of(Container::Array, None, "; it begins with ["),
            }
        }
        Some(b'{') => {
            let whole = first.map(|end| &text[..end]);
            let is_alone = rest.is_empty() && !whole.is_some_and(&is_record);
            if is_alone && let Some(inside) = wrapped(text, &is_record) {
                return of(
                    Container::Array,
                    Some((start + inside) as u64),
                    "; the records stand in an object around them",
                );
            }
            let is_open = matches!(line.last(), Some(b'{' | b',' | b'['));
            match whole.is_some_and(|whole| whole.contains(&b'\n')) || is_open && line.len() < text.len() {
                true => of(Container::Array, None, "; the first record goes over several lines"),
                false => of(Container::Lines, None, ""),
            }
        }
        _ => of(Container::Lines, None, ""),
    }
}

/// Where in an object a list of records begins, one past its bracket: the first list, however deep in objects, whose
/// first element is a record.
fn wrapped(text: &[u8], is_record: impl Fn(&[u8]) -> bool) -> Option<usize> {
    const DEPTH: usize = 4;
    let (mut at, mut depth, mut in_string) = (0, 0_usize, false);
    while at < text.len() {
        match text[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'[' => {
                let inner = &text[at + 1..];
                let skipped = inner.len() - inner.trim_ascii_start().len();
                if let Some(end) = Elements::first_value(&inner[skipped..])
                    && depth <= DEPTH
                    && is_record(&inner[skipped..skipped + end])
                {
                    return Some(at + 1);
                }
                // Passes over a list of something else.
                at += Elements::first_value(&text[at..])?;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}
