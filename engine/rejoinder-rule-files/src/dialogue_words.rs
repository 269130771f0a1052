//! Words that a rule looks for in other texts of the dialogue than the turn.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pattern::Pattern;
use crate::reading::TextReading;
use crate::toml_text::{toml_list, toml_regex};

/// A part of the dialogue before a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialoguePart {
    /// The last answer of the assistant that is not blank.
    Answer,
    /// The user's earlier turns, the latest ones.
    Earlier,
}

impl DialoguePart {
    /// The part's keys for phrases, for regexes, and for regexes that must match nowhere.
    pub(crate) const fn keys(self) -> [&'static str; 3] {
        match self {
            Self::Answer => ["answer-any", "answer-regex", "answer-unless"],
            Self::Earlier => ["earlier-any", "earlier-regex", "earlier-unless"],
        }
    }
}

/// The condition that one of some phrases and regexes matches in a part of the dialogue, or that none does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DialogueWords {
    /// Where the words are looked for.
    pub part: DialoguePart,
    /// How the part is read.
    pub reading: TextReading,
    /// Whether the words must be there; if not, they must be nowhere.
    pub is_wanted: bool,
    /// Phrases, matched at word boundaries; folded where the reading is.
    pub phrases: Vec<String>,
    /// Regexes.
    pub regexes: Vec<Pattern>,
    /// The number of the condition among those of its kind in force.
    #[serde(skip)]
    pub number: u32,
}

impl DialogueWords {
    /// The keys by which the rule file says the condition, such as `answer-any, answer-regex`.
    pub fn keys(&self) -> String {
        let [any, regex, unless] = self.part.keys();
        let keys = match (self.is_wanted, self.phrases.is_empty(), self.regexes.is_empty()) {
            (false, ..) => &[unless][..],
            (true, true, _) => &[regex],
            (true, false, true) => &[any],
            (true, false, false) => &[any, regex],
        };
        keys.join(", ")
    }

    /// Whether surely the other condition does not hold where this one does: one of them wants regexes, each of which the other
    /// refuses.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        let (wanted, refused) = if self.is_wanted { (self, other) } else { (other, self) };
        let is_refused = |regex: &Pattern| refused.regexes.iter().any(|one| one.as_str() == regex.as_str());
        (self.part, self.reading) == (other.part, other.reading)
            && wanted.is_wanted
            && !refused.is_wanted
            && wanted.phrases.is_empty()
            && wanted.regexes.iter().all(is_refused)
    }
}

impl fmt::Display for DialogueWords {
    /// The condition as a rule file says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [any, regex, unless] = self.part.keys();
        let written: Vec<String> = self.regexes.iter().map(|regex| toml_regex(regex.as_str())).collect();
        let (regexes, phrases) = (written.join(", "), toml_list(&self.phrases));
        match (self.is_wanted, self.phrases.is_empty(), self.regexes.is_empty()) {
            (false, ..) => write!(f, "{unless} = [{regexes}]"),
            (true, true, _) => write!(f, "{regex} = [{regexes}]"),
            (true, false, true) => write!(f, "{any} = {phrases}"),
            (true, false, false) => write!(f, "{any} = {phrases} or {regex} = [{regexes}]"),
        }
    }
}

/// Where a condition's words stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordPlace {
    /// The index of the message.
    pub message: usize,
    /// What matched: the place of a phrase among the condition's phrases, or behind them that of a regex.
    pub words: usize,
    /// Where the words match, in bytes of the message as the condition reads it.
    pub range: std::ops::Range<usize>,
}
