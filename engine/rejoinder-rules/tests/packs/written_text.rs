//! Rules that read text as written find what a plain look at the text finds: the folded literals that stand before them hide nothing.

use std::ops::Range;

use proptest::prelude::*;
use rejoinder_core::fold::{Folded, is_word_boundary};
use rejoinder_core::{Conversation, Message, Role};
use rejoinder_rules::{FactReading, Pack, RuleSet, Scanner};

const PHRASES: [&str; 10] = ["OK", "No", "it’s", "Café", "e", "谢谢", "Ａ b", "a\u{200b}b", "e\u{301}", "İ"];
const REGEXES: [&str; 9] =
    ["[A-Z]{2,}", "(?i:no)t", "“.", r"\bNo\b", "[ée]n", r"a\u{301}?b", "Ａ", r"\s{2}x", "ok|OK"];

fn rules(text: &str) -> RuleSet {
    Pack::compile(vec![Pack::new("a", "a.toml", &format!("format = 1\n{text}"))], &[]).unwrap()
}

fn dialogue(turn: &str) -> Conversation<'_> {
    let messages = [(Role::User, "q"), (Role::Assistant, "a"), (Role::User, turn)];
    let messages = messages.into_iter().map(|(role, text)| Message::new(role, text)).collect();
    Conversation { id: "c".into(), messages }
}

/// The spans that the scan gives, by rule; the explanation must give the same.
fn spans(set: &RuleSet, turn: &str) -> Vec<Option<String>> {
    let conversation = dialogue(turn);
    let mut scanner = Scanner::new(set);
    scanner.begin(&conversation);
    let mut spans = vec![None; set.rules().len()];
    for hit in scanner.scan(&conversation, 2) {
        spans[hit.rule as usize] = Some(turn[hit.start as usize..hit.end as usize].to_owned());
    }
    let trials = scanner.explain(&conversation, 2, |_| FactReading::NotAsked);
    let range = |range: Range<u32>| turn[range.start as usize..range.end as usize].to_owned();
    assert_eq!(spans, trials.into_iter().map(|trial| trial.hit.map(range)).collect::<Vec<_>>(), "{turn:?}");
    spans
}

proptest! {
    #[test]
    fn nothing_that_matches_as_written_is_hidden(
        phrases in prop::sample::subsequence(PHRASES.to_vec(), 0..=3),
        regexes in prop::sample::subsequence(REGEXES.to_vec(), 0..=3),
        text in "(OK|ok|No|not|it’s|it's|Caf|é|e|E|n|谢|Ａ|ａ|a|b|İ|“|\u{301}|\u{200b}|\u{a0}|\u{1100}\u{1161}|x|[ .\n]){0,10}",
    ) {
        if phrases.is_empty() && regexes.is_empty() {
            return Ok(());
        }
        let mut rule = "[[rule]]\nid = \"a\"\nroute = \"score\"\ntext = \"as-written\"\n".to_owned();
        for (key, texts) in [("any", phrases.clone()), ("regex", regexes)] {
            if !texts.is_empty() {
                let quoted: Vec<String> = texts.iter().map(|text| serde_json::to_string(text).unwrap()).collect();
                rule += &format!("{key} = [{}]\n", quoted.join(", "));
            }
        }
        let set = rules(&rule);
        let fits = |r: &Range<usize>| is_word_boundary(&text, r.start) && is_word_boundary(&text, r.end);
        let starts = |phrase: &str| -> Vec<Range<usize>> {
            let all = text.char_indices().filter(|&(at, _)| text[at..].starts_with(phrase));
            all.map(|(at, _)| at..at + phrase.len()).filter(fits).collect()
        };
        let phrase = phrases.iter().flat_map(|phrase| starts(phrase)).min_by_key(|r| (r.end, r.start));
        let regexes = set.rule(0).regexes.iter().filter_map(|regex| regex.find_written(&text, |_| true));
        let expected = phrase.or_else(|| regexes.min_by_key(|range| range.start));
        let is_blank = Folded::new(&text).text().trim().is_empty();
        let found = &spans(&set, &text)[0];
        prop_assert_eq!(found.is_some(), expected.is_some() && !is_blank, "{} on {:?}", rule, text);
        if let (Some(span), Some(range)) = (found, expected) {
            prop_assert!(span.contains(text[range.clone()].trim()) || text[range].contains(char::is_whitespace), "{span:?}");
        }
    }
}

#[test]
fn case_quotes_places_and_sentences_are_those_of_the_text() {
    let rule = |id: &str, rest: &str| {
        format!("[[rule]]\nid = \"{id}\"\nroute = \"score\"\ntext = \"as-written\"\n{rest}\n")
    };
    let set = rules(
        &[
            rule("loud", "regex = ['\\b[A-Z]{4,}\\b']"),
            rule("start", "any = [\"WHY\"]\nat = \"start\""),
            rule("whole", "any = [\"OK\"]\nat = \"whole\""),
            rule("calm", "any = [\"it’s\"]\nunless = ['[A-Z]{3}']"),
            rule("empty", "max-words = 1"),
        ]
        .concat(),
    );
    let none = None::<&str>;
    for (turn, expected) in [
        ("Ｈm.  THAT is\r\nwrong. hello", [Some("THAT is"), none, none, none, none]),
        ("so, why? THESE. Yes", [Some("THESE."), none, none, none, none]),
        ("\u{feff} WHY me！ no", [none, Some("WHY me！"), none, none, none]),
        ("and WHY me", [none; 5]),
        ("«OK»!", [none, none, Some("«OK»!"), none, Some("«OK»!")]),
        ("Ok", [none, none, none, none, Some("Ok")]),
        ("I think it’s so.", [none, none, none, Some("I think it’s so."), none]),
        ("I think it's so.", [none; 5]),
        ("it’s NOT so.", [none; 5]),
    ] {
        let expected = expected.map(|span| span.map(str::to_owned));
        assert_eq!(spans(&set, turn), expected, "{turn}");
    }
}
