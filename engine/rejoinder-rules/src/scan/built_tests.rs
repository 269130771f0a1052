//! Rules that build on rules, and rules on metadata columns, held to a reckoning without the scan's short cuts.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rejoinder_core::{Conversation, Hit, Message, Role};
use rejoinder_rule_files::{FactCondition, FactReading, FactValue, Quorum, Rule};

use super::Scanner;
use crate::{Pack, RuleSet};

const WORDS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

fn conversation(text: &str) -> Conversation<'_> {
    let messages = [(Role::User, "q"), (Role::Assistant, "a"), (Role::User, text)];
    Conversation {
        id: "c".into(),
        messages: messages.into_iter().map(|(role, text)| Message::new(role, text)).collect(),
    }
}

/// A rule as the test draws it: words, facts, quorums over rules drawn before.
#[derive(Clone, Debug)]
struct Drawn {
    word: Option<usize>,
    max_words: Option<u32>,
    fact: Option<bool>,
    all_of: Vec<prop::sample::Index>,
    any_of: Vec<prop::sample::Index>,
    is_disabled: bool,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let some = || prop::collection::vec(any::<prop::sample::Index>(), 1..4);
    let named = move || prop_oneof![2 => Just(Vec::new()), 1 => some()];
    (
        prop::option::weighted(0.6, 0..WORDS.len()),
        prop::option::weighted(0.2, 1_u32..5),
        prop::option::weighted(0.3, any::<bool>()),
        named(),
        named(),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(word, max_words, fact, all_of, any_of, is_disabled)| Drawn {
            word,
            max_words,
            fact,
            all_of,
            any_of,
            is_disabled,
        })
}

/// The file of the rules, in an order of its own; the ids of those that are disabled; and the rules' own order.
fn file(rules: &[Drawn], shift: usize) -> (String, Vec<String>) {
    let mut parts: Vec<String> = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        let mut text = format!("[[rule]]\nid = \"r{place}\"\nroute = \"score\"\n");
        let names = |of: &[prop::sample::Index]| match place {
            0 => None,
            _ if of.is_empty() => None,
            _ => Some(of.iter().map(|at| format!("r{}", at.index(place))).collect::<Vec<_>>()),
        };
        let (all, any) = (names(&rule.all_of), names(&rule.any_of));
        let needs_word = all.is_none() && any.is_none();
        if let Some(word) = rule.word.or(needs_word.then_some(place % WORDS.len())) {
            text += &format!("any = [\"{}\"]\n", WORDS[word]);
        }
        text += &all.map_or(String::new(), |ids| format!("all-of = {ids:?}\n"));
        text += &any.map_or(String::new(), |ids| format!("any-of = {ids:?}\n"));
        text += &rule.max_words.map_or(String::new(), |most| format!("max-words = {most}\n"));
        text += &rule.fact.map_or(String::new(), |is| {
            format!("facts = [\"{}{}\"]\n", if is { "" } else { "not " }, ["m.x", "m.y"][place % 2])
        });
        parts.push(text);
    }
    let middle = shift % parts.len();
    parts.rotate_left(middle);
    let disabled = rules.iter().enumerate().filter(|(_, rule)| rule.is_disabled);
    (format!("format = 1\n{}", parts.concat()), disabled.map(|(place, _)| format!("r{place}")).collect())
}

/// The hits by the rules' texts alone: each rule by itself, then what builds on it.
fn reckoned(
    rules: &BTreeMap<String, Rule>,
    text: &str,
    facts: &[Option<bool>; 2],
) -> BTreeMap<String, (u32, u32)> {
    let mut hits: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    // The names are drawn from rules with lower numbers.
    for place in 0..rules.len() {
        let id = format!("r{place}");
        let rule = &rules[&id];
        let word = rule.phrases.first();
        let found = word.map(|word| sentence_of(text, word));
        let words = text.split(". ").count() as u32;
        let holds = rule.conditions.iter().all(|condition| match condition {
            crate::Condition::MaxWords(most) => words <= *most,
            crate::Condition::Rules(quorum, named) => {
                let mut of = named.iter().map(|named| hits.contains_key(&named.id));
                match quorum {
                    Quorum::All => of.all(|hits| hits),
                    Quorum::Any => of.any(|hits| hits),
                }
            }
            crate::Condition::Fact(fact) => fact.holds(&reading(fact, facts)),
            other => panic!("{other}"),
        });
        if !holds || found == Some(None) {
            continue;
        }
        let mut named = rule.builds_on().flat_map(|(_, named)| named);
        let first = named.find_map(|named| hits.get(&named.id).copied());
        if let Some(span) = found.flatten().or(first) {
            hits.insert(id, span);
        }
    }
    hits
}

