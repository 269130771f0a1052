//! A regex of a rule, as it runs over folded text, or over text as written.
//!
//! Over folded text two automata stand for it, each built when it is first needed. One has no tables of Unicode: it is built several times
//! faster, never leaves its fast path, and runs over ASCII turns and, where the pattern names nothing that shadows hide,
//! over the shadows of all others ([`TurnText`]). What is left goes to the one with the tables. They find the same.
//!
//! A pattern is stored with what is costly to work out: its literals, and the expression over shadows. The room that its
//! search takes belongs to the thread that searches ([`SearchRoom`]): threads that shared it would wait for one another.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use regex_automata::util::iter::Searcher;
use regex_automata::{Input, meta};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde::{Deserialize, Serialize};

use crate::literals::RequiredLiterals;
use crate::reading::TextReading;
use crate::shadow::TurnText;
use crate::shadow_pattern::ShadowPattern;

/// Greatest size of a compiled regex, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// A pattern of fewer states, generously counted, stays far below that.
const SURELY_SMALL: usize = 20_000;

/// A regex over folded text, matched without regard to case, or over text as written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "StoredPattern", into = "StoredPattern")]
pub struct Pattern {
    source: String,
    reading: TextReading,
    literals: Option<RequiredLiterals>,
    shadow: OnceLock<ShadowPattern>,
    over_shadows: OnceLock<meta::Regex>,
    unicode: OnceLock<Regex>,
    /// The pattern's place in a [`SearchRoom`].
    place: usize,
}

/// What searches by patterns write to on their way, kept for the next search; one a thread.
#[derive(Debug, Default)]
pub struct SearchRoom(RefCell<Vec<Option<meta::Cache>>>);

impl SearchRoom {
    /// Searches by a regex, in the room of the pattern at `place`.
    fn find(
        &self,
        place: usize,
        regex: &meta::Regex,
        text: &[u8],
        mut fits: impl FnMut(Range<usize>) -> Option<Range<usize>>,
    ) -> Option<Range<usize>> {
        let mut room = self.0.borrow_mut();
        if room.len() <= place {
            room.resize_with(place + 1, || None);
        }
        let cache = room[place].get_or_insert_with(|| regex.create_cache());
        let mut searcher = Searcher::new(Input::new(text));
        loop {
            let found = searcher.advance(|input| Ok(regex.search_with(cache, input)))?;
            if let Some(range) = fits(found.range()) {
                return Some(range);
            }
        }
    }
}

/// A pattern as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredPattern {
    source: String,
    #[serde(default, skip_serializing_if = "TextReading::is_folded")]
    reading: TextReading,
    literals: Option<RequiredLiterals>,
    /// Patterns over text as written have none.
    shadow: Option<ShadowPattern>,
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
    /// Reads a pattern over texts that are read so.
    pub(crate) fn new(source: &str, reading: TextReading) -> Result<Self, PatternError> {
        let hir = parse(source, reading).map_err(PatternError::Syntax)?;
        let literals = match reading {
            TextReading::Folded => RequiredLiterals::of(&hir),
            TextReading::AsWritten => RequiredLiterals::of_written(&hir),
        };
        let pattern = Self {
            source: source.to_owned(),
            reading,
            literals,
            shadow: OnceLock::new(),
            over_shadows: OnceLock::new(),
            unicode: OnceLock::new(),
            place: 0,
        };
        if states(&hir) > SURELY_SMALL {
            let regex = builder(source, reading)
                .size_limit(SIZE_LIMIT)
                .build()
                .map_err(|_| PatternError::TooLarge)?;
            pattern.unicode.get_or_init(|| regex);
        }
        if hir.properties().minimum_len() == Some(0)
            && pattern.find_in("", &TurnText::default(), &SearchRoom::default()).is_some()
        {
            return Err(PatternError::MatchesEmpty);
        }
        Ok(pattern)
    }

    /// The pattern as its author wrote it.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// How the pattern reads the texts that it searches.
    pub const fn reading(&self) -> TextReading {
        self.reading
    }

    /// Folded literals; every match holds one of them, or in a text as written leaves one in the folded text unless the text
    /// [may compose](rejoinder_core::fold::may_compose). `None` if no useful literals are known.
    pub fn literals(&self) -> Option<impl Iterator<Item = &str>> {
        self.literals.as_ref().map(RequiredLiterals::iter)
    }

    /// Gives the pattern a place of its own among all patterns that share a [`SearchRoom`].
    pub fn put_at(&mut self, place: usize) {
        self.place = place;
    }

    /// The first match in a text, in bytes of the text as the pattern reads it. The text is given in both readings.
    pub fn find_in(&self, written: &str, folded: &TurnText, room: &SearchRoom) -> Option<Range<usize>> {
        match self.reading {
            TextReading::Folded => self.find(folded, room),
            TextReading::AsWritten => self.find_written(written, |_| true),
        }
    }

    /// The first of the matches in a text as written, none overlapping the one before it, that `fits`.
    pub fn find_written(&self, text: &str, fits: impl FnMut(&Range<usize>) -> bool) -> Option<Range<usize>> {
        self.find_with_tables(text, fits)
    }

    /// The first match in a turn, in bytes of the folded text.
    pub fn find(&self, turn: &TurnText, room: &SearchRoom) -> Option<Range<usize>> {
        self.find_where(turn, room, |_| true)
    }

    /// The first of the matches in a turn, none overlapping the one before it, that `fits`; in bytes of the folded text.
    pub fn find_where(
        &self,
        turn: &TurnText,
        room: &SearchRoom,
        mut fits: impl FnMut(&Range<usize>) -> bool,
    ) -> Option<Range<usize>> {
        let shadow = self.shadow();
        if turn.is_ascii() || shadow.suits_all {
            let regex = self.over_shadows.get_or_init(|| shadow.regex());
            return room
                .find(self.place, regex, turn.shadow(), |found| Some(turn.range(found)).filter(&mut fits));
        }
        self.find_with_tables(turn.text(), fits)
    }

    /// The first of the matches that `fits`, by the automaton with tables of Unicode, in a text that is read as the pattern reads it.
    fn find_with_tables(
        &self,
        text: &str,
        mut fits: impl FnMut(&Range<usize>) -> bool,
    ) -> Option<Range<usize>> {
        self.with_tables().find_iter(text).map(|m| m.range()).find(|range| fits(range))
    }

    /// The automaton with tables of Unicode.
    fn with_tables(&self) -> &Regex {
        self.unicode.get_or_init(|| {
            let mut builder = builder(&self.source, self.reading);
            builder.size_limit(usize::MAX).build().expect("the pattern was read before")
        })
    }

    fn shadow(&self) -> &ShadowPattern {
        self.shadow.get_or_init(|| {
            ShadowPattern::of(&parse(&self.source, self.reading).expect("the pattern was read before"))
        })
    }
}

