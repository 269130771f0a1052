//! Personal data in texts that leave the program: e-mail addresses, phone numbers, IP addresses and keys.
//!
//! Detectors that others keep well find e-mail addresses (`linkify`) and phone numbers (`rlibphonenumber`, a port of the library that
//! phones use). IP addresses are what the standard library reads as such. No library for keys was good enough, so a table of the forms
//! of keys stands here (`keys`): of two that were tried one ended with a panic on a plain text, the other found 149 of 210 planted keys.

mod emails;
mod ips;
mod keys;
mod kind;
mod phones;
mod redactor;
mod rows;

pub use kind::{PersonalKind, PersonalKinds, RedactedRows};
pub use redactor::Redactor;

use std::ops::Range;

/// The character before a place and the one behind it.
fn neighbours(text: &str, found: &Range<usize>) -> [Option<char>; 2] {
    [text[..found.start].chars().next_back(), text[found.end..].chars().next()]
}

/// The last `most` bytes before a place, or a few fewer, on the same line.
fn before(text: &str, at: usize, most: usize) -> &str {
    let from = (at.saturating_sub(most)..=at).find(|&from| text.is_char_boundary(from)).unwrap_or(at);
    text[from..at].rsplit('\n').next().unwrap_or_default()
}
