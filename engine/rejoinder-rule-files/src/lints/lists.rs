//! Warnings about the lists of a file: each list is looked at once, however many rules use it.

use std::ops::Range;

use super::control_characters::{self, ControlCharacter};
use super::phrase_search::PhraseSearch;
use crate::toml_reader::Findings;

/// A list is used by no rule.
pub(crate) const UNUSED: &str = "W109";

/// A list of phrases, for the warnings about it.
#[derive(Clone, Debug)]
pub(crate) struct ListSpans {
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) key: Range<usize>,
    pub(crate) is_used: bool,
    /// The phrases as the rules that use the list look for them, and where they stand; none where a rule allows phrases that add nothing.
    pub(crate) phrases: Vec<(String, Range<usize>)>,
    /// Whether all rules look for the phrases anywhere in a text.
    pub(crate) is_free: bool,
}

/// The lists of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileLists {
    pub(crate) lists: Vec<ListSpans>,
    /// Control characters that escapes in the lists' phrases stand for.
    pub(crate) controls: Vec<ControlCharacter>,
}

/// Looks for lists that no rule uses, for phrases that add nothing to their list, and for control characters.
pub(super) fn check(file: &FileLists, findings: &mut Findings<'_>) {
    let text = findings.source.text;
    control_characters::check(&file.controls, text, &mut |code, span, message, help| {
        findings.report(code, span.clone(), message, help);
    });
    for list in &file.lists {
        if !list.is_used {
            let name = list.name.escape_debug();
            let message = format!("no rule uses the list `{name}`");
            let help = format!("use it, as in any = [\"@{name}\"], or remove it");
            findings.report(UNUSED, list.key.clone(), message, help);
        }
        for (useless, by) in useless(list) {
            let message =
                format!("`{}` of the same list matches wherever this phrase does", list.phrases[by].0);
            findings.report("W104", list.phrases[useless].1.clone(), message, "remove one of the two");
        }
    }
}

/// The places of phrases that add nothing to their list, each with the place of the phrase that matches wherever it does.
fn useless(list: &ListSpans) -> Vec<(usize, usize)> {
    let mut search = PhraseSearch::new();
    let numbers: Vec<usize> = list.phrases.iter().map(|(text, _)| search.number(text)).collect();
    // By number: the first place of the phrase.
    let mut firsts = vec![list.phrases.len(); search.count()];
    for (place, &number) in numbers.iter().enumerate() {
        firsts[number] = firsts[number].min(place);
    }
    let by = |place: usize, outer: &str| {
        let own = numbers[place];
        if firsts[own] < place {
            return Some(firsts[own]);
        }
        let inside = if list.is_free { search.inside(outer) } else { Vec::new() };
        inside.into_iter().filter(|&(number, _)| number != own).map(|(number, _)| firsts[number]).min()
    };
    let places = list.phrases.iter().enumerate();
    places.filter_map(|(place, (text, _))| Some((place, by(place, text)?))).collect()
}
