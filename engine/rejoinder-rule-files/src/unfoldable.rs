//! Regexes that never match folded text, since they ask for what folding leaves nowhere.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};
use rejoinder_core::fold::{Folded, is_folded};
use rejoinder_core::printable;

/// The characters of a larger class are not looked at one by one.
const FEW: usize = 64;
/// A regex of plain ASCII without these parts asks for nothing that folding leaves nowhere.
const ODD_PARTS: [&str; 10] = ["  ", " {", "]{", "\\x", "\\u", "\\U", "\\t", "\\r", "\\f", "-i"];

/// What keeps a regex from matching any folded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfoldable {
    /// A character that does not occur in folded text.
    Character(char),
    /// White space behind white space.
    Spaces,
}

impl Unfoldable {
    /// What each match of a regex over folded text would have to hold and none can; `None` if nothing like that shows.
    pub(crate) fn of(source: &str) -> Option<Self> {
        // Most regexes need not be parsed for this once more.
        let is_odd = |c: char| !c.is_ascii() || c.is_ascii_control();
        let may_be = source.contains(is_odd) || ODD_PARTS.iter().any(|part| source.contains(part));
        let hir =
            may_be.then(|| ParserBuilder::new().case_insensitive(true).build().parse(source).ok())??;
        of_expression(&hir)
    }

    /// What never occurs, in words.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Character(c) => format!("`{}`", printable(c.encode_utf8(&mut [0; 4]))),
            Self::Spaces => "white space behind white space".to_owned(),
        }
    }

    /// What to write in its place.
    pub(crate) fn advice(&self) -> String {
        let instead = match self {
            Self::Spaces => "write one space".to_owned(),
            Self::Character(c) => match behind_a_letter(*c).as_str() {
                "" => "leave the character out".to_owned(),
                folded => format!("write `{}`", printable(folded)),
            },
        };
        format!(
            "{instead}, or say text = \"as-written\" in the rule, which then matches the text as it stands"
        )
    }
}

fn of_expression(hir: &Hir) -> Option<Unfoldable> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            let odd = text.chars().find(|&c| !may_occur(c)).map(Unfoldable::Character);
            odd.or_else(|| text.contains("  ").then_some(Unfoldable::Spaces))
        }
        HirKind::Class(Class::Unicode(class)) => {
            let is_small = class.iter().map(ClassUnicodeRange::len).sum::<usize>() <= FEW;
            let first = class.iter().next().filter(|_| is_small)?.start();
            let mut characters = class.iter().flat_map(|range| range.start()..=range.end());
            (!characters.any(may_occur)).then_some(Unfoldable::Character(first))
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            let is_space = |hir: &Hir| matches!(hir.kind(), HirKind::Literal(literal) if *literal.0 == *b" ");
            let repeats_space = repetition.min > 1 && is_space(&repetition.sub);
            of_expression(&repetition.sub).or(repeats_space.then_some(Unfoldable::Spaces))
        }
        HirKind::Capture(capture) => of_expression(&capture.sub),
        HirKind::Concat(parts) => parts.iter().find_map(of_expression),
        HirKind::Alternation(parts) => {
            parts.iter().map(of_expression).collect::<Option<Vec<_>>>()?.into_iter().next()
        }
        _ => None,
    }
}

/// Whether a character may occur in folded text. Behind a letter a mark composes, behind another mark it stays.
fn may_occur(c: char) -> bool {
    is_folded(c) || Folded::new(&format!(".{c}")).text().chars().eq(['.', c])
}

/// What folding makes of a character behind a letter.
fn behind_a_letter(c: char) -> String {
    Folded::new(&format!("a{c}")).text().get(1..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::RegexBuilder;

    use super::*;

    #[test]
    fn quotes_widths_and_spaces_that_folding_changes_are_told() {
        for (source, name, advice) in [
            ("don’t know", "`’`", "write `'`"),
            ("“quoted” word", "`“`", "write `\"`"),
            (r"\x{FF21}bcd", "`Ａ`", "write `a`"),
            ("two  spaces", "white space behind white space", "write one space"),
            ("two {2}spaces", "white space behind white space", "write one space"),
            ("(?:it’s|that’s) wrong", "`’`", "write `'`"),
            (r"no\twhy", r"`	`", "write ` `"),
            ("(?-i:NO)", "`N`", "write `n`"),
        ] {
            let found = Unfoldable::of(source).unwrap_or_else(|| panic!("{source}"));
            assert_eq!(found.name(), name, "{source}");
            assert!(found.advice().starts_with(advice), "{}", found.advice());
        }
        for source in [
            "don['’]t",
            "(?:don't|don’t)",
            "NO",
            "no’?",
            r"no\s+why",
            "[A-Z]",
            r"x\x{301}",
            "é",
            "ﬁ?",
            "(",
            "[“\"]",
        ] {
            assert_eq!(Unfoldable::of(source), None, "{source}");
        }
    }

    proptest! {
        /// What is told never to match matches no folded text.
        #[test]
        fn nothing_that_is_told_matches(
            parts in prop::collection::vec(prop::sample::select(vec![
                "no", "’", "“", " ", "  ", "Ａ", "[’']", "’?", r"\s", "é", r"\x{301}", "e\u{301}", "[A-Z]", "(?:’|x)", "(?-i:N)", "\u{200b}", "İ", "ſ", "ß", "\t", "ﬁ", "\u{a0}",
            ]), 1..5),
            text in "(no|’|“|'| |  |Ａ|é|e|x|\u{301}|N|\u{200b}|İ|ſ|ß|\t|ﬁ|\u{a0}|\n){0,10}",
        ) {
            let source = parts.concat();
            if Unfoldable::of(&source).is_some() {
                let regex = RegexBuilder::new(&source).case_insensitive(true).build().unwrap();
                let folded = Folded::new(&text);
                prop_assert!(!regex.is_match(folded.text()), "{} on {:?}", source, folded.text());
            }
        }
    }
}
