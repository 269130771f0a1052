//! Rules that look for words in the last answer and in the user's earlier turns.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rejoinder_core::fold::{Folded, is_word_boundary};
use rejoinder_core::{Conversation, Message, Role};
use rejoinder_rules::{FactReading, Pack, RuleSet, Scanner};

fn rules(text: &str) -> RuleSet {
    Pack::compile(vec![Pack::new("a", "a.toml", &format!("format = 1\n{text}"))], &[]).unwrap()
}

fn conversation<'c>(messages: &[(Role, &'c str)]) -> Conversation<'c> {
    let messages = messages.iter().map(|&(role, text)| Message::new(role, text)).collect();
    Conversation { id: "c".into(), messages }
}

/// Ids of the rules that hit the last message.
fn hits(set: &RuleSet, conversation: &Conversation<'_>) -> Vec<String> {
    let turn = conversation.messages.len() - 1;
    let mut scanner = Scanner::new(set);
    scanner.begin(conversation);
    for earlier in conversation.later_turns().filter(|&earlier| earlier < turn) {
        scanner.scan(conversation, earlier);
    }
    let hits: Vec<String> =
        scanner.scan(conversation, turn).iter().map(|hit| set.rule(hit.rule).id.clone()).collect();
    let trials = scanner.explain(conversation, turn, |_| FactReading::NotAsked);
    let explained = trials.iter().filter(|trial| trial.hit.is_some());
    assert_eq!(hits, explained.map(|trial| set.rule(trial.rule).id.clone()).collect::<Vec<_>>());
    hits
}

fn rule(id: &str, rest: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\nroute = \"score\"\n{rest}\n")
}

const WORDS: [&str; 6] = ["no", "not é", "As an AI", "谢", "ОК", "it’s"];
const TEXT: &str = "((no|not|é|As|an|AI|谢|谢|it's|it’s|ОК|ок|e\u{301})[ \n.]?){0,6}";

proptest! {
    #[test]
    fn words_are_found_where_a_plain_look_finds_them(
        phrases in prop::sample::subsequence(WORDS.to_vec(), 1..=3),
        texts in prop::collection::vec((any::<bool>(), TEXT), 0..6),
    ) {
        let quoted = serde_json::to_string(&phrases).unwrap();
        let set = rules(&[
            rule("answer", &format!("answer-any = {quoted}")),
            rule("earlier", &format!("earlier-any = {quoted}")),
            rule("answer-written", &format!("answer-any = {quoted}\ntext = \"as-written\"")),
            rule("earlier-written", &format!("earlier-any = {quoted}\ntext = \"as-written\"")),
            rule("regex", "answer-regex = ['nota?', 'an\\s?ai']"),
            rule("unless", "answer-unless = ['nota?', 'an\\s?ai']"),
        ].concat());
        let mut messages = vec![(Role::User, "q"), (Role::Assistant, "a")];
        messages.extend(texts.iter().map(|(is_user, text)| {
            (if *is_user { Role::User } else { Role::Assistant }, text.as_str())
        }));
        messages.push((Role::User, "well"));
        let holds = |text: &str, phrase: &str| {
            text.char_indices().map(|(at, _)| at).any(|at| {
                text[at..].starts_with(phrase) && is_word_boundary(text, at) && is_word_boundary(text, at + phrase.len())
            })
        };
        let folded = |text: &str| Folded::new(text).text().replace('\n', " ");
        let any_folded = |text: &str| phrases.iter().any(|phrase| holds(&folded(text), &folded(phrase)));
        let any_written = |text: &str| phrases.iter().any(|phrase| holds(text, phrase));
        let before = &messages[..messages.len() - 1];
        let answer = before.iter().rev().find(|(role, text)| *role == Role::Assistant && !text.trim().is_empty());
        let answer = answer.map_or("", |(_, text)| text);
        let mut earlier = before.iter().filter(|(role, _)| *role == Role::User).map(|(_, text)| *text);
        let matches = ["not", "anai", "an ai"].iter().any(|part| folded(answer).contains(part));
        let expected = [
            ("answer", any_folded(answer)),
            ("earlier", earlier.clone().any(any_folded)),
            ("answer-written", any_written(answer)),
            ("earlier-written", earlier.any(any_written)),
            ("regex", matches),
            ("unless", !matches),
        ];
        let expected: Vec<&str> = expected.into_iter().filter(|(_, is)| *is).map(|(id, _)| id).collect();
        prop_assert_eq!(hits(&set, &conversation(&messages)), expected);
    }
}

