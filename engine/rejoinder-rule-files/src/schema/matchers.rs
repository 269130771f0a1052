//! What a rule looks for in the words of a turn: phrases and regexes.

use std::ops::Range;

use rejoinder_core::fold::Folded;

use super::lists::{PhraseLists, PhraseMeaning};
use crate::capitals;
use crate::lints::{ControlCharacter, TextKind};
use crate::pattern::{Pattern, PatternError};
use crate::reading::TextReading;
use crate::rule::MatchPosition;
use crate::toml_reader::{Findings, SpannedValue, Table};
use crate::unfoldable::Unfoldable;

/// A phrase has at most so many characters.
pub(crate) const LONGEST_PHRASE: usize = 1000;

/// A phrase as it is looked for; `None` if nothing stands in it.
pub fn folded_phrase(phrase: &str) -> Option<String> {
    let folded = Folded::new(phrase.trim());
    (!folded.text().is_empty()).then(|| folded.text().replace('\n', " "))
}

/// A phrase as it is looked for in texts that are read so; `None` if nothing stands in it.
pub(super) fn prepared(phrase: &str, reading: TextReading) -> Option<String> {
    let folded = folded_phrase(phrase)?;
    Some(match reading {
        TextReading::Folded => folded,
        TextReading::AsWritten => phrase.trim().to_owned(),
    })
}

/// Checks a phrase; reports one that cannot be used.
pub(super) fn is_usable(phrase: &SpannedValue<&str>, findings: &mut Findings<'_>) -> bool {
    ControlCharacter::note(phrase, TextKind::Phrase, findings);
    let length = phrase.value.chars().count();
    if length > LONGEST_PHRASE {
        findings.report(
            "R008",
            phrase.span.clone(),
            format!("a phrase has at most {LONGEST_PHRASE} characters, this one has {length}"),
            "nobody writes so much word for word: take the words that tell, as one phrase or several",
        );
        return false;
    }
    let is_usable = folded_phrase(phrase.value).is_some();
    if !is_usable {
        findings.report("R008", phrase.span.clone(), "an empty phrase would match everywhere", "remove it");
    }
    is_usable
}

/// Reads what a rule looks for in texts.
pub(super) struct MatcherReader<'l, 't> {
    /// How the rule reads text.
    pub(super) reading: TextReading,
    pub(super) lists: &'l PhraseLists<'t>,
    /// Whether the author wants no warnings about phrases that add nothing.
    pub(super) allows_useless: bool,
    /// Places of what asks for capitals in regexes over folded text.
    pub(super) capitals: Vec<Range<usize>>,
    /// Places of regexes over folded text that never match, each with the reason.
    pub(super) unfoldable: Vec<(Range<usize>, Unfoldable)>,
}

/// The phrases under a key, and where they stand: those out of lists first.
#[derive(Default)]
pub(super) struct Phrases {
    pub(super) texts: Vec<String>,
    pub(super) spans: Vec<Range<usize>>,
    /// How many of the phrases come out of lists.
    pub(super) listed: usize,
}

impl MatcherReader<'_, '_> {
    /// The phrases under `key`, which must match at `at`.
    pub(super) fn phrases(
        &self,
        table: &Table<'_>,
        key: &str,
        at: MatchPosition,
        findings: &mut Findings<'_>,
    ) -> Phrases {
        let (mut listed, mut own) = (Vec::new(), Vec::new());
        for phrase in table.strings(key, findings).unwrap_or_default() {
            match self.lists.named_by(&phrase, findings) {
                PhraseMeaning::List(list) => {
                    list.note_use(self.reading, at, self.allows_useless);
                    listed.extend(
                        list.phrases(self.reading).map(|(text, span)| (text.to_owned(), span.clone())),
                    );
                }
                PhraseMeaning::NoList => {}
                PhraseMeaning::Words(words) => {
                    let phrase = SpannedValue { value: words, span: phrase.span };
                    if is_usable(&phrase, findings) {
                        own.extend(prepared(phrase.value, self.reading).map(|text| (text, phrase.span)));
                    }
                }
            }
        }
        let listed_count = listed.len();
        let (texts, spans) = listed.into_iter().chain(own).unzip();
        Phrases { texts, spans, listed: listed_count }
    }

    /// The regexes under `key`, and where they stand.
    pub(super) fn regexes(
        &mut self,
        table: &Table<'_>,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> (Vec<Pattern>, Vec<Range<usize>>) {
        let (mut patterns, mut spans) = (Vec::new(), Vec::new());
        for source in table.strings(key, findings).unwrap_or_default() {
            ControlCharacter::note(&source, TextKind::Regex, findings);
            match Pattern::new(source.value, self.reading) {
                Ok(pattern) => {
                    if self.reading.is_folded() {
                        if let Some(capitals) = capitals::asked_for(source.value) {
                            self.capitals.push(span_inside(&source, capitals, findings.source.text));
                        } else if let Some(why) = Unfoldable::of(source.value) {
                            self.unfoldable.push((source.span.clone(), why));
                        }
                    }
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
                    "the regex matches the empty text, and so every text",
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
