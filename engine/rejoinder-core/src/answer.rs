//! The answer to the question whether a turn holds feedback.

use crate::Category;

/// What the judge or a label says about a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The turn holds feedback of this category.
    Feedback(Category),
    /// The turn holds no feedback.
    NoFeedback,
    /// Nobody answered, or the answer says nothing of use.
    #[default]
    Unknown,
}

impl Answer {
    /// The category of feedback; `None` for a turn without feedback and for a turn that nobody answered about.
    pub const fn category(self) -> Option<Category> {
        match self {
            Self::Feedback(category) => Some(category),
            Self::NoFeedback | Self::Unknown => None,
        }
    }

    /// Whether the answer says that there is feedback or that there is none.
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

/// The answer of a reader who has decided: a category, or that there is no feedback.
impl From<Option<Category>> for Answer {
    fn from(label: Option<Category>) -> Self {
        label.map_or(Self::NoFeedback, Self::Feedback)
    }
}
