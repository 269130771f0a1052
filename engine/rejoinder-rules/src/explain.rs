//! The explanation of a scan, rule by rule and condition by condition: the scan's own figures, for people to read.

use std::ops::Range;

use rejoinder_rule_files::Condition;

/// The trial of a rule on a turn.
#[derive(Clone, Debug)]
pub struct RuleTrial<'r> {
    /// Index of the rule in its set.
    pub rule: u32,
    /// What the rule's phrases and regexes found.
    pub matched: RuleMatch,
    /// Where the text that matched stands in the turn's original text, in bytes; `None` where no phrase or regex has an allowed match.
    pub words: Option<Range<u32>>,
    /// All conditions of the rule. Conditions behind one that failed are measured too.
    pub checks: Vec<ConditionCheck<'r>>,
    /// The span of the hit in the turn's original text, in bytes; `None` if the rule does not hit.
    pub hit: Option<Range<u32>>,
}

/// What a rule's phrases and regexes found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleMatch {
    /// The text that matched, and its place in the folded turn.
    Found(String, Range<usize>),
    /// The rule has neither phrases nor regexes, so the whole turn matches.
    Wordless(Range<usize>),
    /// A text matched, but stands where the rule's `at` does not allow a match.
    Misplaced(String),
    /// Nothing matched.
    Nowhere,
}

impl RuleMatch {
    /// The place in the folded turn, if there is an allowed one.
    pub(crate) const fn span(&self) -> Option<&Range<usize>> {
        match self {
            Self::Found(_, span) | Self::Wordless(span) => Some(span),
            Self::Misplaced(_) | Self::Nowhere => None,
        }
    }
}

/// The trial of a condition on a turn.
#[derive(Clone, Debug)]
pub struct ConditionCheck<'r> {
    /// The condition.
    pub condition: &'r Condition,
    /// What was measured, in words.
    pub actual: String,
    /// Whether the condition holds for it.
    pub holds: bool,
}
