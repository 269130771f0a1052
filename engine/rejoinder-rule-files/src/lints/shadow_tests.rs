use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rejoinder_core::fold::is_word_boundary;

use super::super::cancelled::words_allowed;
use super::*;
use crate::schema;

/// The lines of the warnings that a look at all pairs gives: of a rule that adds nothing, or of its phrases that add nothing. A
/// phrase stands in the fourth line behind its rule's, or below.
fn useless(rules: &[Rule]) -> Vec<usize> {
    let holds_where = |one: &Rule, other: &Rule| {
        let [(least, most), (other_least, other_most)] = [one, other].map(words_allowed);
        least <= other_least && most >= other_most
    };
    let says_as_much = |one: &Rule, other: &Rule| {
        (one.route, one.category, one.at) == (other.route, other.category, MatchPosition::Anywhere)
            && holds_where(one, other)
    };
    let stands_in = |inner: &str, outer: &str| {
        let ends = |at| is_word_boundary(outer, at) && is_word_boundary(outer, at + inner.len());
        (0..outer.len()).any(|at| outer[at..].starts_with(inner) && ends(at))
    };
    let by_other = |rule: usize, outer: &str| {
        let (own, others) = (&rules[rule], rules.iter().enumerate().filter(|&(other, _)| other != rule));
        others.into_iter().any(|(other, one)| {
            let is_later = other > rule && own.at == one.at && holds_where(own, one);
            let shadows = |inner: &String| stands_in(inner, outer) && (inner != outer || !is_later);
            says_as_much(one, own) && one.phrases.iter().any(shadows)
        })
    };
    let by_own = |rule: usize, place: usize| {
        let (own, outer) = (&rules[rule], &rules[rule].phrases[place]);
        own.phrases.iter().enumerate().any(|(p, inner)| match inner == outer {
            true => p < place,
            false => own.at == MatchPosition::Anywhere && stands_in(inner, outer),
        })
    };
    let mut lines = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        if rule.phrases.iter().all(|phrase| by_other(index, phrase)) {
            lines.push(rule.line);
            continue;
        }
        let places = 0..rule.phrases.len();
        let shadowed = places.filter(|&place| by_own(index, place) || by_other(index, &rule.phrases[place]));
        lines.extend(shadowed.map(|place| rule.line + 4 + place));
    }
    lines
}

fn rule(id: usize, rest: &str) -> String {
    format!("[[rule]]\nid = \"r{id}\"\nroute = \"reject\"\n{rest}\n")
}

/// The lines of what is called useless.
fn warned(text: &str) -> Vec<usize> {
    let file = schema::parse("f", text);
    assert!(file.errors.is_empty(), "{:?}", file.errors);
    let warnings = file.warnings("f", text);
    warnings.iter().filter(|w| ["W104", "W114"].contains(&w.code)).map(|w| w.line).collect()
}

proptest! {
    #[test]
    fn what_is_called_useless_is_what_all_pairs_tell(
        rules in prop::collection::vec(
            (
                prop::collection::vec("[ab]( [ab]){0,2}", 1..4),
                prop::sample::select(vec![
                    "", "max-words = 9", "max-words = 9\nmin-words = 2", "max-words = 5", "min-words = 3", "at = \"start\"",
                ]),
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
        prop_assert_eq!(warned(&text), useless(&file.rules), "{}", text);
    }
}

#[test]
fn many_rules_on_one_phrase_take_no_square_of_time() {
    const RULES: usize = 20_000;
    let mut text = "format = 1\n".to_owned();
    for id in 0..RULES {
        // Intervals of which none lies in another.
        let (least, most) = (id + 2, id + 9);
        let _ = write!(
            text,
            "{}",
            rule(id, &format!("any = [\"one phrase\"]\nmin-words = {least}\nmax-words = {most}"))
        );
    }
    let begun = Instant::now();
    assert!(warned(&text).is_empty(), "each holds where none before it does");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    text += &rule(RULES, "any = [\"one phrase\"]\nmax-words = 5\nmin-words = 4");
    assert_eq!(warned(&text).len(), 1);
}
