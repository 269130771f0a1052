//! What a reply says: lenient in form, strict in substance.
//!
//! Models wrap their JSON in fences and prose, escape what needs no escape, and leave keys half-named; all these forms are
//! read. But a span counts only if the turn that it is claimed for holds it, and a text that cannot be read is no answer.

mod finding;
mod json;
mod label;
mod letters;
mod objects;
mod pattern;
mod span;
#[cfg(test)]
mod tests;

pub(crate) use finding::unverified;
pub use finding::{Finding, TurnFinding};
pub(crate) use json::{read_json, read_json_at};
pub use label::LabelProbabilities;
pub(crate) use label::{read_answer, read_label};
pub(crate) use letters::{read_letters, read_letters_at};
pub use objects::{BareClaims, ReplyClaim, bare_claims};

/// The key of an answer's pattern, as the paper names it.
pub(crate) const PATTERN: &str = "User Response Pattern";
/// The key of an answer's span, as the paper names it.
pub(crate) const TEXT: &str = "User Response Text";
/// The key that says which turn an object is about.
pub(crate) const TURN: &str = "Turn";
/// The key of an answer's letters, where a JSON schema makes the server answer with letters.
pub(crate) const LETTERS: &str = "letters";
