//! Whether each match of one regex holds a match of another, as far as that shows in how they are written.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Regexes longer than this are not compared.
const LONGEST: usize = 2_000;
/// The characters of a larger class are not looked at.
const MOST_CHARACTERS: usize = 64;

/// Whether surely each match of the regex `outer` holds a match of the regex `inner`. `false` says nothing.
pub(super) fn always_holds(outer: &str, inner: &str) -> bool {
    if outer == inner {
        return true;
    }
    let parsed = |source: &str| {
        let fits = source.len() <= LONGEST;
        fits.then(|| ParserBuilder::new().case_insensitive(true).build().parse(source).ok()).flatten()
    };
    match (parsed(outer), parsed(inner)) {
        (Some(outer), Some(inner)) => holds(&outer, &inner),
        _ => false,
    }
}

fn holds(outer: &Hir, inner: &Hir) -> bool {
    let (outer, inner) = (bare(outer), bare(inner));
    if outer == inner {
        return true;
    }
    if let HirKind::Alternation(choices) = inner.kind()
        && choices.iter().any(|choice| holds(outer, choice))
    {
        return true;
    }
    match outer.kind() {
        HirKind::Alternation(choices) => choices.iter().all(|choice| holds(choice, inner)),
        HirKind::Repetition(repetition) => repetition.min > 0 && holds(&repetition.sub, inner),
        HirKind::Concat(_) | HirKind::Literal(_) => {
            let (outer, inner) = (with_boundaries(elements(outer)), with_boundaries(elements(inner)));
            outer.windows(inner.len()).any(|window| window == inner)
                || outer.iter().any(|part| {
                    matches!(part.kind(), HirKind::Alternation(_) | HirKind::Repetition(_))
                        && holds(part, &Hir::concat(inner.clone()))
                })
        }
        _ => false,
    }
}

/// The expression without groups around it.
fn bare(mut hir: &Hir) -> &Hir {
    while let HirKind::Capture(capture) = hir.kind() {
        hir = &capture.sub;
    }
    hir
}

/// The expressions that follow one another, a literal character by character, without groups around them.
fn elements(hir: &Hir) -> Vec<Hir> {
    match hir.kind() {
        HirKind::Concat(parts) => parts.iter().flat_map(elements).collect(),
        HirKind::Capture(capture) => elements(&capture.sub),
        HirKind::Literal(literal) => {
            let text = String::from_utf8_lossy(&literal.0);
            text.chars().map(|c| Hir::literal(c.to_string().into_bytes())).collect()
        }
        _ => vec![hir.clone()],
    }
}

/// The elements with a word boundary wherever one surely is: between a character of words and another one that follow each other.
fn with_boundaries(elements: Vec<Hir>) -> Vec<Hir> {
    let mut bounded: Vec<Hir> = Vec::with_capacity(elements.len());
    for element in elements {
        // A boundary that is written adds nothing where there is one anyway.
        let is_written = matches!(element.kind(), HirKind::Look(Look::WordUnicode));
        let before = bounded.iter().rev().find(|hir| !matches!(hir.kind(), HirKind::Look(Look::WordUnicode)));
        let is_repeated =
            bounded.last().is_some_and(|last| matches!(last.kind(), HirKind::Look(Look::WordUnicode)));
        if is_written && is_repeated {
            continue;
        }
        if !is_written
            && !is_repeated
            && let (Some(one), Some(other)) = (before.and_then(is_of_words), is_of_words(&element))
            && one != other
        {
            bounded.push(Hir::look(Look::WordUnicode));
        }
        bounded.push(element);
    }
    bounded
}

/// Whether the one character that an element stands for belongs to words; `None` if it stands for something else, or may be either.
fn is_of_words(element: &Hir) -> Option<bool> {
    let mut characters: Vec<char> = match element.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok()?.chars().collect(),
        HirKind::Class(Class::Unicode(class)) => {
            let characters = class.iter().flat_map(|range| range.start()..=range.end());
            characters.take(MOST_CHARACTERS + 1).collect()
        }
        _ => return None,
    };
    if characters.is_empty() || characters.len() > MOST_CHARACTERS {
        return None;
    }
    let is = regex_syntax::is_word_character(characters.pop()?);
    characters.into_iter().all(|c| regex_syntax::is_word_character(c) == is).then_some(is)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::RegexBuilder;

    use super::*;

    #[test]
    fn what_every_match_holds_is_told() {
        for (outer, inner) in [
            (r"\bno thanks\b", "thank"),
            (r"\b(?:no|nope) thanks\b", "thanks|please"),
            ("(?:wrong|strong)er", "rong"),
            (r"^\W*no\b.*why", r"\bwhy|no\b"),
            ("(not )+good", "(?:not )"),
            ("a-b", "A-B"),
            (r"\bnot (?:right|good)\b", r"\bnot\b"),
            (r"\bno thanks\b", r"\bno\b thanks"),
            (r"\bno, thanks", r"\bno\b\b"),
            (r"not\b, why", "not, why"),
        ] {
            assert!(always_holds(outer, inner), "{outer} and {inner}");
        }
        for (outer, inner) in [
            ("(?:no|nope) thanks", "nope"),
            ("thanks", r"\bthanks\b"),
            ("(?:no )*thanks", "no"),
            (r"\bno(?: |t)thanks\b", r"\bno\b"),
            (r"no [ t]hm", r"no \b"),
        ] {
            assert!(!always_holds(outer, inner), "{outer} and {inner}");
        }
    }

    proptest! {
        /// What is called sure is so in any text.
        #[test]
        fn each_match_holds_what_it_is_said_to(
            outer in prop::collection::vec(piece(), 1..5),
            inner in prop::collection::vec(piece(), 1..3),
            text in "(no|thanks|not|a|b| |-|NO){0,12}",
        ) {
            let (outer, inner) = (outer.concat(), inner.concat());
            let regex = |source: &str| RegexBuilder::new(source).case_insensitive(true).build().unwrap();
            if always_holds(&outer, &inner) && regex(&outer).is_match(&text) {
                prop_assert!(regex(&inner).is_match(&text), "{} and {} on {:?}", outer, inner, text);
            }
        }
    }

    fn piece() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "no",
            "thanks",
            "(?:no|not)",
            "(a|b)",
            "a*",
            "(?:no )+",
            r"\b",
            " ",
            "-?",
            "not",
            "[ab]",
            "^",
            "(?:b){2}",
        ])
    }
}
