//! The numbers by which files call the categories.

use rejoinder_core::{Answer, Category};

/// Which numbers a file calls the categories by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoryNumbering {
    /// Those of arXiv 2407.10944.
    Paper,
    /// Those of Petrak et al. 2023, one higher; UR1 is there to ignore the error and go on. Old copies of the paper's data
    /// set use them, with UR6 for praise.
    Petrak,
}

impl CategoryNumbering {
    /// What a file's code says of a turn; `None` if the numbering has no such code.
    pub(super) fn answer(self, code: &str) -> Option<Answer> {
        let number: u8 = code.trim().strip_prefix("UR")?.parse().ok()?;
        match (self, number) {
            (Self::Paper, _) => Category::from_number(number).map(Answer::Feedback),
            (Self::Petrak, 1) => Some(Answer::NoFeedback),
            (Self::Petrak, _) => Category::from_number(number.checked_sub(1)?).map(Answer::Feedback),
        }
    }
}
