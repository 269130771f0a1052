//! Warnings about rules that work, and are slow, useless or untested.

use std::ops::Range;

use rejoinder_core::fold::{Folded, is_word_boundary, is_word_char};

use crate::rule::{At, Rule};
use crate::toml_reader::Findings;

/// The codes of all warnings, for `allow`.
pub(crate) const CODES: [&str; 6] = ["W101", "W102", "W103", "W104", "W105", "W106"];

/// A literal of fewer characters stands in nearly every turn, unless its script packs words into characters.
const WEAK: usize = 3;

/// Where the parts of a rule stand in its file, in bytes.
pub(crate) struct Spans {
    pub(crate) rule: Range<usize>,
    pub(crate) phrases: Vec<Range<usize>>,
    pub(crate) regexes: Vec<Range<usize>>,
    pub(crate) tests: Vec<Range<usize>>,
}

/// Looks for what is slow, useless or untested in the sound rules of a file.
pub(crate) fn check(rules: &[(Rule, Spans)], findings: &mut Findings<'_>) {
    for (index, (rule, spans)) in rules.iter().enumerate() {
        let mut warn = |code: &'static str, span: &Range<usize>, message: String, help: &str| {
            if !rule.allow.contains(&code) {
                findings.report(code, span.clone(), message, help);
            }
        };
        speed(rule, spans, &mut warn);
        shadows(index, rules, &mut warn);
        tests(rule, spans, &mut warn);
    }
}

type Warn<'w> = dyn FnMut(&'static str, &Range<usize>, String, &str) + 'w;

fn speed(rule: &Rule, spans: &Spans, warn: &mut Warn<'_>) {
    for (regex, span) in rule.regexes.iter().zip(&spans.regexes) {
        match regex.literals() {
            None => warn(
                "W101",
                span,
                "no literal text occurs in every match: this regex runs on every turn".to_owned(),
                "spell out a word that each match holds",
            ),
            Some(set) => {
                let is_weak =
                    |l: &&String| l.is_ascii() && l.chars().filter(|c| is_word_char(*c)).count() < WEAK;
                if let Some(weak) = set.iter().find(is_weak) {
                    warn(
                        "W106",
                        span,
                        format!(
                            "the regex runs on every turn that holds `{}`, and so short a text stands in many",
                            weak.escape_debug()
                        ),
                        "spell out a longer text that each match holds, or write the alternatives as phrases",
                    );
                }
            }
        }
    }
}

/// Phrases that can never add a hit.
fn shadows(index: usize, rules: &[(Rule, Spans)], warn: &mut Warn<'_>) {
    let (rule, spans) = &rules[index];
    for (i, (phrase, span)) in rule.phrases.iter().zip(&spans.phrases).enumerate() {
        let inner = rule.phrases.iter().enumerate().find(|&(j, other)| {
            i != j && (holds(phrase, other) && rule.at == At::Anywhere || phrase == other && j < i)
        });
        if let Some((_, other)) = inner {
            warn(
                "W104",
                span,
                format!("`{other}` of the same rule matches wherever this phrase does"),
                "remove one of the two",
            );
            continue;
        }
        let by_other_rule = rules.iter().enumerate().find_map(|(j, (other, _))| {
            let marks_the_same = j != index
                && other.route == rule.route
                && other.category == rule.category
                && other.at == At::Anywhere
                && other.conditions.iter().all(|c| {
                    let c = c.to_string();
                    rule.conditions.iter().any(|own| own.to_string() == c)
                });
            let found = other.phrases.iter().find(|p| holds(phrase, p) && (*p != phrase || j < index));
            found.filter(|_| marks_the_same).map(|p| (p, other))
        });
        if let Some((inner, other)) = by_other_rule {
            warn(
                "W104",
                span,
                format!("rule `{}` hits wherever this phrase matches, by its `{inner}`", other.id),
                "remove the phrase, or give the rule another route, category or condition",
            );
        }
    }
}

/// Whether `inner` is a phrase inside the phrase `outer`, or the same.
fn holds(outer: &str, inner: &str) -> bool {
    outer
        .match_indices(inner)
        .any(|(at, _)| is_word_boundary(outer, at) && is_word_boundary(outer, at + inner.len()))
}

fn tests(rule: &Rule, spans: &Spans, warn: &mut Warn<'_>) {
    if rule.tests.is_empty() {
        warn(
            "W102",
            &spans.rule,
            "the rule has no test".to_owned(),
            "add a [[rule.test]] that hits and one that does not",
        );
        return;
    }
    if !rule.tests.iter().any(crate::rule::RuleTest::is_negative) {
        warn(
            "W103",
            &spans.rule,
            "the rule has no negative test".to_owned(),
            "add a [[rule.test]] with a dialogue that looks alike and must not hit: expect = { route = \"none\" }",
        );
    }
    let mut positive = rule.tests.iter().zip(&spans.tests).filter(|(t, _)| !t.is_negative()).peekable();
    let only_keyword = |dialogue: &[String]| {
        let turn = dialogue.last().map_or("", |m| m.strip_prefix("U:").unwrap_or(m));
        let folded = Folded::new(turn);
        let bare = folded.text().trim_matches(|c| !is_word_char(c)).replace('\n', " ");
        rule.phrases.contains(&bare)
    };
    let first = positive.peek().map(|(_, span)| (*span).clone());
    if let Some(span) = first
        && rule.at != At::Whole
        && positive.all(|(t, _)| only_keyword(&t.dialogue))
    {
        warn(
            "W105",
            &span,
            "the rule hits only a turn that is its own phrase and nothing else".to_owned(),
            "add a turn as people write it",
        );
    }
}
