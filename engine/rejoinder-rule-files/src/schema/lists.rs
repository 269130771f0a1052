//! `[lists]`: phrases under a name, for the rules of one file.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::ops::Range;

use rejoinder_core::diagnostic::did_you_mean;

use super::matchers::{is_usable, prepared};
use crate::lints::ListSpans;
use crate::reading::TextReading;
use crate::rule::MatchPosition;
use crate::toml_reader::{Findings, SpannedValue, Table};

/// Begins the name of a list among phrases; twice, a phrase that begins so itself.
const MARK: char = '@';

/// The lists of a file.
#[derive(Default)]
pub(super) struct PhraseLists<'t>(BTreeMap<&'t str, PhraseList<'t>>);

/// A list of phrases.
pub(super) struct PhraseList<'t> {
    key: Range<usize>,
    phrases: Vec<SpannedValue<&'t str>>,
    /// By reading: the phrases as rules that read text so look for them, once there is such a rule.
    prepared: [OnceCell<Vec<String>>; TextReading::ALL.len()],
    uses: Cell<ListUses>,
}

/// What the uses of a list have in common.
#[derive(Clone, Copy, Debug, Default)]
struct ListUses {
    is_used: bool,
    /// Whether some rule looks for the phrases as written.
    as_written: bool,
    /// Whether some rule wants them at a place.
    at_a_place: bool,
    /// Whether some rule allows phrases that add nothing.
    allows_useless: bool,
}

/// What a text among the phrases of a rule stands for.
pub(super) enum PhraseMeaning<'l, 't> {
    /// The words of a phrase.
    Words(&'l str),
    /// The phrases of a list.
    List(&'l PhraseList<'t>),
    /// A list that is not there, which was reported.
    NoList,
}

impl<'t> PhraseLists<'t> {
    /// Reads the lists of a file.
    pub(super) fn read(top: &Table<'t>, findings: &mut Findings<'_>) -> Self {
        let Some(table) = top.table("lists", findings) else { return Self::default() };
        let lists = Table::of_names(table.value, table.span);
        let mut read = BTreeMap::new();
        for key in table.value.keys() {
            let (name, span): (&str, _) = (key.get_ref(), key.span());
            let Some(phrases) = lists.strings(name, findings) else { continue };
            if phrases.is_empty() {
                let message = format!("the list `{}` holds no phrase", name.escape_debug());
                findings.report("R008", span.clone(), message, "write some phrases, or remove the list");
            }
            let phrases = phrases.into_iter().filter_map(|phrase| {
                let value = match phrase.value.strip_prefix(MARK) {
                    Some(words) if words.starts_with(MARK) => words,
                    Some(_) => {
                        let message = "a list holds phrases, and no other list";
                        let help = format!(
                            "write the phrases here, or `@{}` for the words",
                            phrase.value.escape_debug()
                        );
                        findings.report("R016", phrase.span, message, help);
                        return None;
                    }
                    None => phrase.value,
                };
                let phrase = SpannedValue { value, span: phrase.span };
                is_usable(&phrase, findings).then_some(phrase)
            });
            let list = PhraseList {
                key: span,
                phrases: phrases.collect(),
                prepared: Default::default(),
                uses: Cell::default(),
            };
            read.insert(name, list);
        }
        Self(read)
    }

    /// What a text among the phrases of a rule stands for; reports the name of a list that is not there.
    pub(super) fn named_by<'l>(
        &'l self,
        phrase: &SpannedValue<&'l str>,
        findings: &mut Findings<'_>,
    ) -> PhraseMeaning<'l, 't> {
        let Some(name) = phrase.value.strip_prefix(MARK) else { return PhraseMeaning::Words(phrase.value) };
        if name.starts_with(MARK) {
            return PhraseMeaning::Words(name);
        }
        if let Some(list) = self.0.get(name) {
            return PhraseMeaning::List(list);
        }
        let names: Vec<&str> = self.0.keys().copied().collect();
        let words = format!("write `@{}` if the words begin with {MARK}", phrase.value.escape_debug());
        let help = match did_you_mean(name, &names) {
            _ if names.is_empty() => {
                format!("the file has no [lists]; {words}")
            }
            help => format!("{help}; {words}"),
        };
        let message = format!("`{}` names no list of this file", phrase.value.escape_debug());
        findings.report("R016", phrase.span.clone(), message, help);
        PhraseMeaning::NoList
    }

    /// The lists, for the warnings about them.
    pub(super) fn spans(&self) -> Vec<ListSpans> {
        let spans = |(name, list): (&&str, &PhraseList<'_>)| {
            let ListUses { is_used, as_written, at_a_place, allows_useless } = list.uses.get();
            let reading = if as_written { TextReading::AsWritten } else { TextReading::Folded };
            let phrase = |(text, span): (&str, &Range<usize>)| (text.to_owned(), span.clone());
            ListSpans {
                name: (*name).to_owned(),
                key: list.key.clone(),
                is_used,
                phrases: match is_used && !allows_useless {
                    true => list.phrases(reading).map(phrase).collect(),
                    false => Vec::new(),
                },
                is_free: !at_a_place,
            }
        };
        self.0.iter().map(spans).collect()
    }
}

impl PhraseList<'_> {
    /// The phrases as rules that read text so look for them, and where they stand.
    pub(super) fn phrases(&self, reading: TextReading) -> impl Iterator<Item = (&str, &Range<usize>)> {
        let prepare = |phrase: &SpannedValue<&str>| prepared(phrase.value, reading).unwrap_or_default();
        let texts =
            self.prepared[reading as usize].get_or_init(|| self.phrases.iter().map(prepare).collect());
        texts.iter().map(String::as_str).zip(self.phrases.iter().map(|phrase| &phrase.span))
    }

    /// Notes that a rule reads text so, and looks for the phrases at this position.
    pub(super) fn note_use(&self, reading: TextReading, at: MatchPosition, allows_useless: bool) {
        let before = self.uses.get();
        self.uses.set(ListUses {
            is_used: true,
            as_written: before.as_written || !reading.is_folded(),
            at_a_place: before.at_a_place || at != MatchPosition::Anywhere,
            allows_useless: before.allows_useless || allows_useless,
        });
    }
}
