use std::ops::Range;

use proptest::prelude::*;
use rejoinder_core::fold::{Folded, is_word_boundary};
use rejoinder_core::{Conversation, Hit, Message, Role};

use super::sentence::sentence;
use super::*;
use crate::{Pack, RuleSet, Selector};
use rejoinder_core::language::Language;
use rejoinder_rule_files::{FactCondition, FactReading, FactValue, SearchRoom, TurnText};

const PHRASES: [&str; 8] = ["no", "no not", "não", "é", "that is", "is não", "谢谢", "not é no"];
const REGEXES: [&str; 6] =
    ["not (?:is|é)", "is.no", "não? (?:no|that)", "谢 ?谢", "(?:that|é) is", "no no|é é"];

/// Where `literal` stands in `text`, which has no line feeds.
fn places(text: &str, literal: &str) -> Vec<Range<usize>> {
    let starts = text.char_indices().map(|(at, _)| at);
    starts.filter(|&at| text[at..].starts_with(literal)).map(|at| at..at + literal.len()).collect()
}

proptest! {
    /// A phrase goes before a regex, and the one that ends first before others, the longest of those that end
    /// together; a regex whose literal ends first goes before others.
    #[test]
    fn the_first_match_of_a_rule_counts(
        phrases in prop::sample::subsequence(PHRASES.to_vec(), 0..=3),
        regexes in prop::sample::subsequence(REGEXES.to_vec(), 1..=3),
        text in "((no|not|não|é|that|is|谢|谢谢)[ \n]){1,8}",
    ) {
        let rule = format!(
            "format = 1\n[[rule]]\nid = \"a\"\nroute = \"score\"\nweight = 1.0\nany = {phrases:?}\nregex = {regexes:?}\n"
        );
        let rule = if phrases.is_empty() { rule.replace("any = []\n", "") } else { rule };
        let set = Pack::compile(vec![Pack::new("a", "a.toml", &rule)], &[]).unwrap();
        let folded = Folded::new(&text).text().to_owned();
        let flat = folded.replace('\n', " ");
        let by_end = |range: &Range<usize>| (range.end, range.start);
        let fits = |r: &Range<usize>| is_word_boundary(&flat, r.start) && is_word_boundary(&flat, r.end);
        let phrase = phrases.iter().flat_map(|p| places(&flat, p)).filter(fits).min_by_key(by_end);
        let mut turn = TurnText::default();
        turn.fold(&text);
        let mut open: Vec<_> = (0..)
            .zip(&set.rule(0).regexes)
            .filter_map(|(i, regex)| {
                let gates = regex.literals().unwrap().flat_map(|l| places(&flat, l));
                Some((gates.map(|range| by_end(&range)).min()?, i, regex))
            })
            .collect();
        open.sort_by_key(|&(opened, i, _)| (opened, i));
        let first = phrase.or_else(|| open.iter().find_map(|(.., regex)| regex.find(&turn, &SearchRoom::default())));
        let expected = first.map(|range| turn.folded().original_range(&text, sentence(&folded, &range)));

        let messages = [(Role::User, "q"), (Role::Assistant, "a"), (Role::User, &text)];
        let conversation = Conversation {
            id: "c".into(),
            messages: messages.into_iter().map(|(role, text)| Message::new(role, text)).collect(),
        };
        let mut scanner = Scanner::new(&set);
        scanner.begin(&conversation);
        for _ in 0..2 {
            let hits = scanner.scan(&conversation, 2);
            let found = hits.first().map(|hit| hit.start as usize..hit.end as usize);
            prop_assert_eq!(&found, &expected);
        }
    }
}

#[test]
fn of_phrases_that_end_together_the_longest_counts_whichever_letters_it_has() {
    let rule =
        "format = 1\n[[rule]]\nid = \"a\"\nroute = \"score\"\nweight = 1.0\nany = [\"no\", \"not é no\"]\n";
    let set = Pack::compile(vec![Pack::new("a", "a.toml", rule)], &[]).unwrap();
    let messages = [(Role::User, "q"), (Role::Assistant, "a"), (Role::User, "well. not é\nno")];
    let conversation = Conversation {
        id: "c".into(),
        messages: messages.into_iter().map(|(role, text)| Message::new(role, text)).collect(),
    };
    let mut scanner = Scanner::new(&set);
    scanner.begin(&conversation);
    assert_eq!(scanner.scan(&conversation, 2), [Hit { rule: 0, start: 6, end: 15 }]);
}

#[test]
fn a_span_is_the_sentence_around_the_match() {
    let span = |text: &str, word: &str| {
        let at = text.find(word).unwrap();
        text[sentence(text, &(at..at + word.len()))].to_owned()
    };
    assert_eq!(span("good morning. the problem is back. why?", "problem"), "the problem is back.");
    assert_eq!(span("times 3.50 now! no.", "50"), "times 3.50 now!");
    assert_eq!(span("谢谢!再来一句", "谢谢"), "谢谢!");
    assert_eq!(span("谢谢!再来一句", "再来"), "再来一句");
    assert_eq!(span("well.\nno!", "no!"), "no!");
}

fn dialogue(turn: &str) -> Conversation<'static> {
    let message = |role, text: &str| Message::new(role, text.to_owned());
    let messages = vec![
        message(Role::User, "hello there my friend"),
        message(Role::Assistant, "and hello to you"),
        message(Role::User, turn),
    ];
    Conversation { id: "x".into(), messages }
}

fn compiled(rules: &str, selectors: Vec<Selector>) -> RuleSet {
    let pack = Pack::new("a", "a.toml", &format!("format = 1\n{rules}"));
    Pack::in_force(vec![pack], &[]).unwrap().compile(selectors)
}