/// Where the first sentence stands that is this word.
fn sentence_of(text: &str, word: &str) -> Option<(u32, u32)> {
    let mut start = 0;
    text.split_inclusive(". ").find_map(|sentence| {
        let end = start + sentence.trim_end().len();
        let own = (start as u32, end as u32);
        start += sentence.len();
        (sentence.trim_end_matches(['.', ' ']) == word).then_some(own)
    })
}

fn reading(fact: &FactCondition, facts: &[Option<bool>; 2]) -> FactReading {
    let known = facts[usize::from(fact.fact == "y")];
    known.map_or(FactReading::Unknown, |is| FactReading::Known(FactValue::Truth(is)))
}

/// The hits of a turn by a compiled set.
fn scanned(set: &RuleSet, text: &str, facts: &[Option<bool>; 2]) -> Vec<Hit> {
    let conversation = conversation(text);
    let mut scanner = Scanner::new(set);
    scanner.begin(&conversation);
    let mut hits = scanner.scan(&conversation, 2).to_vec();
    hits.extend(set.allowed(&hits, scanner.pending(), |fact| reading(fact, facts)));
    hits.sort_by_key(|hit| hit.rule);
    let trials = scanner.explain(&conversation, 2, |fact| reading(fact, facts));
    let explained: Vec<_> = trials.iter().filter_map(|t| Some((t.rule, t.hit.clone()?))).collect();
    let found: Vec<_> = hits.iter().map(|hit| (hit.rule, hit.start..hit.end)).collect();
    assert_eq!(explained, found, "the explanation differs from the scan");
    hits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// What rules on rules find is what each rule's own text says over the hits of the others, whatever order the file has, whichever of them
    /// are disabled, and whatever plugins tell.
    #[test]
    fn rules_on_rules_hit_as_their_texts_say(
        rules in prop::collection::vec(drawn(), 1..9),
        shift in 0_usize..9,
        text in prop::collection::vec(prop::sample::select(&["alpha", "beta", "gamma", "delta", "x"][..]), 1..6),
        facts in any::<[Option<bool>; 2]>(),
    ) {
        let text = text.join(". ");
        let (file, disabled) = file(&rules, shift);
        let pack = Pack::new("p", "p.toml", &file);
        prop_assert!(pack.content.errors.is_empty(), "{file}\n{:?}", pack.content.errors);
        let by_id: BTreeMap<String, Rule> =
            pack.content.rules.iter().map(|rule| (rule.id.clone(), rule.clone())).collect();
        let mut expected = reckoned(&by_id, &text, &facts);
        expected.retain(|id, _| !disabled.contains(id));
        let set = Pack::compile(vec![pack], &disabled).unwrap();
        prop_assert_eq!(set.rules().len(), rules.len() - disabled.len());
        let hits = scanned(&set, &text, &facts);
        prop_assert!(hits.is_sorted_by_key(|hit| hit.rule));
        let found: BTreeMap<String, (u32, u32)> =
            hits.iter().map(|hit| (set.rule(hit.rule).id.clone(), (hit.start, hit.end))).collect();
        prop_assert_eq!(hits.len(), found.len());
        prop_assert_eq!(found, expected, "{}\n{:?} {:?}", file, text, facts);
    }
}

#[test]
fn a_hit_that_no_fact_can_change_does_not_wait_for_facts() {
    let rules = "format = 1\n\
        [[rule]]\nid = \"told\"\nroute = \"score\"\nany = [\"alpha\"]\nfacts = [\"m.x\"]\n\
        [[rule]]\nid = \"plain\"\nroute = \"score\"\nany = [\"beta. yes\"]\n\
        [[rule]]\nid = \"first_is_plain\"\nroute = \"score\"\nany-of = [\"plain\", \"told\"]\n\
        [[rule]]\nid = \"first_is_told\"\nroute = \"score\"\nany-of = [\"told\", \"plain\"]\n\
        [[rule]]\nid = \"own_words\"\nroute = \"score\"\nany = [\"beta\"]\nany-of = [\"told\", \"plain\"]\n";
    let set = Pack::compile(vec![Pack::new("p", "p.toml", rules)], &[]).unwrap();
    let conversation = conversation("alpha. beta. yes");
    let mut scanner = Scanner::new(&set);
    scanner.begin(&conversation);
    let ids = |hits: &[Hit]| hits.iter().map(|hit| set.rule(hit.rule).id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(scanner.scan(&conversation, 2)), ["plain", "first_is_plain"]);
    assert_eq!(ids(scanner.pending()), ["told", "first_is_told", "own_words"]);
}

