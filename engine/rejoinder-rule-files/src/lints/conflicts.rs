//! Rules that accept the same words in different categories: a turn that both hit is never accepted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use rejoinder_core::Category;
use rejoinder_core::diagnostic::{Diagnostic, SourceText};
use rejoinder_core::fold::{is_word_char, words};

use super::cancelled::{matches_alone, unless, words_allowed};
use super::containment::always_holds;
use super::phrase_texts::PhraseTexts;
use super::plain_regex::plain_words;
use crate::rule::{MatchPosition, Route, Rule};
use crate::schema::{RuleFile, parse};
use crate::toml_reader::Findings;
use crate::toml_text::with_line_feeds;

/// A phrase is compared with those of at most so many other rules, so that many rules on one phrase take no square of time.
const MOST_OWNERS: usize = 64;
const CODE: &str = "W113";

/// A rule file with the text that it was read from.
#[derive(Clone, Copy, Debug)]
pub struct RuleSource<'f> {
    /// The name of the file in messages.
    pub name: &'f str,
    /// The text of the file.
    pub text: &'f str,
    /// What was read.
    pub content: &'f RuleFile,
    /// Whether its author wants to hear about it; a file that is not checked is in force beside the others.
    pub is_checked: bool,
}

/// Warnings about rules in force together that accept the same words in different categories, in the order of the files that are
/// checked: at most one for each pair of what the two look for. `disabled` rules are not in force.
pub fn conflicts(files: &[RuleSource<'_>], disabled: &HashSet<&str>) -> Vec<Diagnostic> {
    let mut places = Vec::new();
    for (file, source) in files.iter().enumerate() {
        places.extend((0..source.content.rules.len()).map(|place| (file, place)));
    }
    let accepts = |rule: &Rule| {
        rule.route == Route::Accept
            && rule.has_matcher()
            && rule.text.is_folded()
            && !rule.allow.iter().any(|code| code == CODE)
            && !disabled.contains(rule.id.as_str())
    };
    places.retain(|&(file, place)| accepts(&files[file].content.rules[place]));
    let rules: Vec<&Rule> = places.iter().map(|&(file, place)| &files[file].content.rules[place]).collect();
    let found = Accepting::of(&rules).conflicts();
    let is_checked = |conflict: &Conflict| files[places[conflict.rule].0].is_checked;
    let mut reports = BTreeMap::new();
    for conflict in found {
        let turned = conflict.turned();
        let Some(conflict) = [conflict, turned].into_iter().find(is_checked) else { continue };
        let (file, _) = places[conflict.rule];
        let report = reports.entry(file).or_insert_with(|| FileReport::of(files[file]));
        report.add(&rules, &places, &conflict);
    }
    reports.into_values().flat_map(FileReport::findings).collect()
}

/// Two rules that accept a turn in different categories.
struct Conflict {
    /// The rule that is reported.
    rule: usize,
    /// What of the rule the other matches, too.
    matched: Matched,
    other: usize,
    matched_of_other: Matched,
    /// The words that both have.
    common: String,
}

impl Conflict {
    /// The same, reported of the other rule.
    fn turned(&self) -> Self {
        Self {
            rule: self.other,
            matched: self.matched_of_other,
            other: self.rule,
            matched_of_other: self.matched,
            common: self.common.clone(),
        }
    }
}

/// What of a rule is meant.
#[derive(Clone, Copy)]
enum Matched {
    /// A phrase, by its place.
    Phrase(usize),
    /// A regex, by its place.
    Regex(usize),
}

/// The accepting rules, by what they look for.
struct Accepting<'r> {
    rules: &'r [&'r Rule],
    /// By rule.
    categories: Vec<Option<Category>>,
    /// By rule: its regexes that are words alone, each with its place.
    plain: Vec<Vec<(&'r str, usize)>>,
    /// The phrases of the rules, and behind those of each rule its regexes that are words alone.
    texts: PhraseTexts<'r>,
    /// By number of such a text: some of the rules that have it, each with its place among those of the rule.
    owners: Vec<Vec<(usize, usize)>>,
    /// By regex the same.
    regexes: HashMap<&'r str, Vec<(usize, usize)>>,
}

