//! Warnings about rules that work but are slow, useless or untested.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;

use aho_corasick::{AhoCorasick, MatchKind};
use rejoinder_core::Category;
use rejoinder_core::fold::{Folded, is_word_boundary, is_word_char};

use crate::condition::Condition;
use crate::reading::TextReading;
use crate::rule::{MatchPosition, Route, Rule};
use crate::toml_reader::Findings;

/// The codes of all warnings, for `allow`.
pub(crate) const CODES: [&str; 9] =
    ["W101", "W102", "W103", "W104", "W105", "W106", ALWAYS_HOLDS, CONTRADICTION, CAPITALS];

/// A condition on a fact always holds, by what the plugin declares of the fact.
pub(crate) const ALWAYS_HOLDS: &str = "W107";
/// Two conditions on a fact never hold together.
const CONTRADICTION: &str = "W108";
/// A regex asks for capitals, though folded text has none.
const CAPITALS: &str = "W110";

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
    pub(crate) regexes: Vec<Range<usize>>,
    pub(crate) tests: Vec<Range<usize>>,
}

/// Looks for what is slow, useless or untested in the sound rules of a file.
pub(crate) fn check(rules: &[Rule], spans: &[Spans], findings: &mut Findings<'_>) {
    let phrases = PhraseIndex::of(rules);
    let text = findings.source.text;
    for (index, (rule, spans)) in rules.iter().zip(spans).enumerate() {
        let mut warn = |code: &'static str, span: &Range<usize>, message: String, help: &str| {
            if !rule.allow.iter().any(|allowed| allowed == code) {
                findings.report(code, span.clone(), message, help);
            }
        };
        speed(rule, spans, &mut warn);
        for span in &spans.capitals {
            capitals(span, text, &mut warn);
        }
        contradictions(rule, spans, &mut warn);
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
            Some(mut set) => {
                let is_weak =
                    |l: &&str| l.is_ascii() && l.chars().filter(|c| is_word_char(*c)).count() < WEAK;
                if let Some(weak) = set.find(is_weak) {
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

fn capitals(span: &Range<usize>, text: &str, warn: &mut Warn<'_>) {
    let asked = text.get(span.clone()).unwrap_or_default().escape_debug();
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

/// The phrases of a file, each once, searchable inside each other.
struct PhraseIndex {
    automaton: AhoCorasick,
    /// By rule: its effect, and the automaton's patterns in the order of its phrases.
    of_rules: Vec<(RuleEffect, Vec<usize>)>,
    /// By pattern.
    owners: Vec<PhraseOwners>,
}

/// The rules that have one phrase.
#[derive(Default)]
struct PhraseOwners {
    /// By rule: the first place of the phrase among the rule's phrases.
    places: HashMap<usize, usize>,
    /// The effects of the rules that look for the phrase anywhere in a turn, each with the first rule that has it.
    effects: Vec<(RuleEffect, usize)>,
}

/// What a hit of a rule leads to, and the numbers of the conditions for it.
#[derive(Clone, PartialEq, Eq)]
struct RuleEffect {
    route: Route,
    category: Option<Category>,
    text: TextReading,
    conditions: Rc<BTreeSet<usize>>,
}

/// A phrase is compared with at most so many effects of other rules, so that many rules on one phrase take no square of time.
const MOST_EFFECTS: usize = 64;

impl PhraseIndex {
    /// The phrases of `rules`; `None` if there are none.
    fn of(rules: &[Rule]) -> Option<Self> {
        let (mut patterns, mut numbers) = (HashMap::<&str, usize>::new(), HashMap::<String, usize>::new());
        let (mut texts, mut of_rules, mut owners) = (Vec::new(), Vec::new(), Vec::<PhraseOwners>::new());
        for (index, rule) in rules.iter().enumerate() {
            let effect = RuleEffect::of(rule, &mut numbers);
            let mut own = Vec::with_capacity(rule.phrases.len());
            for (place, phrase) in rule.phrases.iter().enumerate() {
                let pattern = *patterns.entry(phrase).or_insert_with(|| {
                    texts.push(phrase);
                    owners.push(PhraseOwners::default());
                    texts.len() - 1
                });
                own.push(pattern);
                let owners = &mut owners[pattern];
                owners.places.entry(index).or_insert(place);
                let is_new = || owners.effects.iter().all(|(known, _)| *known != effect);
                if rule.at == MatchPosition::Anywhere && owners.effects.len() < MOST_EFFECTS && is_new() {
                    owners.effects.push((effect.clone(), index));
                }
            }
            of_rules.push((effect, own));
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&texts).ok()?;
        (!texts.is_empty()).then_some(Self { automaton, of_rules, owners })
    }

    /// The phrases that stand in `outer` at word boundaries; `outer` is one of them.
    fn inside<'a>(&'a self, outer: &'a str) -> impl Iterator<Item = usize> + 'a {
        let found = self.automaton.find_overlapping_iter(outer);
        let at_boundaries =
            found.filter(|m| is_word_boundary(outer, m.start()) && is_word_boundary(outer, m.end()));
        at_boundaries.map(|m| m.pattern().as_usize())
    }

    /// The rule, and the place of its phrase, that makes a phrase of a rule useless.
    fn shadow(&self, rules: &[Rule], index: usize, place: usize) -> Option<(usize, usize)> {
        let (rule, (effect, own)) = (&rules[index], &self.of_rules[index]);
        let outer = own[place];
        self.inside(&rule.phrases[place]).find_map(|inner| {
            // Of two equal phrases the later one is useless.
            let is_same = inner == outer;
            let owners = &self.owners[inner];
            let own = owners.places.get(&index).filter(|&&p| match is_same {
                true => p < place,
                false => rule.at == MatchPosition::Anywhere,
            });
            let other = owners.effects.iter().find(|(other, first)| {
                *first != index && (!is_same || *first < index) && other.holds_where(effect)
            });
            let other = other.map(|&(_, first)| (first, owners.places[&first]));
            own.map(|&p| (index, p)).into_iter().chain(other).min()
        })
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

    /// Whether this effect comes wherever `other` comes.
    fn holds_where(&self, other: &Self) -> bool {
        (self.route, self.category, self.text) == (other.route, other.category, other.text)
            && self.conditions.is_subset(&other.conditions)
    }
}

/// Phrases that can never add a hit.
fn shadows(index: usize, rules: &[Rule], spans: &Spans, phrases: &PhraseIndex, warn: &mut Warn<'_>) {
    let rule = &rules[index];
    for (place, span) in spans.phrases.iter().enumerate().skip(spans.listed) {
        match phrases.shadow(rules, index, place) {
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

fn tests(rule: &Rule, spans: &Spans, warn: &mut Warn<'_>) {
    let own = rule.tests.all();
    if own.is_empty() {
        warn(
            "W102",
            &spans.rule,
            "the rule has no test".to_owned(),
            "add a [[rule.test]] that hits and one that does not",
        );
        return;
    }
    if !own.iter().any(crate::rule::RuleTest::is_negative) {
        warn(
            "W103",
            &spans.rule,
            "the rule has no negative test".to_owned(),
            "add a [[rule.test]] with a dialogue that looks alike and must not hit: expect = { route = \"none\" }",
        );
    }
    let mut positive = own.iter().zip(&spans.tests).filter(|(t, _)| !t.is_negative()).peekable();
    let only_keyword = |dialogue: &[String]| {
        let turn = dialogue.last().map_or("", |m| m.strip_prefix("U:").unwrap_or(m));
        let folded = Folded::new(turn);
        let read = if rule.text.is_folded() { folded.text() } else { turn };
        let bare = read.trim_matches(|c| !is_word_char(c)).replace('\n', " ");
        rule.phrases.contains(&bare)
    };
    let first = positive.peek().map(|(_, span)| (*span).clone());
    if let Some(span) = first
        && rule.at != MatchPosition::Whole
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;
    use crate::schema;

    /// The phrases that a look at all pairs calls useless: rule and place.
    fn useless(rules: &[Rule]) -> Vec<(usize, usize)> {
        let says_as_much = |other: &Rule, rule: &Rule| {
            let own: Vec<String> = rule.conditions.iter().map(ToString::to_string).collect();
            (other.route, other.category, other.at) == (rule.route, rule.category, MatchPosition::Anywhere)
                && other.conditions.iter().all(|c| own.contains(&c.to_string()))
        };
        let stands_in = |inner: &str, outer: &str| {
            let ends = |at| is_word_boundary(outer, at) && is_word_boundary(outer, at + inner.len());
            (0..outer.len()).any(|at| outer[at..].starts_with(inner) && ends(at))
        };
        let places = |rule: usize| (0..rules[rule].phrases.len()).map(move |place| (rule, place));
        let all: Vec<_> = (0..rules.len()).flat_map(places).collect();
        let is_useless = |&(rule, place): &(usize, usize)| {
            let outer = &rules[rule].phrases[place];
            all.iter().any(|&(r, p)| {
                let inner = &rules[r].phrases[p];
                let is_same = inner == outer;
                stands_in(inner, outer)
                    && match r == rule {
                        true if is_same => p < place,
                        true => rules[rule].at == MatchPosition::Anywhere,
                        false => (!is_same || r < rule) && says_as_much(&rules[r], &rules[rule]),
                    }
            })
        };
        all.iter().copied().filter(is_useless).collect()
    }

    fn rule(id: usize, rest: &str) -> String {
        format!("[[rule]]\nid = \"r{id}\"\nroute = \"reject\"\n{rest}\n")
    }

    fn warned(text: &str) -> Vec<usize> {
        let file = schema::parse("f", text);
        assert!(file.errors.is_empty(), "{:?}", file.errors);
        let warnings = file.warnings("f", text);
        warnings.iter().filter(|w| w.code == "W104").map(|w| w.line).collect()
    }

    proptest! {
        #[test]
        fn the_phrases_called_useless_are_those_of_all_pairs(
            rules in prop::collection::vec(
                (
                    prop::collection::vec("[ab]( [ab]){0,2}", 1..4),
                    prop::sample::select(vec!["", "max-words = 9", "max-words = 9\nmin-words = 2", "at = \"start\""]),
                ),
                1..6,
            ),
        ) {
            let mut text = "format = 1\n".to_owned();
            for (id, (phrases, rest)) in rules.iter().enumerate() {
                // A phrase a line, so that its line tells it.
                text += &rule(id, &format!("any = [\n{},\n]\n{rest}", phrases.iter().map(|p| format!("{p:?}")).collect::<Vec<_>>().join(",\n")));
            }
            let file = schema::parse("f", &text);
            let line = |&(rule, place): &(usize, usize)| file.rules[rule].line + 4 + place;
            let expected: Vec<usize> = useless(&file.rules).iter().map(line).collect();
            prop_assert_eq!(warned(&text), expected, "{}", text);
        }
    }

    #[test]
    fn many_rules_on_one_phrase_take_no_square_of_time() {
        const RULES: usize = 20_000;
        let mut text = "format = 1\n".to_owned();
        for id in 0..RULES {
            let _ = write!(text, "{}", rule(id, &format!("any = [\"one phrase\"]\nmax-words = {}", id + 2)));
        }
        let begun = Instant::now();
        assert!(warned(&text).is_empty(), "each holds where none before it does");
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        text = text.replace("max-words", "min-words = 2\nmax-words");
        text += &rule(RULES, "any = [\"one phrase\"]\nmax-words = 3\nmin-words = 2");
        assert_eq!(warned(&text).len(), 1);
    }
}
