//! Rules whose own conditions cancel what they look for.

use std::fmt;

use rejoinder_core::fold::{is_unsegmented, is_word_char, words};

use super::check::{Spans, Warn};
use super::containment::always_holds;
use crate::condition::Condition;
use crate::pattern::{Pattern, SearchRoom};
use crate::rule::{MatchPosition, Rule};
use crate::shadow::TurnText;

/// Words, and white space, that may stand before a phrase, and behind it.
const BEFORE: [&str; 4] = ["", "qx ", "7\n", "zj. "];
const BEHIND: [&str; 5] = ["", " qx", "\n7", ". zj", "!"];
/// Characters that may touch a phrase where its own first or last character allows it: the second one touches its like alone, since
/// nobody writes such characters right beside letters.
const TOUCHING: [char; 2] = ['x', '一'];

/// Why a phrase or regex never leads to a hit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause<'r> {
    /// The `unless` at this place matches wherever it does.
    Unless(usize, &'r str),
    /// The phrase has more words than `max-words` allows.
    TooLong(usize, u32),
    /// The phrase is the whole turn, and has fewer words than `min-words` asks for.
    TooShort(usize, u32),
}

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unless(_, pattern) => write!(f, "`unless = ['''{pattern}''']` matches wherever it does"),
            Self::TooLong(words, most) => write!(f, "it has {words} words, and `max-words` is {most}"),
            Self::TooShort(words, least) => {
                let noun = if *words == 1 { "word" } else { "words" };
                write!(f, "it is the whole turn and has {words} {noun}, and `min-words` is {least}")
            }
        }
    }
}

/// Warns where a rule's conditions cancel what it looks for.
pub(super) fn check(rule: &Rule, spans: &Spans, warn: &mut Warn<'_>) {
    let own: Vec<&Pattern> = unless(rule).collect();
    let limits = words_allowed(rule);
    if !rule.has_matcher() || !rule.text.is_folded() || (own.is_empty() && limits == (1, u32::MAX)) {
        return;
    }
    let of_phrases = rule.phrases.iter().map(|phrase| of_phrase(rule, phrase, &own, limits));
    let phrases: Vec<Option<Cause<'_>>> = of_phrases.collect();
    let regexes = rule.regexes.iter().map(|regex| of_regex(regex, &own));
    let all: Option<Vec<Cause<'_>>> = phrases.iter().copied().chain(regexes).collect();
    const HELP: &str = "narrow the condition to what must not be hit, or leave it out";
    match all.as_deref() {
        Some([Cause::Unless(place, _), rest @ ..])
            if rest.iter().all(|cause| matches!(cause, Cause::Unless(other, _) if other == place)) =>
        {
            let message = "the rule never hits: this `unless` matches wherever its phrases and regexes do";
            warn("W112", &spans.unless[*place], message.to_owned(), HELP);
        }
        Some([cause, rest @ ..]) => {
            let mut message = format!("the rule never hits what it looks for: {cause}");
            if !rest.is_empty() {
                let noun = if rest.len() == 1 {
                    "other phrase or regex is"
                } else {
                    "other phrases and regexes are"
                };
                message += &format!("; its {} {noun} cancelled as well", rest.len());
            }
            let span = spans.phrases.first().or_else(|| spans.regexes.first()).unwrap_or(&spans.rule);
            warn("W112", span, message, HELP);
        }
        _ => {
            for (cause, span) in phrases.iter().zip(&spans.phrases) {
                if let Some(cause) = cause {
                    warn("W112", span, format!("the rule never hits by this phrase: {cause}"), HELP);
                }
            }
        }
    }
}

/// The regexes that must not match.
pub(super) fn unless(rule: &Rule) -> impl Iterator<Item = &Pattern> {
    rule.conditions.iter().filter_map(|condition| match condition {
        Condition::Unless(pattern) => Some(pattern),
        _ => None,
    })
}

