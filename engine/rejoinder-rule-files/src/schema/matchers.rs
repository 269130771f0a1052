//! What a rule looks for in the words of a turn: phrases and regexes.

use std::ops::Range;

use rejoinder_core::fold::Folded;

use crate::lints::{ControlCharacter, TextKind};
use crate::pattern::{Pattern, PatternError};
use crate::toml_reader::{Findings, SpannedValue, Table};

/// A phrase has at most so many characters.
const LONGEST_PHRASE: usize = 1000;

/// A phrase as it is looked for; `None` if nothing stands in it.
pub fn folded_phrase(phrase: &str) -> Option<String> {
    let folded = Folded::new(phrase.trim());
    (!folded.text().is_empty()).then(|| folded.text().replace('\n', " "))
}

/// The phrases of `any`, folded, and where they stand.
pub(super) fn phrases(table: &Table<'_>, findings: &mut Findings<'_>) -> (Vec<String>, Vec<Range<usize>>) {
    let (mut phrases, mut spans) = (Vec::new(), Vec::new());
    for phrase in table.strings("any", findings).unwrap_or_default() {
        ControlCharacter::note(&phrase, TextKind::Phrase, findings);
        let length = phrase.value.chars().count();
        if length > LONGEST_PHRASE {
            findings.report(
                "R008",
                phrase.span,
                format!("a phrase has at most {LONGEST_PHRASE} characters, this one has {length}"),
                "nobody writes so much word for word: take the words that tell, as one phrase or several",
            );
            continue;
        }
        match folded_phrase(phrase.value) {
            None => {
                findings.report("R008", phrase.span, "an empty phrase would match everywhere", "remove it");
            }
            Some(folded) => {
                phrases.push(folded);
                spans.push(phrase.span);
            }
        }
    }
    (phrases, spans)
}

/// The regexes under `key`, and where they stand.
pub(super) fn regexes(
    table: &Table<'_>,
    key: &str,
    findings: &mut Findings<'_>,
) -> (Vec<Pattern>, Vec<Range<usize>>) {
    let (mut patterns, mut spans) = (Vec::new(), Vec::new());
    for source in table.strings(key, findings).unwrap_or_default() {
        ControlCharacter::note(&source, TextKind::Regex, findings);
        match Pattern::new(source.value) {
            Ok(pattern) => {
                patterns.push(pattern);
                spans.push(source.span);
            }
            Err(PatternError::Syntax(error)) => {
                let (message, inner) = describe(&error);
                let span = span_inside(&source, inner, findings.source.text);
                findings.report("R007", span, format!("invalid regex: {message}"), help(&error));
            }
            Err(PatternError::MatchesEmpty) => findings.report(
                "R008",
                source.span,
                "the regex matches the empty text, so it would hit every turn",
                "make something in it required",
            ),
            Err(PatternError::TooLarge) => findings.report(
                "R007",
                source.span,
                "the regex is too large: compiled it takes more than 1 MiB",
                "repeat less, or repeat something smaller than a class such as \\w",
            ),
        }
    }
    (patterns, spans)
}

fn describe(error: &regex_syntax::Error) -> (String, Range<usize>) {
    match error {
        regex_syntax::Error::Parse(e) => (e.kind().to_string(), e.span().start.offset..e.span().end.offset),
        regex_syntax::Error::Translate(e) => {
            (e.kind().to_string(), e.span().start.offset..e.span().end.offset)
        }
        other => (other.to_string(), 0..0),
    }
}

/// What authors who know other engines reach for, and what to use here.
fn help(error: &regex_syntax::Error) -> &'static str {
    use regex_syntax::ast::ErrorKind;
    let regex_syntax::Error::Parse(error) = error else { return "" };
    match error.kind() {
        ErrorKind::UnsupportedLookAround => "use `unless`, `at` or a condition on the dialogue instead",
        ErrorKind::UnsupportedBackreference => {
            "matching stays linear without them; `similar-to-earlier` finds repetitions"
        }
        _ => "",
    }
}

/// The place inside the file of a place inside a regex: exact where the TOML string holds no escapes.
pub(super) fn span_inside(pattern: &SpannedValue<&str>, inner: Range<usize>, text: &str) -> Range<usize> {
    let raw = &text[pattern.span.clone()];
    match raw.find(pattern.value) {
        Some(lead) if !pattern.value.is_empty() => {
            let start = pattern.span.start + lead;
            start + inner.start..start + inner.end
        }
        _ => pattern.span.clone(),
    }
}