impl<'r> Accepting<'r> {
    fn of(rules: &'r [&'r Rule]) -> Self {
        let words = |(place, regex)| Some((plain_words(regex)?.0, place));
        let of_rule = |rule: &&'r Rule| rule.patterns().enumerate().filter_map(words).collect();
        let plain: Vec<Vec<(&str, usize)>> = rules.iter().map(of_rule).collect();
        let texts = PhraseTexts::of(rules, |rule| plain[rule].iter().map(|(text, _)| *text).collect());
        let mut owners = vec![Vec::new(); texts.count()];
        let mut regexes = HashMap::<&str, Vec<(usize, usize)>>::new();
        let categories: Vec<Option<Category>> = rules.iter().map(|rule| rule.category).collect();
        let add = |owners: &mut Vec<(usize, usize)>, rule: usize, place: usize| {
            // Rules of one category are no conflict: of each category there is room for some.
            let is_same = |&&(known, _): &&(usize, usize)| categories[known] == categories[rule];
            let is_known = owners.last().is_some_and(|&(last, _)| last == rule);
            if !is_known && owners.iter().filter(is_same).count() < MOST_OWNERS {
                owners.push((rule, place));
            }
        };
        for (index, rule) in rules.iter().enumerate() {
            let phrases = texts.of_rule(index).iter().enumerate();
            phrases.for_each(|(place, &phrase)| add(&mut owners[phrase], index, place));
            let patterns = rule.patterns().enumerate();
            patterns.for_each(|(place, regex)| add(regexes.entry(regex).or_default(), index, place));
        }
        Self { rules, categories, plain, texts, owners, regexes }
    }

    /// At most one conflict for a rule.
    fn conflicts(&self) -> Vec<Conflict> {
        (0..self.rules.len())
            .filter_map(|rule| self.by_phrase(rule).or_else(|| self.by_regex(rule)))
            .collect()
    }

    /// A text that a rule looks for, by its place among the rule's phrases and, behind them, its regexes that are words alone.
    fn sought(&self, rule: usize, place: usize) -> (&'r str, Matched) {
        let phrases = &self.rules[rule].phrases;
        match place.checked_sub(phrases.len()) {
            None => (&phrases[place], Matched::Phrase(place)),
            Some(regex) => {
                let (text, place) = self.plain[rule][regex];
                (text, Matched::Regex(place))
            }
        }
    }

    fn by_phrase(&self, index: usize) -> Option<Conflict> {
        for (place, &number) in self.texts.of_rule(index).iter().enumerate() {
            let (outer, matched) = self.sought(index, place);
            for (inner, range) in self.texts.inside(number, outer) {
                // Of two rules with one phrase the later one is reported.
                let is_met = |other: usize| {
                    (*inner != number || other < index) && self.categories[index] != self.categories[other]
                };
                let found = self.owners[*inner]
                    .iter()
                    .find(|&&(other, _)| is_met(other) && self.both_hit(index, other, outer, range));
                if let Some(&(other, place_of_other)) = found {
                    return Some(Conflict {
                        rule: index,
                        matched,
                        other,
                        matched_of_other: self.sought(other, place_of_other).1,
                        common: outer[range.clone()].to_owned(),
                    });
                }
            }
        }
        None
    }

    fn by_regex(&self, index: usize) -> Option<Conflict> {
        self.rules[index].patterns().enumerate().find_map(|(place, regex)| {
            let is_excepted =
                |rule: usize| unless(self.rules[rule]).any(|one| always_holds(regex, one.as_str()));
            let agrees = |&&(other, _): &&(usize, usize)| {
                other < index
                    && self.conditions_agree(index, other, None)
                    && !is_excepted(index)
                    && !is_excepted(other)
            };
            let &(other, place_of_other) = self.regexes[regex].iter().find(agrees)?;
            Some(Conflict {
                rule: index,
                matched: Matched::Regex(place),
                other,
                matched_of_other: Matched::Regex(place_of_other),
                common: regex.to_owned(),
            })
        })
    }

    /// Whether both rules can hit a turn that holds the phrase `outer` of the first, with a phrase of the second at `inner`.
    fn both_hit(&self, index: usize, other: usize, outer: &str, inner: &Range<usize>) -> bool {
        let [one, two] = [self.rules[index], self.rules[other]];
        let is_clear = |text: &str| !text.contains(is_word_char);
        let [begins, ends] = [is_clear(&outer[..inner.start]), is_clear(&outer[inner.end..])];
        let fits = match two.at {
            MatchPosition::Anywhere => true,
            MatchPosition::Start => begins,
            MatchPosition::End => ends,
            MatchPosition::Whole => begins && ends,
        };
        let is_excepted = |rule: &Rule| unless(rule).any(|pattern| matches_alone(pattern, outer));
        fits && self.conditions_agree(index, other, Some(words(outer).count() as u32))
            && !is_excepted(two)
            && !is_excepted(one)
    }

    /// Whether the rules are of different categories, and their conditions can hold together for a turn that holds so many words, where
    /// that is known.
    fn conditions_agree(&self, index: usize, other: usize, words: Option<u32>) -> bool {
        let [one, two] = [self.rules[index], self.rules[other]];
        let [(least, most), (other_least, other_most)] = [one, two].map(words_allowed);
        let is_whole = [one, two].iter().any(|rule| rule.at == MatchPosition::Whole);
        let longest = words.filter(|_| is_whole).unwrap_or(u32::MAX);
        let words = words.unwrap_or(1);
        one.category != two.category
            && least.max(other_least).max(words) <= most.min(other_most).min(longest)
            && !one.conditions.iter().any(|one| two.conditions.iter().any(|two| one.excludes(two)))
    }
}

