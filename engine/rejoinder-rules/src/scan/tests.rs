use std::ops::Range;

use proptest::prelude::*;
use rejoinder_core::fold::{Folded, is_word_boundary};
use rejoinder_core::{Conversation, Hit, Message, Role};

use super::sentence::sentence;
use super::*;
use crate::Pack;
use rejoinder_rule_files::{SearchRoom, TurnText};

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
