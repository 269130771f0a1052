//! A rule as its author wrote it, checked and with its regexes compiled.

use regex::Regex;
use rejoinder_core::Category;

/// What a hit of the rule leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The turn is feedback of the rule's category.
    Accept,
    /// The turn is a candidate.
    Escalate,
    /// The turn looks like feedback and is not.
    Reject,
    /// The hit only adds the rule's weight to the turn's prior.
    Score,
}

impl Route {
    /// All routes, as written in rule files.
    pub const NAMES: [&'static str; 4] = ["accept", "escalate", "reject", "score"];

    /// The name used in rule files.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Where in the turn a phrase or regex must match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum At {
    /// Anywhere.
    #[default]
    Anywhere,
    /// No word before the match.
    Start,
    /// No word after the match.
    End,
    /// No word before or after it.
    Whole,
}

impl At {
    /// All places, as written in rule files.
    pub const NAMES: [&'static str; 4] = ["anywhere", "start", "end", "whole"];
}

/// What the assistant's last answer must have done; `None` = does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PreviousAssistant {
    /// It ended with a question.
    pub ends_with_question: Option<bool>,
    /// Its opening apologised.
    pub apologises: Option<bool>,
    /// Its opening declined.
    pub refuses: Option<bool>,
    /// It stops in mid-sentence or inside a code block.
    pub cut_off: Option<bool>,
}

/// A rule: matchers (any of them must match) and conditions (all of them must hold).
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique id, such as `en.correction.not_what_i_asked`.
    pub id: String,
    /// The category that a hit stands for; always there for accept and escalate rules.
    pub category: Option<Category>,
    /// What a hit leads to.
    pub route: Route,
    /// Folded phrases, matched at word boundaries.
    pub phrases: Vec<String>,
    /// Regexes over the folded turn.
    pub regexes: Vec<Regex>,
    /// Regexes of which none may match.
    pub unless: Vec<Regex>,
    /// Where a match must stand.
    pub at: At,
    /// Greatest number of words of the turn.
    pub max_words: Option<u32>,
    /// Least similarity to an earlier user turn, in (0, 1]; 0 = off.
    pub similar_to_earlier: f32,
    /// What the last answer must have done.
    pub previous_assistant: PreviousAssistant,
    /// Log-odds that a hit adds to the prior.
    pub weight: f32,
    /// The rule's own tests.
    pub tests: Vec<RuleTest>,
    /// Name of the rule's file.
    pub file: String,
    /// 1-based line of the rule's `[[rule]]`.
    pub line: usize,
}

impl Rule {
    /// Whether the rule looks at words at all; if not, a hit spans the whole turn.
    pub fn has_matcher(&self) -> bool {
        !self.phrases.is_empty() || !self.regexes.is_empty()
    }
}

/// A dialogue and what the rule must make of its last message.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleTest {
    /// Messages as `U: …`, `A: …` or `S: …`; the last one is the user turn under test.
    pub dialogue: Vec<String>,
    /// What must come out.
    pub expect: Expect,
    /// A known gap: reported, does not fail.
    pub todo: Option<String>,
    /// 1-based line of the test.
    pub line: usize,
}

/// What a test expects; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Route of this rule's hit, `none` if it must not hit.
    pub route: Option<String>,
    /// Category of this rule's hit.
    pub category: Option<Category>,
    /// Text of this rule's hit in the original turn.
    pub span: Option<String>,
    /// Ids of all rules of the file that hit, in the file's order.
    pub hits: Option<Vec<String>>,
}
