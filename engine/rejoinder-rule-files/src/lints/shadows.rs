//! Phrases and rules that can never add a hit, since others of the same file hit wherever they do.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use rejoinder_core::Category;

use super::check::{Spans, Warn};
use super::phrase_texts::PhraseTexts;
use super::plain_regex::plain_words;
use crate::condition::Condition;
use crate::reading::TextReading;
use crate::rule::{MatchPosition, Route, Rule};

/// A phrase or regex is compared with at most so many effects of other rules, so that many rules on one phrase take no square of
/// time.
const MOST_EFFECTS: usize = 64;
/// So many broader rules are named.
const MOST_NAMED: usize = 3;

/// Which rules hit wherever others do.
pub(super) struct Shadows<'r> {
    rules: &'r [&'r Rule],
    texts: PhraseTexts<'r>,
    /// By rule.
    effects: Vec<RuleEffect>,
    /// By number of a phrase.
    owners: Vec<PhraseOwners>,
    /// By regex: the rules with it, the first of each effect and position.
    regexes: HashMap<&'r str, Vec<usize>>,
    /// The ids of the rules that others of the file build on.
    named: HashSet<&'r str>,
}

/// The rules that have one phrase.
#[derive(Clone, Default)]
struct PhraseOwners {
    /// The rules, in their order, each with the first place of the phrase among its phrases.
    places: Vec<(u32, u32)>,
    /// The rules that look for the phrase anywhere in a turn, the first of each effect.
    anywhere: Vec<usize>,
}

impl PhraseOwners {
    /// The first place of the phrase among those of a rule; `None` if the rule does not have it.
    fn place(&self, rule: usize) -> Option<usize> {
        let found = self.places.binary_search_by_key(&(rule as u32), |&(owner, _)| owner).ok()?;
        Some(self.places[found].1 as usize)
    }
}

/// What a hit of a rule leads to, and the numbers of the conditions for it.
#[derive(Clone, PartialEq, Eq)]
struct RuleEffect {
    route: Route,
    category: Option<Category>,
    text: TextReading,
    conditions: Rc<BTreeSet<usize>>,
}

/// What makes a phrase useless.
struct PhraseShadow {
    /// A phrase of the same rule, by its place.
    own: Option<usize>,
    /// Another rule, and the place of its phrase.
    other: Option<(usize, usize)>,
}

