//! The literals that every match of a regex must hold, so that a rule's prefilter can never drift from the rule.
//!
//! The regex is read without regard to case, its character classes are reduced to what can occur in folded text
//! (so `[sSſ]` becomes the letter s again), and for every place inside it the possible openings are extracted; the
//! place with the longest, fewest openings wins.

use std::collections::BTreeSet;

use regex_syntax::hir::literal::{ExtractKind, Extractor, Literal, Seq};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};
use rejoinder_core::fold::{Folded, is_folded};
use serde::{Deserialize, Serialize};

/// Literals shorter than this many bytes occur in nearly every turn and would gate nothing.
const MIN_LEN: usize = 2;
/// More alternatives than this cost the automaton more than they save.
const MAX_LITERALS: usize = 64;

/// A class of more characters is not looked at one by one.
const FEW: usize = 32;
/// Literals are cut to this many bytes; the extractor's own limit.
const MAX_LEN: usize = 100;

/// Folded literals; every match of a regex in folded text holds at least one of them. White space stands as single spaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RequiredLiterals {
    /// A literal a line: hundreds of small texts would be slow to read and to drop.
    lines: String,
}

impl RequiredLiterals {
    /// The literals of a regex that was parsed without regard to case; `None` if there is no useful set.
    pub(crate) fn of(hir: &Hir) -> Option<Self> {
        let best = best(&fold_classes(hir))?;
        let literals: Vec<String> = best.into_iter().map(|literal| literal.replace('\n', " ")).collect();
        Some(Self { lines: literals.join("\n") })
    }

    /// The literals of a regex over text as written: every match of it in a text in which nothing composes
    /// ([`rejoinder_core::fold::may_compose`]) holds one of them once the text is folded. `None` if there is no useful set.
    pub(crate) fn of_written(hir: &Hir) -> Option<Self> {
        let best = best(&fold_characters(hir))?;
        let literals = best.iter().map(|literal| folded_core(literal)).collect();
        Some(Self { lines: useful(literals)?.join("\n") })
    }

    /// The literals.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.lines.split('\n')
    }
}

/// Rewrites the expression to the characters that folded text can hold.
fn fold_classes(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class))
            if class.iter().map(ClassUnicodeRange::len).sum::<usize>() <= FEW =>
        {
            let kept = class
                .iter()
                .flat_map(|range| range.start()..=range.end())
                .filter(|&c| is_folded(c))
                .map(|c| ClassUnicodeRange::new(c, c));
            Hir::class(Class::Unicode(ClassUnicode::new(kept)))
        }
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(fold_classes(&repetition.sub)), ..repetition.clone() })
        }
        HirKind::Capture(capture) => fold_classes(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(fold_classes).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(fold_classes).collect()),
        _ => hir.clone(),
    }
}

/// What a text, as part of a text in which nothing composes, is surely part of once that text is folded; a space stands for white
/// space.
pub fn folded_core(text: &str) -> String {
    Folded::new(text).text().trim().replace('\n', " ")
}

/// Rewrites the expression over text as written to what its characters fold to.
fn fold_characters(hir: &Hir) -> Hir {
    // White space folds to what stands around it; literals with it are folded as a whole.
    let folded = |c: char| match c.is_whitespace() {
        true => c.to_string(),
        false => Folded::new(&c.to_string()).text().to_owned(),
    };
    match hir.kind() {
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Hir::literal(text.chars().map(folded).collect::<String>().into_bytes()),
            Err(_) => hir.clone(),
        },
        HirKind::Class(Class::Unicode(class))
            if class.iter().map(ClassUnicodeRange::len).sum::<usize>() <= FEW =>
        {
            let characters = class.iter().flat_map(|range| range.start()..=range.end());
            let different: BTreeSet<String> = characters.map(folded).collect();
            Hir::alternation(different.into_iter().map(|text| Hir::literal(text.into_bytes())).collect())
        }
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(fold_characters(&repetition.sub)),
            ..repetition.clone()
        }),
        HirKind::Capture(capture) => fold_characters(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(fold_characters).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(fold_characters).collect()),
        _ => hir.clone(),
    }
}

