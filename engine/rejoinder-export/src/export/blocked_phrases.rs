//! A list of phrases that no example may hold: slurs, jailbreaks, watermarks.

use std::error::Error;
use std::fmt;

use aho_corasick::{AhoCorasick, BuildError};
use rejoinder_core::fold::{Folded, is_word_boundary};

/// Phrases to search for, in any case, width and white space.
#[derive(Clone, Debug)]
pub struct BlockedPhrases {
    automaton: AhoCorasick,
    count: usize,
}

impl BlockedPhrases {
    /// Reads a list of phrases, one a line. Blank lines are ignored.
    ///
    /// # Errors
    /// If there is no phrase, or there are too many to search for.
    pub fn new(lines: &str) -> Result<Self, PhraseError> {
        let fold = |line: &str| Folded::new(line).text().trim_end().to_owned();
        let phrases: Vec<String> = lines.lines().map(fold).filter(|phrase| !phrase.is_empty()).collect();
        if phrases.is_empty() {
            return Err(PhraseError::Empty);
        }
        let automaton = AhoCorasick::new(&phrases).map_err(PhraseError::TooMany)?;
        Ok(Self { automaton, count: phrases.len() })
    }

    /// The number of phrases.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Whether one of the phrases occurs in `text`, as whole words.
    pub fn occur_in(&self, text: &str) -> bool {
        let folded = Folded::new(text);
        let text = folded.text();
        let is_whole =
            |at: std::ops::Range<usize>| is_word_boundary(text, at.start) && is_word_boundary(text, at.end);
        self.automaton.find_overlapping_iter(text).any(|found| is_whole(found.range()))
    }
}

/// Why a list of phrases cannot be searched for.
#[derive(Clone, Debug)]
pub enum PhraseError {
    /// The list holds no phrase.
    Empty,
    /// The phrases are too many or too long.
    TooMany(BuildError),
}

impl fmt::Display for PhraseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it holds no phrase"),
            Self::TooMany(error) => error.fmt(f),
        }
    }
}

impl Error for PhraseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_as_whole_words_in_any_spelling() {
        let phrases = BlockedPhrases::new("\nDo Anything  now\nass\n禁止\n").unwrap();
        assert_eq!(phrases.count(), 3);
        for yes in ["You can do\tanything NOW!", "an ass.", "这是禁止的"] {
            assert!(phrases.occur_in(yes), "{yes}");
        }
        for no in ["do anything nowadays", "class assignment", ""] {
            assert!(!phrases.occur_in(no), "{no}");
        }
        assert!(BlockedPhrases::new(" \n\n").is_err());
    }
}