/// The least and greatest number of words of a turn that a rule allows.
pub(super) fn words_allowed(rule: &Rule) -> (u32, u32) {
    rule.conditions.iter().fold((1, u32::MAX), |(least, most), condition| match condition {
        Condition::MinWords(words) => (least.max(*words), most),
        Condition::MaxWords(words) => (least, most.min(*words)),
        _ => (least, most),
    })
}

fn of_phrase<'r>(
    rule: &Rule,
    phrase: &str,
    unless: &[&'r Pattern],
    (least, most): (u32, u32),
) -> Option<Cause<'r>> {
    let count = || words(phrase).count();
    if most != u32::MAX && count() > most as usize {
        return Some(Cause::TooLong(count(), most));
    }
    if rule.at == MatchPosition::Whole && least > 1 && count() < least as usize {
        return Some(Cause::TooShort(count(), least));
    }
    let place = unless.iter().position(|pattern| matches_always(pattern, phrase, rule.at))?;
    Some(Cause::Unless(place, unless[place].as_str()))
}

fn of_regex<'r>(regex: &Pattern, unless: &[&'r Pattern]) -> Option<Cause<'r>> {
    let source = regex.as_str().to_lowercase();
    // What each match of an `unless` holds stands in the regex as well, but where the two are written in odd ways.
    let may_hold = |pattern: &Pattern| {
        let opening = |literal: &str| {
            let letters = |c: &char| c.is_alphanumeric();
            source.contains(
                &literal.chars().skip_while(|c| !letters(c)).take_while(letters).take(4).collect::<String>(),
            )
        };
        pattern.literals().is_none_or(|mut literals| literals.any(opening))
    };
    let place = unless
        .iter()
        .position(|pattern| may_hold(pattern) && always_holds(regex.as_str(), pattern.as_str()))?;
    Some(Cause::Unless(place, unless[place].as_str()))
}

/// Whether a pattern matches a turn that is a phrase and nothing else.
pub(super) fn matches_alone(pattern: &Pattern, phrase: &str) -> bool {
    let may_match =
        pattern.literals().is_none_or(|mut literals| literals.any(|literal| phrase.contains(literal)));
    may_match && finds(pattern, phrase, &mut TurnText::default(), &SearchRoom::default())
}

/// Whether a pattern matches in each turn in which a rule finds a phrase, as far as trials tell.
fn matches_always(pattern: &Pattern, phrase: &str, at: MatchPosition) -> bool {
    if !matches_alone(pattern, phrase) {
        return false;
    }
    let is_open_before = matches!(at, MatchPosition::Anywhere | MatchPosition::End);
    let is_open_behind = matches!(at, MatchPosition::Anywhere | MatchPosition::Start);
    let before = if is_open_before { &BEFORE[..] } else { &["", "... "] };
    let behind = if is_open_behind { &BEHIND[..] } else { &["", "!"] };
    let touching = |is_open: bool, end: Option<char>| {
        let may_touch = move |c: &char| {
            end.is_some_and(|end| !is_word_char(end) || (is_unsegmented(*c) && is_unsegmented(end)))
        };
        let texts = TOUCHING.into_iter().filter(move |c| is_open && may_touch(c));
        texts.map(String::from).collect::<Vec<_>>()
    };
    let touching_before = touching(is_open_before, phrase.chars().next());
    let touching_behind = touching(is_open_behind, phrase.chars().next_back());
    let behind: Vec<&str> =
        behind.iter().copied().chain(touching_behind.iter().map(String::as_str)).collect();
    let (mut turn, room) = (TurnText::default(), SearchRoom::default());
    before.iter().copied().chain(touching_before.iter().map(String::as_str)).all(|lead| {
        behind.iter().all(|trail| finds(pattern, &format!("{lead}{phrase}{trail}"), &mut turn, &room))
    })
}

fn finds(pattern: &Pattern, text: &str, turn: &mut TurnText, room: &SearchRoom) -> bool {
    turn.fold(text);
    pattern.find(turn, room).is_some()
}
