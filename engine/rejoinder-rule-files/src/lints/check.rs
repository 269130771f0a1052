//! All warnings about one file.

use std::ops::Range;

use rejoinder_core::fold::is_word_char;
use rejoinder_core::printable;

use super::control_characters::{self, ControlCharacter};
use super::lists::FileLists;
use super::shadows::Shadows;
use super::{cancelled, lists, tests_of_rules};
use crate::named_rule::{NamedRule, POINTLESS_NAME, pointless_names};
use crate::rule::Rule;
use crate::toml_reader::Findings;
use crate::unfoldable::Unfoldable;

/// A condition on a fact always holds, by what the plugin declares of the fact.
pub(crate) const ALWAYS_HOLDS: &str = "W107";
/// Two conditions on a fact never hold together.
const CONTRADICTION: &str = "W108";
/// A regex asks for capitals, though folded text has none.
const CAPITALS: &str = "W110";
/// A regex asks for what folding leaves nowhere.
const UNFOLDABLE: &str = "W117";

/// A literal of fewer characters stands in nearly every turn, unless its script packs words into characters.
const WEAK: usize = 3;

/// Where the parts of a rule stand in its file, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    pub(crate) rule: Range<usize>,
    pub(crate) phrases: Vec<Range<usize>>,
    /// How many of the phrases, the first ones, stand in lists, which have warnings of their own.
    pub(crate) listed: usize,
    /// What asks for capitals in the rule's regexes, those of its conditions too, though its text is folded.
    pub(crate) capitals: Vec<Range<usize>>,
    /// Those of the rule's regexes, and of its conditions', that never match, though the rule is sound.
    pub(crate) unfoldable: Vec<(Range<usize>, Unfoldable)>,
    pub(crate) regexes: Vec<Range<usize>>,
    pub(crate) unless: Vec<Range<usize>>,
    pub(crate) tests: Vec<Range<usize>>,
    /// Control characters that escapes in the rule's phrases and regexes stand for.
    pub(crate) controls: Vec<ControlCharacter>,
}

/// Takes a warning: code, place, message, advice.
pub(super) type Warn<'w> = dyn FnMut(&'static str, &Range<usize>, String, &str) + 'w;

/// Looks for what is slow, useless or untested in the sound rules of a file and in its lists, and for what comes easily and is not meant.
pub(crate) fn check(rules: &[Rule], spans: &[Spans], lists: &FileLists, findings: &mut Findings<'_>) {
    lists::check(lists, findings);
    let all: Vec<&Rule> = rules.iter().collect();
    let shadows = Shadows::of(&all);
    for (index, (rule, spans)) in rules.iter().zip(spans).enumerate() {
        let text = findings.source.text;
        let mut warn = |code: &'static str, span: &Range<usize>, message: String, help: &str| {
            if !rule.allow.iter().any(|allowed| allowed == code) {
                findings.report(code, span.clone(), message, help);
            }
        };
        speed(rule, spans, &mut warn);
        for span in &spans.capitals {
            capitals(span, text, &mut warn);
        }
        for (span, why) in &spans.unfoldable {
            let message = format!("the regex never matches: folded text never holds {}", why.name());
            warn(UNFOLDABLE, span, message, &why.advice());
        }
        contradictions(rule, spans, &mut warn);
        control_characters::check(&spans.controls, text, &mut warn);
        cancelled::check(rule, spans, &mut warn);
        shadows.check(index, spans, &mut warn);
        tests_of_rules::check(rule, spans, &mut warn);
        if !rule.allow.iter().any(|allowed| allowed == POINTLESS_NAME) {
            let help = "take the name out where it changes nothing";
            let finding = |(name, message): (&NamedRule, String)| {
                name.finding(POINTLESS_NAME, &rule.file, message, help)
            };
            findings.list.extend(pointless_names(rule).into_iter().map(finding));
        }
    }
}

fn speed(rule: &Rule, spans: &Spans, warn: &mut Warn<'_>) {
    // What a regex waits for that holds a control character says nothing of the regex that was meant.
    let is_meant = |span: &Range<usize>| !spans.controls.iter().any(|found| found.stands_in(span));
    for (regex, span) in rule.regexes.iter().zip(&spans.regexes).filter(|(_, span)| is_meant(span)) {
        match regex.literals() {
            None => warn(
                "W101",
                span,
                "no literal text occurs in every match: this regex runs on every turn".to_owned(),
                "spell out a word that each match holds",
            ),
            Some(mut set) => {
                let is_weak =
                    |l: &&str| l.is_ascii() && l.chars().filter(|c| is_word_char(*c)).count() < WEAK;
                if let Some(weak) = set.find(is_weak) {
                    warn(
                        "W106",
                        span,
                        format!(
                            "the regex runs on every turn that holds `{}`, and so short a text stands in many",
                            printable(weak)
                        ),
                        "spell out a longer text that each match holds, or write the alternatives as phrases",
                    );
                }
            }
        }
    }
}

fn capitals(span: &Range<usize>, text: &str, warn: &mut Warn<'_>) {
    let asked = printable(text.get(span.clone()).unwrap_or_default());
    let message = format!(
        "text is folded to small letters and case is ignored, so `{asked}` does not ask for capitals: `[A-Z]{{4,}}` matches \"hello\""
    );
    let help = "say text = \"as-written\" in the rule, which then matches the text as it stands, or write small letters";
    warn(CAPITALS, span, message, help);
}

fn contradictions(rule: &Rule, spans: &Spans, warn: &mut Warn<'_>) {
    let facts: Vec<_> = rule.facts().collect();
    for (place, one) in facts.iter().enumerate() {
        if let Some(other) = facts[place + 1..].iter().find(|other| one.excludes(other)) {
            let message = format!("the rule never hits: `{other}` and `{one}` never hold together");
            warn(CONTRADICTION, &spans.rule, message, "leave one of the two conditions out");
        }
    }
}
