//! Values in one line.

use std::ops::Range;

use toml_edit::{Array, InlineTable, Key, RawString, Value};

use super::place::Place;
use super::{entries, string};

/// The text of a file, from which what stays as it stands is taken.
#[derive(Clone, Copy)]
pub(super) struct Source<'t>(pub(super) &'t str);

impl<'t> Source<'t> {
    /// The text at a place.
    pub(super) fn at(self, span: Option<Range<usize>>) -> &'t str {
        span.and_then(|span| self.0.get(span)).unwrap_or_default()
    }

    /// What stands between values.
    pub(super) fn between(self, text: Option<&RawString>) -> &'t str {
        self.at(text.and_then(RawString::span))
    }

    /// The key, dotted where it is of several parts.
    pub(super) fn path(self, keys: &[&'t Key]) -> String {
        let parts: Vec<&str> = keys.iter().map(|key| string::key(key.get(), self.at(key.span()))).collect();
        parts.join(".")
    }
}

/// The value in one line, but for strings over several lines, and tables with comments, which stay as they stand.
pub(super) fn in_one_line(value: &Value, place: Place, source: Source<'_>) -> String {
    let written = source.at(value.span());
    match (value, place) {
        (_, Place::Unknown) => written.to_owned(),
        (Value::String(text), _) => string::text(text.value(), written, place.holds_regexes()).into_owned(),
        (Value::Array(array), _) if !array_has_comment(array, source) => {
            let items: Vec<String> = array.iter().map(|item| in_one_line(item, place, source)).collect();
            format!("[{}]", items.join(", "))
        }
        (Value::InlineTable(table), _) if !table_has_comment(table, source) => {
            let entries = entries::sorted(table.get_values(), place);
            let texts: Vec<String> = entries
                .iter()
                .map(|(keys, value)| {
                    let value = in_one_line(value, entries::place_of(keys, place), source);
                    format!("{} = {value}", source.path(keys))
                })
                .collect();
            match texts.is_empty() {
                true => "{}".to_owned(),
                false => format!("{{ {} }}", texts.join(", ")),
            }
        }
        _ => written.to_owned(),
    }
}

/// Whether a comment stands somewhere inside the brackets.
pub(super) fn array_has_comment(array: &Array, source: Source<'_>) -> bool {
    is_comment(source.between(Some(array.trailing()))) || array.iter().any(|item| has_comment(item, source))
}

fn table_has_comment(table: &InlineTable, source: Source<'_>) -> bool {
    is_comment(source.between(Some(table.trailing())))
        || table.get_values().iter().any(|(keys, value)| {
            let of_keys = keys.iter().flat_map(|key| [key.leaf_decor(), key.dotted_decor()]);
            has_comment(value, source)
                || of_keys
                    .flat_map(|decor| [decor.prefix(), decor.suffix()])
                    .any(|text| is_comment(source.between(text)))
        })
}

fn has_comment(value: &Value, source: Source<'_>) -> bool {
    let decor = value.decor();
    [decor.prefix(), decor.suffix()].into_iter().any(|text| is_comment(source.between(text)))
        || match value {
            Value::Array(array) => array_has_comment(array, source),
            Value::InlineTable(table) => table_has_comment(table, source),
            _ => false,
        }
}

fn is_comment(between: &str) -> bool {
    between.contains('#')
}