impl From<StoredPattern> for Pattern {
    fn from(StoredPattern { source, reading, literals, shadow }: StoredPattern) -> Self {
        Self {
            source,
            reading,
            literals,
            shadow: shadow.map_or_else(OnceLock::new, Into::into),
            over_shadows: OnceLock::new(),
            unicode: OnceLock::new(),
            place: 0,
        }
    }
}

impl From<Pattern> for StoredPattern {
    fn from(pattern: Pattern) -> Self {
        let shadow = pattern.reading.is_folded().then(|| pattern.shadow().clone());
        let Pattern { source, reading, literals, .. } = pattern;
        Self { source, reading, literals, shadow }
    }
}

fn parse(source: &str, reading: TextReading) -> Result<Hir, Box<regex_syntax::Error>> {
    ParserBuilder::new().case_insensitive(reading.is_folded()).build().parse(source).map_err(Box::new)
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

fn builder(source: &str, reading: TextReading) -> RegexBuilder {
    let mut builder = RegexBuilder::new(source);
    builder.case_insensitive(reading.is_folded());
    builder
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_used_is_refused() {
        assert!(matches!(Pattern::new("(a", TextReading::Folded), Err(PatternError::Syntax(_))));
        assert!(matches!(Pattern::new("a*", TextReading::Folded), Err(PatternError::MatchesEmpty)));
        assert!(matches!(Pattern::new("^$", TextReading::Folded), Err(PatternError::MatchesEmpty)));
        for too_large in [r"(?:\w{500}){500}", r"\w{200}", r"(?:[a-z]{1000}){100}", r"x{200000}"] {
            assert!(
                matches!(Pattern::new(too_large, TextReading::Folded), Err(PatternError::TooLarge)),
                "{too_large}"
            );
        }
        assert!(Pattern::new(r"\bno\b", TextReading::Folded).is_ok());
    }

    fn found(pattern: &Pattern, turn: &TurnText) -> Option<Range<usize>> {
        pattern.find(turn, &SearchRoom::default())
    }

    fn turn(text: &str) -> TurnText {
        let mut turn = TurnText::default();
        turn.fold(text);
        turn
    }

    #[test]
    fn a_pattern_that_needs_unicode_matches_ascii_too() {
        let pattern = Pattern::new(r"caf[eé]\b", TextReading::Folded).unwrap();
        assert_eq!(found(&pattern, &turn("a cafe, please")), Some(2..6));
        assert_eq!(found(&pattern, &turn("un café")), Some(3..8));
    }

    #[test]
    fn places_in_a_shadow_lead_back_to_the_text() {
        let pattern = Pattern::new(r"\bno, .{4}\b", TextReading::Folded).unwrap();
        assert_eq!(found(&pattern, &turn("éà no, çaéà!")), Some(5..16));
        assert_eq!(found(&pattern, &turn("énó no, ça")), None);
    }

    #[test]
    fn over_text_as_written_case_and_quotes_count() {
        let shout = Pattern::new(r"\b[A-Z]{3,}\b", TextReading::AsWritten).unwrap();
        let found = |pattern: &Pattern, text: &str| {
            pattern.find_in(text, &turn(text), &SearchRoom::default()).map(|range| text[range].to_owned())
        };
        assert_eq!(found(&shout, "no, WHY?"), Some("WHY".to_owned()));
        assert_eq!(found(&shout, "no, why?"), None);
        let curly = Pattern::new("don’t", TextReading::AsWritten).unwrap();
        assert_eq!((found(&curly, "I don’t"), found(&curly, "I don't")), (Some("don’t".to_owned()), None));
        let kept: Pattern = serde_json::from_str(&serde_json::to_string(&curly).unwrap()).unwrap();
        assert_eq!(found(&kept, "I DON’T, don’t"), Some("don’t".to_owned()));
        assert!(matches!(Pattern::new("a?", TextReading::AsWritten), Err(PatternError::MatchesEmpty)));
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
            if let Ok(pattern) = Pattern::new(&parts.concat(), TextReading::Folded) {
                let turn = turn(&text);
                let with_tables = builder(pattern.as_str(), TextReading::Folded).build().unwrap().find(turn.text()).map(|m| m.range());
                let stored = serde_json::to_string(&pattern).unwrap();
                let kept: Pattern = serde_json::from_str(&stored).unwrap();
                prop_assert_eq!(found(&pattern, &turn), with_tables.clone(), "{} on {:?}", pattern.as_str(), turn.text());
                prop_assert_eq!(found(&kept, &turn), with_tables, "{} on {:?}", stored, turn.text());
            }
        }
    }
}