impl<'r> Shadows<'r> {
    /// The phrases and regexes of `rules`.
    pub(super) fn of(rules: &'r [&'r Rule]) -> Self {
        let texts = PhraseTexts::of(rules, |_| Vec::new());
        let mut numbers = HashMap::new();
        let effects: Vec<RuleEffect> = rules.iter().map(|rule| RuleEffect::of(rule, &mut numbers)).collect();
        let mut owners = vec![PhraseOwners::default(); texts.count()];
        let mut regexes = HashMap::<&str, Vec<usize>>::new();
        for (index, rule) in rules.iter().enumerate() {
            for (place, &phrase) in texts.of_rule(index).iter().enumerate() {
                let owners = &mut owners[phrase];
                if owners.places.last().is_none_or(|&(last, _)| last != index as u32) {
                    owners.places.push((index as u32, place as u32));
                }
                if rule.at == MatchPosition::Anywhere {
                    add_first(&mut owners.anywhere, index, |known| effects[known] == effects[index]);
                }
            }
            for regex in rule.patterns() {
                let same = |known: usize| effects[known] == effects[index] && rules[known].at == rule.at;
                add_first(regexes.entry(regex).or_default(), index, same);
            }
        }
        let names = rules.iter().flat_map(|rule| rule.builds_on()).flat_map(|(_, named)| named);
        let named = names.map(|named| named.id.as_str()).collect();
        Self { rules, texts, effects, owners, regexes, named }
    }

    /// Warns about what can never add a hit in the rule at `index`.
    pub(super) fn check(&self, index: usize, spans: &Spans, warn: &mut Warn<'_>) {
        let rule = self.rules[index];
        let own: Vec<PhraseShadow> =
            (spans.listed..rule.phrases.len()).map(|place| self.phrase_shadow(index, place)).collect();
        match self.broader(index, &own, spans.listed) {
            Some(broader) if rule.guard.is_empty() && self.weigh_the_same(index, &broader) => {
                let message = format!("the rule adds nothing: {}", self.hits_wherever(&broader));
                let help = "delete the rule, or give it another route, category or condition";
                warn("W114", &spans.rule, message, help);
            }
            _ => self.check_phrases(index, &own, &spans.phrases[spans.listed..], warn),
        }
    }

    /// The rules that together hit wherever a rule does, whose own phrases have these shadows behind those of its lists; `None` where
    /// there are none, or the rule has no words. The phrases of lists, which may be many, are looked at last, as far as needed.
    fn broader(&self, index: usize, own: &[PhraseShadow], listed: usize) -> Option<BTreeSet<usize>> {
        let rule = self.rules[index];
        let of_own = own.iter().map(|shadow| shadow.other.map(|(other, _)| other));
        let of_regexes = rule.regexes.iter().map(|regex| self.regex_shadow(index, regex.as_str()));
        let of_listed =
            (0..listed).map(|place| self.phrase_shadow(index, place).other.map(|(other, _)| other));
        rule.has_matcher().then(|| of_own.chain(of_regexes).chain(of_listed).collect())?
    }

    /// Warns about phrases of a rule, which stand at these places, that add nothing.
    fn check_phrases(
        &self,
        index: usize,
        shadows: &[PhraseShadow],
        places: &[Range<usize>],
        warn: &mut Warn<'_>,
    ) {
        for (shadow, span) in shadows.iter().zip(places) {
            let own = shadow.own.map(|place| (index, place));
            match own.into_iter().chain(shadow.other).min() {
                Some((r, p)) if r == index => warn(
                    "W104",
                    span,
                    format!(
                        "`{}` of the same rule matches wherever this phrase does",
                        self.rules[r].phrases[p]
                    ),
                    "remove one of the two",
                ),
                Some((r, p)) => warn(
                    "W104",
                    span,
                    format!(
                        "rule `{}` hits wherever this phrase matches, by its `{}`",
                        self.rules[r].id, self.rules[r].phrases[p]
                    ),
                    "remove the phrase, or give the rule another route, category or condition",
                ),
                None => {}
            }
        }
    }

    fn phrase_shadow(&self, index: usize, place: usize) -> PhraseShadow {
        let rule = self.rules[index];
        let outer = self.texts.of_rule(index)[place];
        let (mut own, mut other): (Option<usize>, Option<(usize, usize)>) = (None, None);
        for &(inner, _) in self.texts.inside(outer, &rule.phrases[place]) {
            let is_same = inner == outer;
            let owners = &self.owners[inner];
            // Of two equal phrases of a rule the later one is useless.
            let by_own = owners.place(index).filter(|&p| match is_same {
                true => p < place,
                false => rule.at == MatchPosition::Anywhere,
            });
            own = own.or(by_own);
            let by_other = owners.anywhere.iter().copied().find(|&o| self.hits_where(o, index, is_same));
            other = other.or_else(|| by_other.and_then(|o| Some((o, owners.place(o)?))));
        }
        PhraseShadow { own, other }
    }

    fn regex_shadow(&self, index: usize, regex: &str) -> Option<usize> {
        let fits = |other: usize| {
            let at = self.rules[other].at;
            at == MatchPosition::Anywhere || at == self.rules[index].at
        };
        let mut same = self.regexes.get(regex)?.iter().copied();
        same.find(|&other| fits(other) && self.hits_where(other, index, true))
            .or_else(|| self.plain_regex_shadow(index, regex))
    }

    /// A rule with a phrase that stands in a regex of words alone.
    fn plain_regex_shadow(&self, index: usize, regex: &str) -> Option<usize> {
        let (words, _) = plain_words(regex).filter(|(_, is_bounded)| *is_bounded)?;
        let inside = self.texts.inside_other(words);
        let mut owners = inside.iter().flat_map(|&(inner, _)| &self.owners[inner].anywhere).copied();
        owners.find(|&other| self.hits_where(other, index, false))
    }

    /// Whether the rule `other` makes useless what it has in common with the rule at `index`: the same words, or fewer of them.
    fn hits_where(&self, other: usize, index: usize, is_same: bool) -> bool {
        let (one, two) = (self.rules[other], self.rules[index]);
        // Each hit of a rule that only scores adds its weight, and those of a rule that others build on count for these.
        other != index
            && two.route != Route::Score
            && !self.named.contains(two.id.as_str())
            && (one.route, one.category, one.text) == (two.route, two.category, two.text)
            && self.holds_where(other, index)
            // Of two rules that say the same the later one is useless.
            && (!is_same || other < index || one.at != two.at || !self.holds_where(index, other))
    }

    /// Whether the conditions of a rule hold wherever those of another hold.
    fn holds_where(&self, rule: usize, other: usize) -> bool {
        let (own, given) = (&self.rules[rule].conditions, &self.rules[other].conditions);
        self.effects[rule].conditions.is_subset(&self.effects[other].conditions)
            || own.iter().all(|wanted| given.iter().any(|condition| condition.implies(wanted)))
    }

    /// Whether a hit of the rule adds no other weight than those of the broader rules.
    fn weigh_the_same(&self, index: usize, broader: &BTreeSet<usize>) -> bool {
        let weight = |rule: usize| self.rules[rule].weight.to_bits();
        broader.iter().all(|&other| weight(other) == weight(index))
    }

    fn hits_wherever(&self, broader: &BTreeSet<usize>) -> String {
        let named = broader.iter().take(MOST_NAMED).map(|&rule| {
            let rule = self.rules[rule];
            format!("`{}` (line {})", rule.id, rule.line)
        });
        let mut named: Vec<String> = named.collect();
        let more = broader.len() - named.len();
        if more > 0 {
            named.push(format!("{more} more"));
        }
        match named.as_slice() {
            [one] => format!("rule {one} hits wherever it does"),
            [first @ .., last] => {
                format!("one of the rules {} and {last} hits wherever it does", first.join(", "))
            }
            [] => String::new(),
        }
    }
}

impl RuleEffect {
    fn of(rule: &Rule, numbers: &mut HashMap<String, usize>) -> Self {
        let mut number = |condition: &Condition| {
            let next = numbers.len();
            *numbers.entry(condition.to_string()).or_insert(next)
        };
        let conditions = Rc::new(rule.conditions.iter().map(&mut number).collect());
        Self { route: rule.route, category: rule.category, text: rule.text, conditions }
    }
}

/// Adds a rule, unless one that is the same is there, or as many as are compared.
fn add_first(rules: &mut Vec<usize>, rule: usize, is_same: impl Fn(usize) -> bool) {
    if rules.len() < MOST_EFFECTS && !rules.iter().any(|&known| is_same(known)) {
        rules.push(rule);
    }
}

#[cfg(test)]
#[path = "shadow_tests.rs"]
mod tests;
