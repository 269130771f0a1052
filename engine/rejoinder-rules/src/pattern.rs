//! A regex of a rule, as it runs over folded text.
//!
//! Two automata stand for it, each built when it is first needed. One has no tables of Unicode: it is built several times
//! faster, never leaves its fast path, and runs over ASCII turns and, where the pattern names nothing that shadows hide,
//! over the shadows of all others ([`TurnText`]). What is left goes to the one with the tables. They find the same.

use std::ops::Range;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use regex_automata::meta;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::literals;
use crate::shadow::TurnText;
use crate::shadow_pattern::ShadowPattern;

/// Greatest size of a compiled regex, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// A pattern of fewer states, generously counted, stays far below that.
const SURELY_SMALL: usize = 20_000;

/// A regex over folded text, matched without regard to case.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    /// See [`literals::required`].
    literals: Option<Vec<String>>,
    shadow: OnceLock<ShadowRegex>,
    unicode: OnceLock<Regex>,
}

#[derive(Clone, Debug)]
struct ShadowRegex {
    regex: meta::Regex,
    suits_all: bool,
}

/// Why a pattern cannot be used.
#[derive(Debug)]
pub(crate) enum PatternError {
    /// The pattern is no regex.
    Syntax(Box<regex_syntax::Error>),
    /// The pattern matches the empty text.
    MatchesEmpty,
    /// The compiled pattern would be too large.
    TooLarge,
}

impl Pattern {
    /// Reads a pattern.
    pub(crate) fn new(source: &str) -> Result<Self, PatternError> {
        let hir = parse(source).map_err(PatternError::Syntax)?;
        let pattern = Self {
            source: source.to_owned(),
            literals: literals::required(&hir),
            shadow: OnceLock::new(),
            unicode: OnceLock::new(),
        };
        if states(&hir) > SURELY_SMALL {
            let regex = builder(source).size_limit(SIZE_LIMIT).build().map_err(|_| PatternError::TooLarge)?;
            pattern.unicode.get_or_init(|| regex);
        }
        if hir.properties().minimum_len() == Some(0) && pattern.find(&TurnText::default()).is_some() {
            return Err(PatternError::MatchesEmpty);
        }
        Ok(pattern)
    }

    /// The pattern as its author wrote it.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Folded literals; every match holds one of them. `None` if no useful literals are known.
    pub(crate) fn literals(&self) -> Option<&[String]> {
        self.literals.as_deref()
    }

    /// The first match in a turn, in bytes of the folded text.
    pub(crate) fn find(&self, turn: &TurnText) -> Option<Range<usize>> {
        self.find_where(turn, |_| true)
    }

    /// The first of the matches in a turn, none overlapping the one before it, that `fits`; in bytes of the folded text.
    pub(crate) fn find_where(
        &self,
        turn: &TurnText,
        mut fits: impl FnMut(&Range<usize>) -> bool,
    ) -> Option<Range<usize>> {
        let over_shadows = self.shadow.get_or_init(|| self.over_shadows());
        if turn.is_ascii() || over_shadows.suits_all {
            let mut found = over_shadows.regex.find_iter(turn.shadow()).map(|m| turn.range(m.range()));
            return found.find(|range| fits(range));
        }
        let regex = self.unicode.get_or_init(|| {
            builder(&self.source).size_limit(usize::MAX).build().expect("the pattern was read before")
        });
        regex.find_iter(turn.text()).map(|m| m.range()).find(|range| fits(range))
    }

    fn over_shadows(&self) -> ShadowRegex {
        let hir = parse(&self.source).expect("the pattern was read before");
        let ShadowPattern { hir, suits_all } = ShadowPattern::of(&hir);
        let config = meta::Config::new().utf8_empty(false).nfa_size_limit(None).onepass_size_limit(None);
        let regex =
            meta::Builder::new().configure(config).build_from_hir(&hir).expect("its size has no limit");
        ShadowRegex { regex, suits_all }
    }
}

fn parse(source: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    ParserBuilder::new().case_insensitive(true).build().parse(source).map_err(Box::new)
}

/// How many states an automaton for the expression has, about.
fn states(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)) as usize;
            states(&repetition.sub).saturating_mul(times.max(1))
        }
        HirKind::Capture(capture) => states(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(states).fold(0, usize::saturating_add)
        }
    }
}

fn builder(source: &str) -> RegexBuilder {
    let mut builder = RegexBuilder::new(source);
    builder.case_insensitive(true);
    builder
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_used_is_refused() {
        assert!(matches!(Pattern::new("(a"), Err(PatternError::Syntax(_))));
        assert!(matches!(Pattern::new("a*"), Err(PatternError::MatchesEmpty)));
        assert!(matches!(Pattern::new("^$"), Err(PatternError::MatchesEmpty)));
        for too_large in [r"(?:\w{500}){500}", r"\w{200}", r"(?:[a-z]{1000}){100}", r"x{200000}"] {
            assert!(matches!(Pattern::new(too_large), Err(PatternError::TooLarge)), "{too_large}");
        }
        assert!(Pattern::new(r"\bno\b").is_ok());
    }

    fn turn(text: &str) -> TurnText {
        let mut turn = TurnText::default();
        turn.fold(text);
        turn
    }

    #[test]
    fn a_pattern_that_needs_unicode_matches_ascii_too() {
        let pattern = Pattern::new(r"caf[eé]\b").unwrap();
        assert_eq!(pattern.find(&turn("a cafe, please")), Some(2..6));
        assert_eq!(pattern.find(&turn("un café")), Some(3..8));
    }

    #[test]
    fn places_in_a_shadow_lead_back_to_the_text() {
        let pattern = Pattern::new(r"\bno, .{4}\b").unwrap();
        assert_eq!(pattern.find(&turn("éà no, çaéà!")), Some(5..16));
        assert_eq!(pattern.find(&turn("énó no, ça")), None);
    }

    proptest! {
        /// The automaton without tables of Unicode finds what the one with them finds.
        #[test]
        fn both_automata_agree(
            parts in prop::collection::vec(prop::sample::select(vec![
                "no", "[^a-z]+", r"\w+", r"\W*", r"\b", r"\B", r"\s", r"\d{1,3}", ".", "[.,!?]", "(?:it|that)", "K", "s",
                "^", "$", "(?m)^", "x?", r"[\w']+", r"\pL", "é?", "(?i)NO", "(?-i:NO)", "[^é]", ".{2,3}", "_",
                "[éè]+", "é", "„", "[«„\"]", "[一-龥]", "ł", r"\D", r"\PL", "(?-i:É)", "[à-ÿ]", r"\u{301}", "œ|…", r"[\d_]", "[x-z]",
                r"\x01", r"[^\x00-\x40]", "я+", "[^\\w\\s]", "[yz]",
            ]), 1..6),
            text in "(no|it|that|K|s|x|1|22|[ ,.!?'_\n]|NO|é|ßx|谢谢|…|🙂|e\u{301}|[\u{1}yzœ„«٣ł²Ⅷя\u{301}\u{212a}ſ]){0,14}",
        ) {
            if let Ok(pattern) = Pattern::new(&parts.concat()) {
                let turn = turn(&text);
                let with_tables = builder(pattern.as_str()).build().unwrap().find(turn.text()).map(|m| m.range());
                prop_assert_eq!(pattern.find(&turn), with_tables, "{} on {:?}", pattern.as_str(), turn.text());
            }
        }
    }
}