fn best(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Concat(parts) => openings_of_tails(parts)
            .into_iter()
            .flatten()
            .chain(parts.iter().filter_map(best))
            .max_by_key(|set| rank(set)),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(best(part)?);
            }
            useful(all)
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Literal(_) => openings(extractor().extract(hir)),
        _ => None,
    }
}

fn extractor() -> Extractor {
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_total(MAX_LITERALS);
    extractor
}

/// The openings of a concatenation without its first part, without its first two, and so on, beginning with all of it:
/// what the extractor makes of each of them, with each part looked at once.
fn openings_of_tails(parts: &[Hir]) -> Vec<Option<Vec<String>>> {
    let of_parts: Vec<Seq> = parts.iter().map(|part| extractor().extract(part)).collect();
    let tail = |from: usize| {
        let mut sequence = Seq::singleton(Literal::exact(Vec::new()));
        for next in &of_parts[from..] {
            if sequence.is_inexact() {
                break;
            }
            let mut next = next.clone();
            if sequence.max_cross_len(&next).is_some_and(|len| len > MAX_LITERALS) {
                next.make_infinite();
            }
            sequence.cross_forward(&mut next);
            sequence.keep_first_bytes(MAX_LEN);
        }
        openings(sequence)
    };
    (0..parts.len()).map(tail).collect()
}

/// The finite set of literals that a sequence of openings holds.
fn openings(mut sequence: Seq) -> Option<Vec<String>> {
    // Nothing comes of one so short, and to minimise a sequence costs more than to find it.
    if sequence.min_literal_len()? < MIN_LEN {
        return None;
    }
    if sequence.len().is_none_or(|len| len > 1) {
        sequence.minimize_by_preference();
    }
    let literals = sequence.literals()?;
    let texts =
        literals.iter().map(|l| String::from_utf8(l.as_bytes().to_vec()).ok()).collect::<Option<Vec<_>>>()?;
    useful(texts)
}

fn useful(mut literals: Vec<String>) -> Option<Vec<String>> {
    literals.sort_unstable();
    literals.dedup();
    let fits =
        !literals.is_empty() && literals.len() <= MAX_LITERALS && literals.iter().all(|l| l.len() >= MIN_LEN);
    fits.then_some(literals)
}

