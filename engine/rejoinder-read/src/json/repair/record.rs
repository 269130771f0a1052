//! A record as JSON that strict parsers take.

use super::tokens;
use crate::json::python;

/// A record that strict JSON takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repaired {
    pub text: String,
    /// The first oddity that was repaired, in plain words.
    pub what: &'static str,
}

/// Repairs a record that is no JSON for some odd tokens, or because Python printed the record; `None` where that is not enough.
pub(crate) fn repaired(record: &[u8]) -> Option<Repaired> {
    tokens::repaired(record).or_else(|| {
        let text = std::str::from_utf8(record).ok()?.trim();
        let is_printed = text.starts_with(['{', '[']) && text.contains('\'');
        let value = python::parsed(text).ok().filter(|_| is_printed)?;
        let is_record = value.is_object() || value.is_array();
        is_record.then(|| Repaired { text: value.to_string(), what: "printed by Python, not JSON" })
    })
}
