//! Facts: what rules may ask a classifier about a turn.

use std::ops::RangeInclusive;

/// Something that a rule may ask for, as `plugin.name`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: FactKind,
}

/// What the values of a fact are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FactKind {
    Number { least: f64, most: f64 },
    Truth,
    Word(&'static [&'static str]),
}

impl Fact {
    /// A number in `range`, such as a sentiment from -1 to 1. Names consist of lower-case ASCII letters, digits, `-` and `_`;
    /// `about` is a line for people.
    pub const fn number(name: &'static str, about: &'static str, range: RangeInclusive<f64>) -> Self {
        Self { name, about, kind: FactKind::Number { least: *range.start(), most: *range.end() } }
    }

    /// Something that holds or does not.
    pub const fn truth(name: &'static str, about: &'static str) -> Self {
        Self { name, about, kind: FactKind::Truth }
    }

    /// One of some words, which are made as names are.
    pub const fn word(name: &'static str, about: &'static str, words: &'static [&'static str]) -> Self {
        Self { name, about, kind: FactKind::Word(words) }
    }
}

/// What a classifier knows of one turn; a fact that nobody sets is not known, and no condition on it holds.
///
/// A name that is not among [`Classifier::FACTS`](crate::Classifier::FACTS), a value of another kind, and a word that the
/// fact does not have make the call fail. A number out of its fact's range costs the turn a question to the judge.
#[derive(Debug)]
pub struct FactValues<'v> {
    facts: &'static [Fact],
    values: &'v mut [f64],
    mistake: Option<String>,
}

impl<'v> FactValues<'v> {
    pub(crate) const fn new(facts: &'static [Fact], values: &'v mut [f64]) -> Self {
        Self { facts, values, mistake: None }
    }

    /// Sets a number.
    pub fn number(&mut self, name: &str, value: f64) {
        self.set(name, "a number", |kind| matches!(kind, FactKind::Number { .. }).then_some(value));
    }

    /// Sets whether something holds.
    pub fn truth(&mut self, name: &str, holds: bool) {
        let value = f64::from(u8::from(holds));
        self.set(name, "a truth", |kind| matches!(kind, FactKind::Truth).then_some(value));
    }

    /// Sets a word.
    pub fn word(&mut self, name: &str, word: &str) {
        self.set(name, &format!("the word `{word}`"), |kind| match kind {
            FactKind::Word(words) => words.iter().position(|known| *known == word).map(|index| index as f64),
            _ => None,
        });
    }

    fn set(&mut self, name: &str, what: &str, value: impl FnOnce(&FactKind) -> Option<f64>) {
        let place = self.facts.iter().position(|fact| fact.name == name);
        match place.map(|place| (place, value(&self.facts[place].kind))) {
            Some((place, Some(value))) => self.values[place] = value,
            Some((_, None)) => self.mistake = Some(format!("the fact `{name}` cannot be {what}")),
            None => self.mistake = Some(format!("the fact `{name}` is not among its FACTS")),
        }
    }

    /// The author's last mistake, in words.
    pub(crate) fn into_mistake(self) -> Option<String> {
        self.mistake
    }
}