#[test]
fn as_many_earlier_turns_are_looked_at_as_for_likeness() {
    let set = rules(&rule("t", "earlier-any = [\"the first word\"]"));
    for (between, is_hit) in [(31, true), (32, false)] {
        let mut messages = vec![(Role::User, "The FIRST word"), (Role::Assistant, "a")];
        messages.extend((0..between).map(|_| (Role::User, "more")));
        messages.push((Role::User, "well"));
        assert_eq!(!hits(&set, &conversation(&messages)).is_empty(), is_hit, "{between}");
    }
}

#[test]
fn what_was_found_is_shown_with_the_text_around_it_and_steers_nothing() {
    let set = rules(
        &[
            rule("a", "answer-any = [\"as an ai\", \"i cannot\"]\nearlier-regex = ['rivers? of']"),
            rule("b", "answer-unless = ['cannot']\nearlier-any = [\"lakes\"]"),
            rule("c", "text = \"as-written\"\nanswer-any = [\"I cannot\"]\nearlier-unless = ['[A-Z]{4}']"),
        ]
        .concat(),
    );
    let answer = "\u{1b}]0;x\u{7}Sorry, I cannot list them all, since there are far too many of them.";
    let messages =
        [(Role::User, "name the rivers of Spain"), (Role::Assistant, answer), (Role::User, "then some")];
    let conversation = conversation(&messages);
    let mut scanner = Scanner::new(&set);
    scanner.begin(&conversation);
    let trials = scanner.explain(&conversation, 2, |_| FactReading::NotAsked);
    let mut said = String::new();
    for check in trials.iter().flat_map(|trial| &trial.checks) {
        let _ = writeln!(said, "{} {} · {}", check.holds, check.condition, check.actual);
    }
    let expected = [
        r#"true answer-any = ["as an ai", "i cannot"] · "i cannot" matches at byte 13 of the answer 1, folded: `\u{1b}]0;x\u{7}sorry, i cannot list them all, since th…`"#,
        r"true earlier-regex = ['''rivers? of'''] · '''rivers? of''' matches at byte 9 of the user's message 0, folded: `name the rivers of spain`",
        r"false answer-unless = ['''cannot'''] · '''cannot''' matches at byte 15 of the answer 1, folded: `\u{1b}]0;x\u{7}sorry, i cannot list them all, since th…`",
        r#"false earlier-any = ["lakes"] · no match in the user's one earlier turn"#,
        r#"true answer-any = ["I cannot"] · "I cannot" matches at byte 13 of the answer 1: `\u{1b}]0;x\u{7}Sorry, I cannot list them all, since th…`"#,
        r"true earlier-unless = ['''[A-Z]{4}'''] · no match in the user's one earlier turn",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_long_answer_is_read_once_for_all_rules() {
    let mut text = String::new();
    for id in 0..5_000 {
        text += &rule(
            &format!("r{id}"),
            &format!(
                "answer-any = [\"word {id}\"]\nanswer-regex = ['other{id}x+']\nearlier-any = [\"seen {id}\"]"
            ),
        );
    }
    let set = rules(&text);
    let answer = "other words that stand there, and word 5000. ".repeat(10_000);
    let messages =
        [(Role::User, "seen 77"), (Role::Assistant, &*answer), (Role::User, "well"), (Role::User, "well")];
    let conversation = conversation(&messages);
    let begun = Instant::now();
    assert!(hits(&set, &conversation).is_empty());
    // A search of each rule through the answer would take minutes.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}