/// The conflicts of one file.
struct FileReport<'f> {
    source: RuleSource<'f>,
    /// The file read anew, if it was stored without the places of its parts.
    read: Option<RuleFile>,
    found: Vec<(Range<usize>, String)>,
}

impl<'f> FileReport<'f> {
    fn of(source: RuleSource<'f>) -> Self {
        let RuleSource { name, text, content, .. } = source;
        let read = (!content.has_places()).then(|| parse(name, text));
        Self { source, read, found: Vec::new() }
    }

    /// The warnings, in the order of the file.
    fn findings(self) -> Vec<Diagnostic> {
        let text = &with_line_feeds(self.source.text);
        let mut findings = Findings::new(SourceText { name: self.source.name, text });
        for (span, message) in self.found {
            let help = "give one of the two a condition that keeps it from such turns, such as `unless`";
            findings.report(CODE, span, message, help);
        }
        findings.in_order()
    }

    fn add(&mut self, rules: &[&Rule], places: &[(usize, usize)], conflict: &Conflict) {
        let (file, place) = places[conflict.rule];
        let spans = self.read.as_ref().unwrap_or(self.source.content).places(place);
        let span = spans.map_or(0..0, |spans| match conflict.matched {
            Matched::Phrase(phrase) => spans.phrases[phrase].clone(),
            Matched::Regex(regex) => spans.regexes[regex].clone(),
        });
        let [rule, other] = [conflict.rule, conflict.other].map(|rule| rules[rule]);
        let code = |rule: &Rule| rule.category.map_or("none", |category| category.code());
        let line = match places[conflict.other].0 == file {
            true => format!("line {}", other.line),
            false => format!("{}:{}", other.file, other.line),
        };
        let message = format!(
            "this rule accepts `{}` as {}, and rule `{}` ({line}) as {}: a turn that both hit is never accepted",
            conflict.common,
            code(rule),
            other.id,
            code(other),
        );
        self.found.push((span, message));
    }
}