fn selector(phrases: &[&str], languages: &[&str], words: [u32; 2]) -> Selector {
    let phrases: Vec<String> = phrases.iter().map(|&p| p.to_owned()).collect();
    let languages: Vec<Language> = languages.iter().map(|code| code.parse().unwrap()).collect();
    Selector::new(&phrases, languages, words[0], words[1]).unwrap()
}

const MOODY: &str = "[[rule]]\nid = \"plain\"\nroute = \"escalate\"\ncategory = \"UR2\"\nany = [\"wrong\"]\n\
    [[rule]]\nid = \"moody\"\nroute = \"escalate\"\ncategory = \"UR2\"\nany = [\"hell\"]\nmin-words = 3\nfacts = [\"mood.x < -0.5\", \"mood.y\"]\n";

#[test]
fn a_rule_that_asks_for_facts_waits_for_them() {
    let set = compiled(MOODY, Vec::new());
    let asked: Vec<String> =
        set.facts().iter().map(|name| format!("{}.{}", name.plugin, name.fact)).collect();
    assert_eq!(asked, ["mood.x", "mood.y"]);
    let mut scanner = Scanner::new(&set);
    let mut scan = |turn: &str| {
        let conversation = dialogue(turn);
        scanner.begin(&conversation);
        let hits = scanner.scan(&conversation, 2).to_vec();
        (hits, scanner.pending().to_vec())
    };
    let (hits, pending) = scan("what the hell is wrong");
    assert_eq!((hits.len(), hits[0].rule, pending.len(), pending[0].rule), (1, 0, 1, 1));
    assert!(scan("hell no").1.is_empty(), "its other conditions come first");
    let holds = |x: f64, y: Option<bool>| {
        let reading = |fact: &FactCondition| match (fact.slot, y) {
            (0, _) => FactReading::Known(FactValue::Number(x)),
            (_, Some(y)) => FactReading::Known(FactValue::Truth(y)),
            _ => FactReading::Unknown,
        };
        set.allowed(&hits, &pending, reading) == pending
    };
    assert_eq!(
        [holds(-0.6, Some(true)), holds(-0.5, Some(true)), holds(-0.6, Some(false)), holds(-0.6, None)],
        [true, false, false, false]
    );
    let conversation = dialogue("what the hell is wrong");
    scanner.begin(&conversation);
    let trials = scanner.explain(&conversation, 2, |fact| match fact.slot {
        0 => FactReading::Known(FactValue::Number(-0.75)),
        _ => FactReading::NotAsked,
    });
    let shown: Vec<_> = trials[1].checks.iter().map(|c| (c.holds, c.actual.as_str())).collect();
    assert_eq!(shown, [(true, "5 words"), (true, "-0.75"), (false, "the plugin was not asked")]);
    assert_eq!(trials[1].hit, None);
}

#[test]
fn a_selector_selects_by_phrase_language_and_length() {
    let english = selector(&["WHAT the hell"], &["en"], [0, 0]);
    let set = compiled(
        MOODY,
        vec![english, selector(&[], &[], [4, 5]), selector(&["hell", "no way"], &["fr"], [0, 0])],
    );
    let mut scanner = Scanner::new(&set);
    for (turn, selected) in [
        ("What the HELL are you doing to my lovely text", 0b001),
        ("what the hello", 0b000),
        ("one two three four", 0b010),
        ("you know that this is what the hell", 0b001),
        ("", 0b000),
    ] {
        let conversation = dialogue(turn);
        scanner.begin(&conversation);
        let hits: Vec<u32> = scanner.scan(&conversation, 2).iter().map(|hit| hit.rule).collect();
        assert_eq!((scanner.selected(), hits), (selected, vec![]), "{turn}");
    }
    assert_eq!(Selector::new(&["x".into(), "  ".into()], Vec::new(), 0, 0).unwrap_err(), 1);
}

proptest! {
    /// Selectors change nothing about the rules, and select what stands in the turn at word borders.
    #[test]
    fn selectors_are_apart_from_rules(
        phrases in prop::sample::subsequence(PHRASES.to_vec(), 1..=4),
        selected in prop::collection::vec(prop::sample::subsequence(PHRASES.to_vec(), 1..=2), 1..4),
        texts in prop::collection::vec("((no|not|não|é|that|is|谢|谢谢)[ ]){1,8}", 1..4),
    ) {
        let rule = format!("[[rule]]\nid = \"a\"\nroute = \"score\"\nany = {phrases:?}\nregex = {REGEXES:?}\n");
        let with: Vec<Selector> = selected.iter().map(|phrases| selector(phrases, &[], [0, 0])).collect();
        let (alone, both) = (compiled(&rule, Vec::new()), compiled(&rule, with));
        let (mut one, mut other) = (Scanner::new(&alone), Scanner::new(&both));
        for text in texts {
            let conversation = dialogue(&text);
            one.begin(&conversation);
            other.begin(&conversation);
            prop_assert_eq!(one.scan(&conversation, 2), other.scan(&conversation, 2));
            let folded = Folded::new(&text).text().to_owned();
            let fits = |r: &Range<usize>| is_word_boundary(&folded, r.start) && is_word_boundary(&folded, r.end);
            let expected = selected.iter().enumerate().map(|(place, phrases)| {
                u64::from(phrases.iter().flat_map(|p| places(&folded, p)).any(|r| fits(&r))) << place
            });
            prop_assert_eq!(other.selected(), expected.sum::<u64>(), "{}", text);
            let explained = other.explain(&conversation, 2, |_| FactReading::NotAsked);
            prop_assert_eq!(explained.len(), 1);
            prop_assert_eq!(one.scan(&conversation, 2), other.scan(&conversation, 2));
        }
    }
}
