//! JSON as it comes: with tokens that are none, or printed by Python.

mod mend;
pub(crate) mod moment;
pub(crate) mod python;

pub(crate) use mend::Mended;

/// A record that is no JSON for some odd tokens, or because Python printed it, as JSON; `None` where nothing can be done.
pub(crate) fn mended(record: &[u8]) -> Option<Mended> {
    mend::mended(record).or_else(|| {
        let text = std::str::from_utf8(record).ok()?.trim();
        let is_printed = text.starts_with(['{', '[']) && text.contains('\'');
        let value = python::parsed(text).ok().filter(|_| is_printed)?;
        let is_record = value.is_object() || value.is_array();
        is_record.then(|| Mended { text: value.to_string(), what: "printed by Python, not JSON" })
    })
}
