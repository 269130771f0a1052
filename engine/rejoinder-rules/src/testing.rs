//! The dialogue tests inside rule files. A test runs the file's own rules by the code that decides in a run.

use rejoinder_core::case::message;
use rejoinder_core::{Category, Conversation};

use crate::compile::RuleSet;
use crate::scan::Scanner;
use rejoinder_rule_files::{FactCondition, FactReading, Rule, RuleTest};

/// The result of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestResult {
    /// The rule did what the test expects.
    Passed,
    /// The rule did something else; the text says what differs.
    Failed(String),
    /// The test is marked as a known gap and still fails; the text is the author's remark.
    Todo(String),
    /// The test is marked as a known gap, but passes: the mark can go.
    TodoPassed,
}

/// A test of a rule and its result.
#[derive(Clone, Debug)]
pub struct TestReport {
    /// Id of the rule.
    pub rule: String,
    /// File of the rule.
    pub file: String,
    /// 1-based line of the test.
    pub line: usize,
    /// The result.
    pub result: TestResult,
}

/// Runs the tests of all rules of `set` that stand in `file`.
pub fn run(set: &RuleSet, file: &str) -> Vec<TestReport> {
    let mut scanner = Scanner::new(set);
    let mut reports = Vec::new();
    for (index, rule) in (0..).zip(set.rules()).filter(|(_, rule)| rule.file == file) {
        for test in rule.tests.all() {
            let outcome = check(set, &mut scanner, index, rule, test);
            let result = match (outcome, &test.todo) {
                (None, None) => TestResult::Passed,
                (None, Some(_)) => TestResult::TodoPassed,
                (Some(_), Some(remark)) => TestResult::Todo(remark.clone()),
                (Some(difference), None) => TestResult::Failed(difference),
            };
            reports.push(TestReport {
                rule: rule.id.clone(),
                file: rule.file.clone(),
                line: test.line,
                result,
            });
        }
    }
    reports
}

/// The dialogue of a test as a conversation.
///
/// # Panics
/// If a line does not begin with a role, which the schema does not let pass.
pub fn conversation(dialogue: &[String]) -> Conversation<'_> {
    let messages = dialogue.iter().map(|line| message(line).expect("the schema took the line")).collect();
    Conversation { id: "test".into(), messages }
}

/// How the rule's behaviour differs from the expectation; `None` if it does not.
fn check(
    set: &RuleSet,
    scanner: &mut Scanner<'_>,
    index: u32,
    rule: &Rule,
    test: &RuleTest,
) -> Option<String> {
    let conversation = conversation(&test.dialogue);
    let turn = conversation.messages.len() - 1;
    if !conversation.later_turns().any(|t| t == turn) {
        return Some("the last message is no later turn: no assistant message comes before it".to_owned());
    }
    scanner.begin_record(&conversation, |column| test.columns.get(column).cloned().unwrap_or_default());
    let mut hits = scanner.scan(&conversation, turn).to_vec();
    let told = |fact: &FactCondition| {
        let told = test.facts.get(&fact.name()).map(|given| given.value.clone());
        told.map_or(FactReading::Unknown, FactReading::Known)
    };
    hits.extend(set.allowed(&hits, scanner.pending(), told));
    hits.sort_by_key(|hit| hit.rule);
    let own = hits.iter().find(|h| h.rule == index);
    let text = &conversation.messages[turn].text;
    let mut differences = Vec::new();
    let mut compare = |what: &str, expected: Option<&str>, actual: &str| {
        if expected.is_some_and(|e| e != actual) {
            differences.push(format!("{what}: expected `{}`, got `{actual}`", expected.unwrap_or_default()));
        }
    };
    let expect = &test.expect;
    let wants_hit = expect.category.is_some() || expect.span.is_some();
    let route = if own.is_some() { rule.route.name() } else { "none" };
    compare(
        "route",
        expect.route.as_deref().or((wants_hit && own.is_none()).then(|| rule.route.name())),
        route,
    );
    if let Some(hit) = own {
        compare("category", expect.category.map(Category::code), rule.category.map_or("none", |c| c.code()));
        compare("span", expect.span.as_deref(), &text[hit.start as usize..hit.end as usize]);
    }
    let ids: Vec<&str> = hits.iter().map(|h| set.rule(h.rule).id.as_str()).collect();
    if let Some(expected) = &expect.hits
        && *expected != ids
    {
        differences.push(format!("hits: expected {expected:?}, got {ids:?}"));
    }
    (!differences.is_empty()).then(|| differences.join("; "))
}
