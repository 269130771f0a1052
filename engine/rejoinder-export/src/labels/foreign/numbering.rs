//! The numbers by which files call the categories.

use rejoinder_core::{Answer, Category};

/// The numbering of the categories in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoryNumbering {
    /// The numbering of arXiv 2407.10944.
    Paper,
    /// The numbering of Petrak et al. 2023, which is one higher: UR1 means to ignore the error and go on. Old copies of the paper's
    /// data set use this numbering, with UR6 for praise.
    Petrak,
}

impl CategoryNumbering {
    /// The numbering that this one may have been mistaken for.
    pub const fn other(self) -> Self {
        match self {
            Self::Paper => Self::Petrak,
            Self::Petrak => Self::Paper,
        }
    }

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
