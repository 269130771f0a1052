//! Which turns a classifier wishes to be asked about.

/// The turns that a classifier wishes to vote on. A config may say otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asks {
    /// Whatever the engine finds best.
    #[default]
    Default,
    /// Turns that a rule marked as possible feedback.
    Marked,
    /// Every user turn after an answer.
    All,
    /// Turns that meet a condition, marked by a rule or not.
    Selected(Selection),
}

/// A cheap condition on a turn, which the engine tests together with its rules.
///
/// ```
/// use rejoinder_plugin::{Asks, Selection};
/// const CANDIDATES: Asks =
///     Asks::Selected(Selection::of_phrases(&["what the hell", "for the last time"]).in_languages(&["en"]).of_words(1, 40));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub(crate) phrases: &'static [&'static str],
    pub(crate) languages: &'static [&'static str],
    pub(crate) min_words: u32,
    pub(crate) max_words: u32,
}

impl Selection {
    /// Turns of any text.
    pub const fn of_any_text() -> Self {
        Self { phrases: &[], languages: &[], min_words: 0, max_words: 0 }
    }

    /// Turns that hold one of the phrases, as a rule's `any` finds them: folded, on the borders of words. At most 1024.
    pub const fn of_phrases(phrases: &'static [&'static str]) -> Self {
        Self { phrases, ..Self::of_any_text() }
    }

    /// Of these, the turns of conversations in one of the languages, by their codes of ISO 639.
    #[must_use]
    pub const fn in_languages(self, languages: &'static [&'static str]) -> Self {
        Self { languages, ..self }
    }

    /// Of these, the turns of `min` to `max` words; a `max` of 0 is no limit.
    #[must_use]
    pub const fn of_words(self, min: u32, max: u32) -> Self {
        Self { min_words: min, max_words: max, ..self }
    }
}
