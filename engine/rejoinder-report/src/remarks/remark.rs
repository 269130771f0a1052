//! A remark, and remarks as text.

use rejoinder_core::printable;
use serde::Serialize;

/// The fewest turns or answers whose distribution says something.
pub(super) const ENOUGH: u64 = 30;

/// Something that the reader of a result should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// A name of the remark for scripts, such as `set-aside`.
    pub name: &'static str,
    /// The figures, the likeliest reason, and what to do next.
    pub text: String,
}

impl Remark {
    pub(super) fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into() }
    }
}

/// Remarks for people: one a paragraph, behind a mark that nothing else of a report begins with.
pub fn text(remarks: &[Remark]) -> String {
    remarks.iter().map(|remark| format!("\n! {}\n", printable(&remark.text))).collect()
}

/// Nine tenths.
pub(super) const fn is_nearly_all(part: u64, whole: u64) -> bool {
    whole > 0 && part * 10 >= whole * 9
}
