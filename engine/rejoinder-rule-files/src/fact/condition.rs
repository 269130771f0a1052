//! A condition of a rule on a fact: read from its text, compared, and written as a text again.

use std::fmt;
use std::ops::Range;

use rejoinder_core::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};

use super::value::{FactReading, FactValue};
use crate::place::FilePlace;

/// How a fact is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `>=`
    AtLeast,
    /// `>`
    Greater,
}

impl Comparison {
    /// All comparisons with their signs; a sign comes before those that it begins with.
    const ALL: [(Self, &'static str); 6] = [
        (Self::AtMost, "<="),
        (Self::Less, "<"),
        (Self::Unequal, "!="),
        (Self::AtLeast, ">="),
        (Self::Greater, ">"),
        (Self::Equal, "="),
    ];

    /// The sign in rule files.
    fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(other, _)| *other == self).map_or("", |(_, sign)| sign)
    }

    /// Whether the comparison asks for an order, which only numbers have.
    const fn is_of_order(self) -> bool {
        !matches!(self, Self::Equal | Self::Unequal)
    }

    pub(super) fn of_numbers(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::AtLeast => left >= right,
            Self::Greater => left > right,
        }
    }
}

/// A condition on a fact, such as `mood.sentiment < -0.5`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FactCondition {
    /// The plugin that tells the fact.
    pub plugin: String,
    /// The fact's name.
    pub fact: String,
    /// How the fact is compared.
    pub comparison: Comparison,
    /// What the fact is compared with.
    pub wanted: FactValue,
    /// The number of the fact among those that the rules in force ask for.
    #[serde(skip)]
    pub slot: u32,
    /// Where the condition stands in its file.
    pub(crate) place: FilePlace,
}

/// Why a text is no condition on a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactSyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where in the text, in bytes.
    pub span: Range<usize>,
}

/// Whether a text can be the name of a plugin or a fact.
pub(crate) fn is_name(text: &str) -> bool {
    let of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    !text.is_empty() && text.chars().all(of_name)
}

impl FactCondition {
    /// Reads a condition: `plugin.fact` with a comparison (`<`, `<=`, `=`, `!=`, `>=`, `>`) and a number or word, or alone, or behind
    /// `not`.
    ///
    /// # Errors
    /// If the text is no such condition.
    pub fn parse(text: &str) -> Result<Self, FactSyntaxError> {
        let wrong = |message: String, span: Range<usize>| Err(FactSyntaxError { message, span });
        let mut at = text.len() - text.trim_start().len();
        let is_negated = text[at..].strip_prefix("not").is_some_and(|rest| rest.starts_with([' ', '\t']));
        if is_negated {
            at += "not".len();
            at += text[at..].len() - text[at..].trim_start().len();
        }
        let is_behind = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '=' | '!');
        let end = text[at..].find(is_behind).map_or(text.len(), |length| at + length);
        let name = &text[at..end];
        let parts: Vec<&str> = name.split('.').collect();
        let &[plugin, fact] = &*parts else {
            return wrong(format!("`{}` names no fact of a plugin", name.escape_debug()), at..end);
        };
        if ![plugin, fact].into_iter().all(is_name) {
            let message = format!(
                "`{}` names no fact of a plugin: the names of both are made of a-z, 0-9, - and _",
                name.escape_debug()
            );
            return wrong(message, at..end);
        }
        let rest = text[end..].trim_start();
        let sign_at = text.len() - rest.len();
        let condition = |comparison, wanted| Self {
            plugin: plugin.to_owned(),
            fact: fact.to_owned(),
            comparison,
            wanted,
            slot: 0,
            place: FilePlace::default(),
        };
        if rest.is_empty() {
            return Ok(condition(Comparison::Equal, FactValue::Truth(!is_negated)));
        }
        let Some((comparison, sign)) = Comparison::ALL.into_iter().find(|(_, sign)| rest.starts_with(sign))
        else {
            let message = format!("`{}` is no comparison", rest.escape_debug());
            return wrong(message, sign_at..text.len());
        };
        if is_negated {
            let message = "`not` stands before a fact alone, not before a comparison".to_owned();
            return wrong(message, at..text.len());
        }
        let value = rest[sign.len()..].trim();
        let value_at = text.len() - rest[sign.len()..].trim_start().len();
        if value.is_empty() {
            return wrong(format!("nothing stands behind `{sign}`"), sign_at..sign_at + sign.len());
        }
        let value_span = value_at..value_at + value.len();
        let wanted = match value.parse::<f64>() {
            Ok(number) if number.is_finite() => FactValue::Number(number),
            _ if comparison.is_of_order() => {
                return wrong(
                    format!("`{sign}` compares with a number, which `{}` is not", value.escape_debug()),
                    value_span,
                );
            }
            _ if value.starts_with(['=', '<', '>', '!']) => {
                return wrong(format!("`{sign}` is the comparison, and no word begins so"), value_span);
            }
            _ => match value {
                "true" => FactValue::Truth(true),
                "false" => FactValue::Truth(false),
                word => FactValue::Word(word.into()),
            },
        };
        Ok(condition(comparison, wanted))
    }

    /// The condition, standing where a diagnostic says.
    pub(crate) fn at(self, place: Diagnostic) -> Self {
        Self { place: place.into(), ..self }
    }

    /// The fact's name with the plugin's, such as `mood.sentiment`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.plugin, self.fact)
    }

    /// Whether the condition holds for what is known of the fact; not where nothing is.
    pub fn holds(&self, reading: &FactReading) -> bool {
        let FactReading::Known(value) = reading else { return false };
        match (value, &self.wanted) {
            (FactValue::Number(value), FactValue::Number(wanted)) => {
                self.comparison.of_numbers(*value, *wanted)
            }
            (FactValue::Truth(value), FactValue::Truth(wanted)) => {
                (value == wanted) == (self.comparison == Comparison::Equal)
            }
            (FactValue::Word(value), FactValue::Word(wanted)) => {
                (value == wanted) == (self.comparison == Comparison::Equal)
            }
            _ => false,
        }
    }
}

impl fmt::Display for FactCondition {
    /// The condition as a rule file says it, without the quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plugin, fact, comparison, wanted, .. } = self;
        match (comparison, wanted) {
            (Comparison::Equal, FactValue::Truth(true)) => write!(f, "{plugin}.{fact}"),
            (Comparison::Equal, FactValue::Truth(false)) => write!(f, "not {plugin}.{fact}"),
            _ => write!(f, "{plugin}.{fact} {} {wanted}", comparison.sign()),
        }
    }
}