#[test]
fn facts_of_a_disabled_rule_are_asked_only_where_a_rule_in_force_may_need_them() {
    let rules = "format = 1\n\
        [[rule]]\nid = \"told\"\nroute = \"score\"\nany = [\"alpha\"]\nfacts = [\"m.x\"]\n\
        [[rule]]\nid = \"both\"\nroute = \"score\"\nany = [\"beta\"]\nall-of = [\"told\"]\n";
    let set = Pack::compile(vec![Pack::new("p", "p.toml", rules)], &["told".to_owned()]).unwrap();
    let mut scanner = Scanner::new(&set);
    for (text, pending) in [("alpha", 0), ("beta", 0), ("alpha beta", 2)] {
        let conversation = conversation(text);
        scanner.begin(&conversation);
        assert!(scanner.scan(&conversation, 2).is_empty());
        assert_eq!(scanner.pending().len(), pending, "{text}");
    }
    assert_eq!(scanned(&set, "alpha beta", &[Some(true), None]).len(), 1);
    assert_eq!(scanned(&set, "alpha beta", &[Some(false), None]).len(), 0);
}

#[test]
fn a_column_that_a_record_lacks_meets_no_condition() {
    let rules = "format = 1\n\
        [[rule]]\nid = \"is\"\nroute = \"score\"\nwhere = { model = \"a\", n = [1, 2.5] }\n\
        [[rule]]\nid = \"is_not\"\nroute = \"score\"\nwhere = { model = { not = [\"a\", \"b\"] } }\n\
        [[rule]]\nid = \"inside\"\nroute = \"score\"\nwhere = { moderation.flagged = true }\n";
    let set = Pack::compile(vec![Pack::new("p", "p.toml", rules)], &[]).unwrap();
    let names: Vec<&str> = set.columns().iter().map(|name| name.column.as_str()).collect();
    assert_eq!(names, ["model", "n", "moderation.flagged"]);
    let conversation = conversation("alpha");
    let mut scanner = Scanner::new(&set);
    let mut hits = |columns: &[(&str, &[&str])]| {
        let values = |asked: &str| {
            let of = columns.iter().find(|(name, _)| *name == asked);
            of.map_or(Vec::new(), |(_, values)| values.iter().map(|&value| value.to_owned()).collect())
        };
        scanner.begin_record(&conversation, values);
        let hits = scanner.scan(&conversation, 2);
        hits.iter().map(|hit| set.rule(hit.rule).id.as_str()).collect::<Vec<_>>()
    };
    assert!(hits(&[]).is_empty());
    assert_eq!(hits(&[("model", &["a"]), ("n", &["2.5"])]), ["is"]);
    assert_eq!(hits(&[("model", &["c"]), ("n", &["1"])]), ["is_not"]);
    assert_eq!(hits(&[("moderation.flagged", &["false", "true"])]), ["inside"]);
    scanner.begin(&conversation);
    assert!(scanner.scan(&conversation, 2).is_empty());
}

#[test]
fn a_long_chain_of_rules_is_ordered_and_a_circle_is_named_once() {
    const RULES: usize = 20_000;
    let mut text = "format = 1\n[[rule]]\nid = \"r0\"\nroute = \"score\"\nany = [\"alpha\"]\n".to_owned();
    for place in (1..RULES).rev() {
        text += &format!("[[rule]]\nid = \"r{place}\"\nroute = \"score\"\nall-of = [\"r{}\"]\n", place - 1);
    }
    let set = Pack::compile(vec![Pack::new("p", "p.toml", &text)], &[]).unwrap();
    assert_eq!(scanned(&set, "alpha", &[None; 2]).len(), RULES);
    let circular = text.replacen("any = [\"alpha\"]", &format!("any-of = [\"r{}\"]", RULES - 1), 1);
    let Err(crate::PackError::Invalid(findings)) =
        Pack::compile(vec![Pack::new("p", "p.toml", &circular)], &[])
    else {
        panic!("a circle was taken")
    };
    assert_eq!((findings.len(), findings[0].code), (1, "R018"));
    assert!(findings[0].message.len() < 200, "{}", findings[0]);
}
