//! A suggested rule as a rule file says it, with tests that were invented and really pass.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoinder_core::printable;
use rejoinder_rules::testing::{self, TestResult};
use rejoinder_rules::{Pack, RuleSet};

use super::invented::{Dialogue, neighbours, openings};
use super::suggest::SuggestedRule;

/// Why a test is left to a person.
pub const TODO: &str = "a person has to write this one: no invented dialogue meets the conditions";
/// Most dialogues that are tried for one rule.
const MOST_TRIED: usize = 4_000;

/// The beginning of a rule file whose rules build on those of other packs.
pub fn file_head(extends: &[String]) -> String {
    let mut head = "format = 1\n".to_owned();
    if !extends.is_empty() {
        let _ = writeln!(head, "extends = {}", list(extends));
    }
    head
}

/// The keys of a rule, without its tests.
pub fn rule_keys(rule: &SuggestedRule, id: &str) -> String {
    let (route, _) = rule.verdict.names();
    let mut keys = format!("[[rule]]\nid = \"{id}\"\n");
    if let Some(category) = rule.category {
        let _ = writeln!(keys, "category = \"{}\"", category.code());
    }
    let _ = writeln!(keys, "route = \"{route}\"");
    if !rule.phrases.is_empty() {
        let _ = writeln!(keys, "any = {}", list(&rule.phrases));
    }
    if !rule.phrases.is_empty() && rule.place.name() != "anywhere" {
        let _ = writeln!(keys, "at = \"{}\"", rule.place.name());
    }
    if !rule.pool.is_empty() {
        let _ = writeln!(keys, "any-of = {}", list(&rule.pool));
    }
    if !rule.bases.is_empty() {
        let _ = writeln!(keys, "all-of = {}", list(&rule.bases));
    }
    let mut tables: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for condition in &rule.conditions {
        match condition.key.split_once('.') {
            Some((table, key)) => {
                tables.entry(table).or_default().push(format!("{key} = {}", condition.value));
            }
            None => {
                let _ = writeln!(keys, "{condition}");
            }
        }
    }
    for (table, entries) in tables {
        let _ = writeln!(keys, "{table} = {{ {} }}", entries.join(", "));
    }
    keys
}

/// The tests of a rule: a dialogue that it hits and one that looks alike and that it does not hit, both invented and tried; or tests that a
/// person has to write. `known` are dialogues of the tests of the rules that it builds on.
pub fn invented_tests(rule: &SuggestedRule, extends: &[String], known: &[Vec<String>]) -> String {
    let text = format!("{}\n{}", file_head(extends), rule_keys(rule, "suggested"));
    let pack = Pack::new("suggested", "suggested", &text);
    let tried = Pack::compile(Pack::with_extended(pack, &[]), &[]).ok().map(|set| tried(&set, rule, known));
    let (hit, missed) = tried.unwrap_or_default();
    let (route, _) = rule.verdict.names();
    let mut tests = String::new();
    match &hit {
        Some(dialogue) => test(&mut tests, dialogue, route, None),
        None => test(&mut tests, &openings()[0], route, Some(TODO)),
    }
    match &missed {
        Some(dialogue) => test(&mut tests, dialogue, "none", None),
        None => test(&mut tests, &openings()[0], "none", None),
    }
    tests
}

/// A dialogue that the rule hits, and one near it that the rule does not hit.
fn tried(set: &RuleSet, rule: &SuggestedRule, known: &[Vec<String>]) -> (Option<Dialogue>, Option<Dialogue>) {
    let mut scanner = rejoinder_rules::Scanner::new(set);
    let mut hits = |dialogue: &Dialogue| {
        let conversation = testing::conversation(dialogue);
        let turn = conversation.messages.len() - 1;
        scanner.begin(&conversation);
        scanner.scan(&conversation, turn).iter().any(|hit| set.rule(hit.rule).id == "suggested")
    };
    let candidates: Vec<Dialogue> =
        known.iter().cloned().chain(neighbours(&rule.phrases, known)).take(MOST_TRIED).collect();
    let hit = candidates.iter().find(|dialogue| hits(dialogue)).cloned();
    // What looks most alike: the same turn after another answer, else the nearest in the list.
    let turn_of = |dialogue: &Dialogue| dialogue.last().cloned();
    let same = |dialogue: &&Dialogue| hit.as_ref().is_some_and(|hit| turn_of(hit) == turn_of(dialogue));
    let missed = candidates.iter().filter(same).find(|dialogue| !hits(dialogue)).cloned();
    let missed = missed.or_else(|| openings().into_iter().find(|dialogue| !hits(dialogue)));
    (hit, missed)
}

fn test(tests: &mut String, dialogue: &[String], route: &str, todo: Option<&str>) {
    let _ = writeln!(tests, "\n  [[rule.test]]\n  dialogue = {}", list(dialogue));
    let _ = writeln!(tests, "  expect = {{ route = \"{route}\" }}");
    if let Some(todo) = todo {
        let _ = writeln!(tests, "  todo = \"{todo}\"");
    }
}

/// How many tests of a rule file pass, and how many are left to a person.
///
/// # Errors
/// What is wrong with a test that fails, or with the file.
pub fn verify(text: &str) -> Result<(usize, usize), String> {
    let pack = Pack::new("suggested", "suggested", text);
    let set = Pack::compile(Pack::with_extended(pack, &[]), &[]).map_err(|why| why.to_string())?;
    let (mut passed, mut todo) = (0, 0);
    for report in testing::run(&set, "suggested") {
        match report.result {
            TestResult::Passed => passed += 1,
            TestResult::Failed(why) => return Err(format!("{}: {why}", report.rule)),
            TestResult::Todo(_) | TestResult::TodoPassed => todo += 1,
        }
    }
    Ok((passed, todo))
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    let line = format!("[{}]", quoted.join(", "));
    if line.len() <= 100 || texts.len() < 2 {
        return line;
    }
    format!("[\n{}]", quoted.iter().map(|text| format!("  {text},\n")).collect::<String>())
}

/// A text as a basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() || printable(c.encode_utf8(&mut [0; 4])) != c.to_string() => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
