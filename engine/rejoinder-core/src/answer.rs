//! What somebody who is asked about a turn says of it.

use crate::Category;

/// What the judge or a label says of a turn.
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
    /// The category of feedback; `None` for a turn without feedback and for one that nothing is known of.
    pub const fn category(self) -> Option<Category> {
        match self {
            Self::Feedback(category) => Some(category),
            Self::NoFeedback | Self::Unknown => None,
        }
    }

    /// Whether it says something.
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

/// What a reader who knows the turn says: a category, or that there is no feedback.
impl From<Option<Category>> for Answer {
    fn from(label: Option<Category>) -> Self {
        label.map_or(Self::NoFeedback, Self::Feedback)
    }
}
