//! A rule as its author wrote it, checked and with its regexes compiled.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rejoinder_core::Category;
use serde::{Deserialize, Serialize};

use crate::column::ColumnCondition;
use crate::condition::Condition;
use crate::fact::{FactCondition, GivenFact};
use crate::guard::Guard;
use crate::named_rule::{NamedRule, Quorum};
use crate::pattern::Pattern;
use crate::reading::TextReading;

/// What a hit of the rule leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// All routes, in the order of their names.
    pub const ALL: [Self; 4] = [Self::Accept, Self::Escalate, Self::Reject, Self::Score];

    /// The names of all routes in rule files.
    pub const NAMES: [&'static str; 4] = ["accept", "escalate", "reject", "score"];

    /// The name used in rule files.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Where in the turn a phrase or regex must match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MatchPosition {
    /// Anywhere.
    #[default]
    Anywhere,
    /// No word stands before the match.
    Start,
    /// No word stands after the match.
    End,
    /// No word stands before or after the match.
    Whole,
}

impl MatchPosition {
    /// All positions, in the order of their names.
    pub const ALL: [Self; 4] = [Self::Anywhere, Self::Start, Self::End, Self::Whole];

    /// The names of all positions in rule files.
    pub const NAMES: [&'static str; 4] = ["anywhere", "start", "end", "whole"];

    /// The name used in rule files.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A rule: matchers (any of them must match) and conditions (all of them must hold).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Unique id, such as `en.correction.not_what_i_asked`.
    pub id: String,
    /// The category that a hit stands for; accept and escalate rules always have one.
    pub category: Option<Category>,
    /// What a hit leads to.
    pub route: Route,
    /// How the rule reads text: its phrases and regexes, and those of its conditions, match this form of it.
    #[serde(default, skip_serializing_if = "TextReading::is_folded")]
    pub text: TextReading,
    /// Phrases, matched at word boundaries; folded where the text is read so.
    pub phrases: Vec<String>,
    /// Regexes over the turn.
    pub regexes: Vec<Pattern>,
    /// Where a match must stand.
    pub at: MatchPosition,
    /// Conditions that must hold besides, the cheapest first.
    pub conditions: Vec<Condition>,
    /// Log-odds that a hit adds to the prior.
    pub weight: f32,
    /// Codes of warnings that the author has switched off for this rule.
    pub allow: Vec<String>,
    /// What must hold of the rule.
    #[serde(default, skip_serializing_if = "Guard::is_empty")]
    pub guard: Guard,
    /// The rule's own tests.
    #[serde(skip)]
    pub tests: RuleTests,
    /// Name of the rule's file.
    pub file: String,
    /// 1-based line of the rule's `[[rule]]`.
    pub line: usize,
}

impl Rule {
    /// Whether the rule has phrases or regexes; if not, a hit spans the whole turn.
    pub fn has_matcher(&self) -> bool {
        !self.phrases.is_empty() || !self.regexes.is_empty()
    }

    /// The conditions on what plugins tell, which stand behind all others.
    pub fn facts(&self) -> impl Iterator<Item = &FactCondition> {
        self.conditions.iter().rev().map_while(|condition| match condition {
            Condition::Fact(fact) => Some(fact),
            _ => None,
        })
    }

    /// Whether no test of the rule is done: there is none, or each is marked as a known gap.
    pub fn is_untested(&self) -> bool {
        self.tests.all().iter().all(RuleTest::is_todo)
    }

    /// The conditions on what other rules find, which stand before all others.
    pub fn builds_on(&self) -> impl Iterator<Item = (Quorum, &[NamedRule])> {
        self.conditions.iter().map_while(|condition| match condition {
            Condition::Rules(quorum, rules) => Some((*quorum, rules.as_slice())),
            _ => None,
        })
    }

    /// The conditions on metadata columns.
    pub fn columns(&self) -> impl Iterator<Item = &ColumnCondition> {
        self.conditions.iter().filter_map(|condition| match condition {
            Condition::Column(column) => Some(column),
            _ => None,
        })
    }

    /// The regexes as their author wrote them.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.regexes.iter().map(Pattern::as_str)
    }
}

/// The tests of a rule. A run does not look at them, so those of a stored file are read when somebody does.
#[derive(Clone, Debug)]
pub struct RuleTests(TestSource);

#[derive(Clone, Debug)]
enum TestSource {
    Written(Vec<RuleTest>),
    /// The tests of all rules of a file, and the place of the rule.
    Stored(Arc<StoredTests>, usize),
}

impl RuleTests {
    /// The tests, in the order of the file.
    ///
    /// # Panics
    /// If the tests were stored, and the text is not what was stored.
    pub fn all(&self) -> &[RuleTest] {
        match &self.0 {
            TestSource::Written(tests) => tests,
            TestSource::Stored(file, rule) => &file.read()[*rule],
        }
    }

    /// The tests of the rule at place `rule` of a stored file.
    pub(crate) const fn stored(file: Arc<StoredTests>, rule: usize) -> Self {
        Self(TestSource::Stored(file, rule))
    }
}

impl Default for RuleTests {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<RuleTest>> for RuleTests {
    fn from(tests: Vec<RuleTest>) -> Self {
        Self(TestSource::Written(tests))
    }
}

/// The tests of a file's rules, as they were stored.
#[derive(Debug)]
pub(crate) struct StoredTests {
    json: &'static str,
    read: OnceLock<Vec<Vec<RuleTest>>>,
}

impl StoredTests {
    /// Tests that [`serde_json`] wrote, rule by rule.
    pub(crate) const fn new(json: &'static str) -> Self {
        Self { json, read: OnceLock::new() }
    }

    fn read(&self) -> &[Vec<RuleTest>] {
        self.read.get_or_init(|| serde_json::from_str(self.json).expect("the tests were stored by the build"))
    }
}

/// A test of a rule: a dialogue, and what must come out for its last message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleTest {
    /// Messages as `U: …`, `A: …` or `S: …`; the last one is the user turn under test.
    pub dialogue: Vec<String>,
    /// The columns of the dialogue's record, by their names, each with its values as text; it has no others.
    #[serde(default)]
    pub columns: BTreeMap<String, Vec<String>>,
    /// What plugins tell of the last message, by the names of the facts; all others are unknown.
    #[serde(default)]
    pub facts: BTreeMap<String, GivenFact>,
    /// The expected result.
    pub expect: Expectation,
    /// The author's remark on a known gap; a test with one is reported and does not fail.
    pub todo: Option<String>,
    /// 1-based line of the test.
    pub line: usize,
}

impl RuleTest {
    /// Whether the test is marked as a known gap.
    pub const fn is_todo(&self) -> bool {
        self.todo.is_some()
    }

    /// Whether the rule, which the test stands beside, must not hit.
    pub fn is_negative(&self, rule: &str) -> bool {
        let is_left_out = |hits: &Vec<String>| !hits.iter().any(|hit| hit == rule);
        self.expect.route.as_deref() == Some("none") || self.expect.hits.as_ref().is_some_and(is_left_out)
    }
}

/// The result that a test expects; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// Route of this rule's hit; `none` if the rule must not hit.
    pub route: Option<String>,
    /// Category of this rule's hit.
    pub category: Option<Category>,
    /// Text of this rule's hit in the original turn.
    pub span: Option<String>,
    /// Ids of all rules that hit, in their order: those of the file and of the packs that the file extends.
    pub hits: Option<Vec<String>>,
}
