//! Warnings about rules that work, and are slow, useless or untested.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use rejoinder_core::fold::{Folded, is_word_boundary, is_word_char};

use crate::rule::{At, Rule};
use crate::toml_reader::Findings;

/// The codes of all warnings, for `allow`.
pub(crate) const CODES: [&str; 6] = ["W101", "W102", "W103", "W104", "W105", "W106"];

/// A literal of fewer characters stands in nearly every turn, unless its script packs words into characters.
const WEAK: usize = 3;

/// Where the parts of a rule stand in its file, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    pub(crate) rule: Range<usize>,
    pub(crate) phrases: Vec<Range<usize>>,
    pub(crate) regexes: Vec<Range<usize>>,
    pub(crate) tests: Vec<Range<usize>>,
}

/// Looks for what is slow, useless or untested in the sound rules of a file.
pub(crate) fn check(rules: &[Rule], spans: &[Spans], findings: &mut Findings<'_>) {
    let phrases = Phrases::of(rules);
    for (index, (rule, spans)) in rules.iter().zip(spans).enumerate() {
        let mut warn = |code: &'static str, span: &Range<usize>, message: String, help: &str| {
            if !rule.allow.contains(&code) {
                findings.report(code, span.clone(), message, help);
            }
        };
        speed(rule, spans, &mut warn);
        if let Some(phrases) = &phrases {
            shadows(index, rules, spans, phrases, &mut warn);
        }
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

/// All phrases of a file, searchable inside each other.
struct Phrases {
    automaton: AhoCorasick,
    /// Rule and place in it, by the automaton's pattern.
    owners: Vec<(usize, usize)>,
}

impl Phrases {
    /// `None` if there are none.
    fn of(rules: &[Rule]) -> Option<Self> {
        let of_rule = |(r, rule): (usize, &Rule)| (0..rule.phrases.len()).map(move |p| (r, p));
        let owners: Vec<(usize, usize)> = rules.iter().enumerate().flat_map(of_rule).collect();
        let texts = owners.iter().map(|&(rule, phrase)| &rules[rule].phrases[phrase]);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(texts).ok()?;
        (!owners.is_empty()).then_some(Self { automaton, owners })
    }

    /// The phrases that stand in `outer` at word boundaries, itself among them: rule and place.
    fn inside<'a>(&'a self, outer: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let found = self.automaton.find_overlapping_iter(outer);
        let at_boundaries =
            found.filter(|m| is_word_boundary(outer, m.start()) && is_word_boundary(outer, m.end()));
        at_boundaries.map(|m| self.owners[m.pattern().as_usize()])
    }
}

/// Phrases that can never add a hit.
fn shadows(index: usize, rules: &[Rule], spans: &Spans, phrases: &Phrases, warn: &mut Warn<'_>) {
    let rule = &rules[index];
    for (place, (phrase, span)) in rule.phrases.iter().zip(&spans.phrases).enumerate() {
        // Of two equal phrases the later one is useless.
        let adds_nothing = |&(r, p): &(usize, usize)| {
            let inner = &rules[r].phrases[p];
            if r == index {
                p != place && (inner != phrase && rule.at == At::Anywhere || inner == phrase && p < place)
            } else {
                (inner != phrase || r < index) && marks_all_that(&rules[r], rule)
            }
        };
        match phrases.inside(phrase).find(adds_nothing) {
            Some((r, p)) if r == index => warn(
                "W104",
                span,
                format!("`{}` of the same rule matches wherever this phrase does", rule.phrases[p]),
                "remove one of the two",
            ),
            Some((r, p)) => warn(
                "W104",
                span,
                format!(
                    "rule `{}` hits wherever this phrase matches, by its `{}`",
                    rules[r].id, rules[r].phrases[p]
                ),
                "remove the phrase, or give the rule another route, category or condition",
            ),
            None => {}
        }
    }
}

/// Whether `other` says the same as `rule` of every turn in which its phrase matches.
fn marks_all_that(other: &Rule, rule: &Rule) -> bool {
    let asks_no_more = || {
        let own: Vec<String> = rule.conditions.iter().map(ToString::to_string).collect();
        other.conditions.iter().all(|c| own.contains(&c.to_string()))
    };
    other.route == rule.route && other.category == rule.category && other.at == At::Anywhere && asks_no_more()
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
