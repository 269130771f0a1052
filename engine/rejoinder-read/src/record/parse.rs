//! Reads a line by the fast parser or the full one, and once more where odd tokens could be put right.

use super::error::RecordError;
use super::general::ParseFailure;
use super::value::Record;
use super::{Mapping, general, structural};
use crate::json;

impl<'a> Record<'a> {
    /// Parses a line.
    ///
    /// # Errors
    /// Why the record is set aside.
    pub fn parse(line: &'a [u8], mapping: &Mapping) -> Result<Self, RecordError> {
        let refused = match utf8(line) {
            Err(why) => ParseFailure::Syntax(why),
            Ok(text) => match structural::columns(text, mapping) {
                Some(columns) => return Ok(Self::of(columns)),
                None => match general::columns(text, mapping) {
                    Ok(columns) => return Ok(Self::of(columns)),
                    Err(refused) => refused,
                },
            },
        };
        match refused {
            ParseFailure::Content(why) => Err(why),
            ParseFailure::Syntax(why) => Self::repaired(line, mapping).unwrap_or(Err(why)),
        }
    }

    /// Parses a line after repairing its odd tokens; `None` where nothing can be repaired.
    pub(super) fn repaired(line: &[u8], mapping: &Mapping) -> Option<Result<Record<'static>, RecordError>> {
        let repaired = json::repaired(line)?;
        Some(match general::columns(&repaired.text, mapping) {
            Ok(columns) => Ok(Record { repaired: Some(repaired.what), ..Record::of(columns).into_owned() }),
            Err(ParseFailure::Syntax(why) | ParseFailure::Content(why)) => Err(why),
        })
    }
}

/// The line as text, without a byte order mark.
pub(super) fn utf8(line: &[u8]) -> Result<&str, RecordError> {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    simdutf8::basic::from_utf8(line).map_err(|_| {
        let valid = std::str::from_utf8(line).map_or_else(|e| e.valid_up_to(), str::len);
        RecordError::NotUtf8 { byte: valid }
    })
}
