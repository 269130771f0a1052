//! What a rule made of a turn, condition by condition: the scan's own figures, for people to read.

use std::ops::Range;

use crate::condition::Condition;

/// A rule, tried on a turn.
#[derive(Clone, Debug)]
pub struct Trial<'r> {
    /// Index of the rule in its set.
    pub rule: u32,
    /// Whether its words were found.
    pub matched: Match,
    /// All its conditions; they are all measured, also behind one that failed.
    pub checks: Vec<Check<'r>>,
    /// The span of the hit in the turn's original text, in bytes; `None` if the rule does not hit.
    pub hit: Option<Range<u32>>,
}

/// What a rule's phrases and regexes found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// This text, at this place of the folded turn.
    Found(String, Range<usize>),
    /// The rule has neither phrases nor regexes: it stands for the whole turn.
    Wordless(Range<usize>),
    /// Only this text, which stands where the rule's `at` does not allow it.
    Misplaced(String),
    /// Nothing.
    Nowhere,
}

impl Match {
    /// The place in the folded turn, if there is an allowed one.
    pub(crate) const fn span(&self) -> Option<&Range<usize>> {
        match self {
            Self::Found(_, span) | Self::Wordless(span) => Some(span),
            Self::Misplaced(_) | Self::Nowhere => None,
        }
    }
}

/// A condition, tried on a turn.
#[derive(Clone, Debug)]
pub struct Check<'r> {
    /// The condition.
    pub condition: &'r Condition,
    /// What was measured, in words.
    pub actual: String,
    /// Whether the condition holds for it.
    pub holds: bool,
}
