//! Conditions: what a rule asks of a turn and its dialogue besides words. A condition is measured, then compared, so that the
//! figures that decide and the figures that are explained are the same.

use std::fmt;
use std::ops::Range;

use rejoinder_core::language::Language;
use serde::{Deserialize, Serialize};

use crate::column::{ColumnCondition, ColumnValues};
use crate::dialogue_words::{DialogueWords, WordPlace};
use crate::fact::FactCondition;
use crate::named_rule::{self, NamedRule, Quorum};
use crate::pattern::Pattern;
use crate::reading::TextReading;
use crate::toml_text::toml_regex;

/// A condition of a rule; all of them must hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Condition {
    /// The turn has at least so many words.
    MinWords(u32),
    /// The turn has at most so many words.
    MaxWords(u32),
    /// The turn is, or is not, the conversation's first later turn.
    FirstTurn(bool),
    /// The turn is, or is not, the conversation's last later turn.
    LastTurn(bool),
    /// The assistant's last answer has, or has not, this trait.
    Previous(AnswerTrait, bool),
    /// The conversation is held in one of these languages.
    Language(Vec<Language>),
    /// The regex matches nowhere in the turn.
    Unless(Pattern),
    /// The turn has at least this similarity to an earlier user turn, in (0, 1].
    Similar(f32),
    /// The turn is, or is not, an earlier turn's template with other data in it.
    Template(bool),
    /// At least this share of the turn's words stands in the last answer, in (0, 1].
    InAnswer(f32),
    /// Words match, or match nowhere, in the last answer or the user's earlier turns.
    Dialogue(DialogueWords),
    /// A metadata column of the record compares so.
    Column(ColumnCondition),
    /// So many of these rules hit the turn.
    Rules(Quorum, Vec<NamedRule>),
    /// What a plugin tells of the turn compares so.
    Fact(FactCondition),
}

/// A trait of the assistant's last answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerTrait {
    /// The answer's last sentence is a question.
    EndsWithQuestion,
    /// The answer's opening apologises.
    Apologises,
    /// The answer's opening declines.
    Refuses,
    /// The answer stops in mid-sentence or inside a code block.
    CutOff,
    /// The answer holds a code block.
    HasCode,
    /// The answer is in another language than the user's turns.
    OtherLanguage,
}

impl AnswerTrait {
    /// All traits, with their keys in rule files.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::EndsWithQuestion, "ends-with-question"),
        (Self::Apologises, "apologises"),
        (Self::Refuses, "refuses"),
        (Self::CutOff, "cut-off"),
        (Self::HasCode, "has-code"),
        (Self::OtherLanguage, "other-language"),
    ];

    /// The key in rule files.
    pub const fn key(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// What was measured for a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Measurement {
    /// A number of words.
    Words(u32),
    /// Yes or no.
    Is(bool),
    /// A share or similarity in [0, 1].
    Share(f32),
    /// The language, if one was detected.
    Language(Option<Language>),
    /// Where the regex matched, in bytes of the turn as the regex reads it.
    Match(Option<Range<usize>>),
    /// Where words stand in another part of the dialogue, if they do, and how many texts were searched for them.
    Elsewhere(Option<WordPlace>, usize),
    /// What the record holds in the column.
    Column(ColumnValues),
    /// Nothing, since the condition is on what other rules find or plugins tell, which is known later.
    Later,
}

impl Condition {
    /// Whether the condition holds for what was measured for it.
    pub fn holds(&self, measured: &Measurement) -> bool {
        match (self, measured) {
            (Self::MinWords(least), Measurement::Words(words)) => words >= least,
            (Self::MaxWords(most), Measurement::Words(words)) => words <= most,
            (
                Self::FirstTurn(wanted)
                | Self::LastTurn(wanted)
                | Self::Template(wanted)
                | Self::Previous(_, wanted),
                Measurement::Is(is),
            ) => wanted == is,
            (Self::Language(wanted), Measurement::Language(is)) => is.is_some_and(|is| wanted.contains(&is)),
            (Self::Unless(_), Measurement::Match(found)) => found.is_none(),
            (Self::Dialogue(words), Measurement::Elsewhere(place, _)) => words.is_wanted == place.is_some(),
            (Self::Column(condition), Measurement::Column(values)) => condition.holds(values),
            (Self::Similar(least) | Self::InAnswer(least), Measurement::Share(share)) => share >= least,
            _ => false,
        }
    }
}

impl fmt::Display for Condition {
    /// The condition as a rule file says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinWords(words) => write!(f, "min-words = {words}"),
            Self::MaxWords(words) => write!(f, "max-words = {words}"),
            Self::FirstTurn(wanted) => write!(f, "turn.first = {wanted}"),
            Self::LastTurn(wanted) => write!(f, "turn.last = {wanted}"),
            Self::Previous(which, wanted) => write!(f, "previous-assistant.{} = {wanted}", which.key()),
            Self::Language(wanted) => {
                let codes: Vec<String> = wanted.iter().map(|l| format!("\"{l}\"")).collect();
                write!(f, "language = [{}]", codes.join(", "))
            }
            Self::Unless(regex) => write!(f, "unless = [{}]", toml_regex(regex.as_str())),
            Self::Similar(least) => write!(f, "similar-to-earlier = {least}"),
            Self::Template(wanted) => write!(f, "template = {wanted}"),
            Self::InAnswer(least) => write!(f, "words-in-answer = {least}"),
            Self::Dialogue(words) => words.fmt(f),
            Self::Column(condition) => condition.fmt(f),
            Self::Rules(quorum, rules) => named_rule::write_condition(f, *quorum, rules),
            Self::Fact(condition) => write!(f, "facts = [\"{condition}\"]"),
        }
    }
}

impl Measurement {
    /// The measurement in words; `turn` is the turn, read as the rule reads text.
    pub fn describe(&self, turn: &str, reading: TextReading) -> String {
        match self {
            Self::Words(words) => format!("{words} words"),
            Self::Is(is) => is.to_string(),
            Self::Share(share) => format!("{share:.2}"),
            Self::Language(language) => language.map_or("no language told", Language::code).to_owned(),
            Self::Column(values) if values.is_empty() => {
                "the record has no value in such a column".to_owned()
            }
            Self::Column(values) => {
                let values: Vec<String> =
                    values.iter().map(|value| format!("`{}`", value.escape_debug())).collect();
                values.join(", ")
            }
            Self::Later => "not measured".to_owned(),
            Self::Match(None) | Self::Elsewhere(None, _) => "no match".to_owned(),
            Self::Elsewhere(Some(place), _) => format!("matches in message {}", place.message),
            Self::Match(Some(range)) => {
                let text = turn.get(range.clone()).unwrap_or_default();
                format!("matches `{}` at byte {} of {}", text.escape_debug(), range.start, reading.of_turn())
            }
        }
    }
}
