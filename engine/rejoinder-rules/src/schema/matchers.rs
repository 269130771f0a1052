//! What a rule looks for in the words of a turn: phrases and regexes.

use std::ops::Range;

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use rejoinder_core::fold::Folded;

use crate::toml_reader::{At, Findings, Table};

/// The phrases of `any`, folded, and where they stand.
pub(super) fn phrases(table: &Table<'_>, findings: &mut Findings<'_>) -> (Vec<String>, Vec<Range<usize>>) {
    let (mut phrases, mut spans) = (Vec::new(), Vec::new());
    for phrase in table.strings("any", findings).unwrap_or_default() {
        let folded = Folded::new(phrase.value.trim());
        if folded.text().is_empty() {
            findings.report("R008", phrase.span, "an empty phrase would match everywhere", "remove it");
        } else {
            phrases.push(folded.text().replace('\n', " "));
            spans.push(phrase.span);
        }
    }
    (phrases, spans)
}

/// The regexes under `key`, compiled, and where they stand.
pub(super) fn regexes(
    table: &Table<'_>,
    key: &str,
    findings: &mut Findings<'_>,
) -> (Vec<Regex>, Vec<Range<usize>>) {
    let (mut regexes, mut spans) = (Vec::new(), Vec::new());
    for pattern in table.strings(key, findings).unwrap_or_default() {
        if let Err(error) = ParserBuilder::new().case_insensitive(true).build().parse(pattern.value) {
            let (message, inner) = describe(&error);
            let span = span_inside(&pattern, inner, findings.source.text);
            findings.report("R007", span, format!("invalid regex: {message}"), help(&error));
            continue;
        }
        match build(pattern.value) {
            Ok(regex) if regex.is_match("") => {
                findings.report(
                    "R008",
                    pattern.span,
                    "the regex matches the empty text, so it would hit every turn",
                    "make something in it required",
                );
            }
            Ok(regex) => {
                regexes.push(regex);
                spans.push(pattern.span);
            }
            Err(error) => {
                findings.report("R007", pattern.span, format!("the regex is too large: {error}"), "");
            }
        }
    }
    (regexes, spans)
}

/// Builds a regex as the engine runs it: over folded text, without regard to case.
fn build(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 20).build()
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
fn span_inside(pattern: &At<&str>, inner: Range<usize>, text: &str) -> Range<usize> {
    let raw = &text[pattern.span.clone()];
    match raw.find(pattern.value) {
        Some(lead) if !pattern.value.is_empty() => {
            let start = pattern.span.start + lead;
            start + inner.start..start + inner.end
        }
        _ => pattern.span.clone(),
    }
}
