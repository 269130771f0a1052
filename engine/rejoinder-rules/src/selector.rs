//! Selections of turns by somebody other than the rules: their phrases share the rules' automaton, and what they select is no hit.

use rejoinder_core::language::Language;
use rejoinder_rule_files::{Condition, folded_phrase};

/// Turns that hold one of some phrases, in one of some languages, of so many words.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// The folded phrases; none: any turn with words.
    pub(crate) phrases: Vec<String>,
    pub(crate) conditions: Vec<Condition>,
}

impl Selector {
    /// Selectors of one rule set are at most so many: a turn's selections are the bits of a number.
    pub const MOST: usize = u64::BITS as usize;

    /// Turns that hold one of `phrases` on word borders (none: any turn), in one of `languages` (none: any), with at least `min_words`
    /// and at most `max_words` words (0: no limit).
    ///
    /// # Errors
    /// A phrase in which nothing stands, by its place.
    pub fn new(
        phrases: &[String],
        languages: Vec<Language>,
        min_words: u32,
        max_words: u32,
    ) -> Result<Self, usize> {
        let folded = |(place, phrase): (usize, &String)| folded_phrase(phrase).ok_or(place);
        let phrases = phrases.iter().enumerate().map(folded).collect::<Result<_, _>>()?;
        let mut conditions = Vec::new();
        conditions.extend((min_words > 0).then_some(Condition::MinWords(min_words)));
        conditions.extend((max_words > 0).then_some(Condition::MaxWords(max_words)));
        conditions.extend((!languages.is_empty()).then_some(Condition::Language(languages)));
        Ok(Self { phrases, conditions })
    }
}