/// Longer literals first, then fewer of them.
fn rank(set: &[String]) -> (usize, std::cmp::Reverse<usize>) {
    (set.iter().map(String::len).min().unwrap_or(0).min(6), std::cmp::Reverse(set.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::RegexBuilder;
    use regex_syntax::ParserBuilder;
    use rejoinder_core::fold::may_compose;

    use super::*;

    fn of(pattern: &str) -> Option<Vec<String>> {
        let hir = ParserBuilder::new().case_insensitive(true).build().parse(pattern).unwrap();
        Some(RequiredLiterals::of(&hir)?.iter().map(str::to_owned).collect())
    }

    fn literals(pattern: &str) -> Vec<String> {
        of(pattern).unwrap_or_default()
    }

    #[test]
    fn finds_inner_literals_and_folds_case() {
        assert_eq!(literals(r"^no[,. ]+i (?:said|meant) that"), ["meant that", "said that"]);
        assert_eq!(literals(r"\bStill (?:the )?same error\b"), ["same error"]);
        assert_eq!(literals(r"(?i)^(?:thanks|THANK you)\b"), ["thank you", "thanks"]);
        assert_eq!(literals(r"(wrong)+ (kiss|task)"), ["wrong"]);
    }

    #[test]
    fn gives_up_where_no_literal_is_required() {
        assert_eq!(of(r"^\w+$"), None);
        assert_eq!(of(r"(?:abc)?\d"), None);
    }

    proptest! {
        #[test]
        fn tails_open_as_the_extractor_says(
            parts in prop::collection::vec(prop::sample::select(vec![
                "no", "[Ss]till", "wr?ong", "s[ea]me", "(a|the) error", "[,. ]+", ".{0,3}", " ?", "(i|YOU)?", "(said|MEANT)",
                "x+", r"\b", "(ab){2}", "$", "^", "É|ß", "(a|ab)?", "[a-h]", "(one|two|three|four|five)", "(?:long ){40}",
            ]), 1..8),
        ) {
            let hir = ParserBuilder::new().build().parse(&parts.concat()).unwrap();
            let HirKind::Concat(parts) = hir.kind() else { return Ok(()) };
            let one_by_one = (0..parts.len()).map(|from| openings(extractor().extract(&Hir::concat(parts[from..].to_vec()))));
            prop_assert_eq!(openings_of_tails(parts), one_by_one.collect::<Vec<_>>());
        }

        /// The gate never hides a match: whatever matches holds one of the literals.
        #[test]
        fn every_match_holds_a_literal(
            parts in prop::collection::vec(prop::sample::select(vec![
                "no", "[Ss]till", "wr?ong", "s[ea]me", "(a|the) error", "ki\u{17f}s", "[,. ]+", r"\s+", ".{0,3}",
                " ?", "it's", "(i|YOU)?", "(said|MEANT)", "x+", r"\w+", r"\b", "(ab){2}", "$", "^", "É|ß",
            ]), 1..6),
            text in "(no|Still|wrong|wong|same|the error|kiss|É|ß)[,. \n]{0,2}(i|you|it's)? ?(said|meant|xx|abab)?",
        ) {
            let pattern = parts.concat();
            let folded = Folded::new(&text);
            let regex = RegexBuilder::new(&pattern).case_insensitive(true).build().unwrap();
            if let Some(found) = regex.find(folded.text())
                && let Some(set) = of(&pattern)
            {
                let flat = found.as_str().replace('\n', " ");
                prop_assert!(set.iter().any(|l| flat.contains(l.as_str())), "{pattern:?} on {flat:?}: {set:?}");
            }
        }

        /// The gate never hides a match in text as written, whatever the text is made of.
        #[test]
        fn every_match_as_written_leaves_a_literal_in_the_folded_text(
            parts in prop::collection::vec(prop::sample::select(vec![
                "NO", "[Ss]till", "(?i:no)", "(?i)kiss", "wr?ong", "(a|the) error", "[,. ]+", r"\s+", ".{0,3}", " ?", "it’s", "“", "i t",
                "(I|YOU)?", "(said|MEANT)", r"\w+", r"\b", "É|ß", "Ａ", "İ", "[éÉ]n", "e\u{301}", "a\u{200b}b", "[A-Z]", "谢谢", r"\u{301}", "  ",
            ]), 1..6),
            text in "(NO|no|Still|wrong|kiss|the error|É|ß|İ|Ａ|é|e\u{301}|\u{301}|\u{200b}|it’s|it's|“|谢|ſ|\u{212a}iss|i t|a\u{200b}b|ab|[,. \n\u{a0}]|I|YOU|said|MEANT|[A-Z]){0,9}",
        ) {
            let pattern = parts.concat();
            let hir = ParserBuilder::new().build().parse(&pattern).unwrap();
            if let Some(set) = RequiredLiterals::of_written(&hir)
                && regex::Regex::new(&pattern).unwrap().is_match(&text)
                && !may_compose(&text)
            {
                let flat = Folded::new(&text).text().replace('\n', " ");
                prop_assert!(set.iter().any(|l| flat.contains(l)), "{pattern:?} on {text:?}: {set:?}");
            }
        }

        #[test]
        fn a_text_leaves_its_core_wherever_it_stands(
            inner in "([a-zA-Z’Ａİ ]|\\PC|[\u{200b}\u{a0}\n]){1,6}",
            before in "([a-zA-Z ]|\\PC|[\u{200b}\u{a0}\n]){0,3}",
            after in "([a-zA-Z ]|\\PC|[\u{200b}\u{a0}\n]){0,3}",
        ) {
            let text = [before, inner.clone(), after].concat();
            if !may_compose(&text) {
                prop_assert!(Folded::new(&text).text().replace('\n', " ").contains(&folded_core(&inner)), "{text:?}");
            }
        }
    }
}
