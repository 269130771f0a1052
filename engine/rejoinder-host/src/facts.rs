//! Facts: what rules may ask a plugin about a turn. What a plugin declares of them, and the values that it gives, read with
//! suspicion.

use std::fmt;
use std::ops::Range;

#[cfg(unix)]
use bytemuck::{cast_slice, cast_slice_mut};
use serde::{Deserialize, Serialize};

use crate::abi::{self, Plugin, fact_kind};
use crate::handshake::{HandshakeError, is_name, text};
use crate::output::Column;

/// The greatest number of facts of a plugin, and of words of a fact.
const MOST: u32 = 1024;

/// A fact that a plugin declares: a rule asks for it as `plugin.name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactDescription {
    /// The name.
    pub name: String,
    /// One line about it.
    pub about: String,
    /// What its values are.
    pub kind: FactKind,
}

/// What the values of a fact are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactKind {
    /// A number between two others, both included.
    Number {
        /// The least.
        least: f64,
        /// The most.
        most: f64,
    },
    /// 0 or 1.
    Truth,
    /// One of some words: the value is its index.
    Word {
        /// The words.
        words: Vec<String>,
    },
}

impl FactKind {
    /// Whether a fact may have a value: NaN, which is "not known", always.
    pub fn allows(&self, value: f64) -> bool {
        let is_right = match self {
            Self::Number { least, most } => (*least..=*most).contains(&value),
            Self::Truth => value == 0.0 || value == 1.0,
            Self::Word { words } => value.fract() == 0.0 && (0.0..words.len() as f64).contains(&value),
        };
        is_right || value.is_nan()
    }
}

impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { least, most } => write!(f, "a number from {least} to {most}"),
            Self::Truth => f.write_str("0 or 1"),
            Self::Word { words } => write!(f, "the index of one of {} words", words.len()),
        }
    }
}

/// A value that a fact cannot have; as text, the message of the fault.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FactError {
    name: String,
    value: f64,
    kind: FactKind,
}

impl fmt::Display for FactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, kind } = self;
        write!(f, "it gave the fact `{name}` the value {value}, which is not {kind}")
    }
}

/// The values of a plugin's facts, a row a candidate.
#[derive(Debug, Default)]
pub(crate) struct FactValues {
    width: usize,
    values: Column<f64>,
}

impl FactValues {
    /// Makes room for `n` candidates and so many facts.
    pub fn resize(&mut self, n: usize, facts: usize) {
        self.width = facts;
        self.values.resize(n * facts, f64::NAN);
    }

    fn of(&self, range: &Range<usize>) -> Range<usize> {
        range.start * self.width..range.end * self.width
    }

    /// The pre-filled rows of the candidates in `range`, to be written by a plugin.
    ///
    /// # Panics
    /// If there is no room for `range`.
    pub fn prefilled(&mut self, range: &Range<usize>) -> *mut f64 {
        let rows = self.of(range);
        self.values[rows.clone()].fill(f64::NAN);
        self.values[rows].as_mut_ptr()
    }

    /// A candidate's row.
    ///
    /// # Errors
    /// A value is not one of its fact.
    ///
    /// # Panics
    /// If there is no room for `candidate`, or `facts` are of another plugin.
    pub fn row(&self, candidate: usize, facts: &[FactDescription]) -> Result<&[f64], FactError> {
        let row = &self.values[self.of(&(candidate..candidate + 1))];
        assert_eq!(row.len(), facts.len(), "a value a fact");
        match facts.iter().zip(row).find(|(fact, value)| !fact.kind.allows(**value)) {
            Some((fact, &value)) => {
                Err(FactError { name: fact.name.clone(), value, kind: fact.kind.clone() })
            }
            None => Ok(row),
        }
    }
}

/// The way of values to another process.
#[cfg(unix)]
impl FactValues {
    /// The rows of the candidates in `range`.
    pub fn as_bytes(&self, range: &Range<usize>) -> &[u8] {
        cast_slice(&self.values[self.of(range)])
    }

    /// The same, to be filled.
    pub fn as_bytes_mut(&mut self, range: &Range<usize>) -> &mut [u8] {
        let rows = self.of(range);
        cast_slice_mut(&mut self.values[rows])
    }
}

/// The facts that a plugin's table declares.
///
/// # Errors
/// A declaration makes no sense.
pub(crate) fn read_facts(plugin: &Plugin) -> Result<Vec<FactDescription>, HandshakeError> {
    if plugin.n_facts == 0 || plugin.n_facts > MOST || plugin.facts.is_null() {
        let why = format!("it has RJN_GIVES_FACTS, and its table of {} facts cannot be", plugin.n_facts);
        return Err(HandshakeError::Facts(why));
    }
    let mut facts: Vec<FactDescription> = Vec::new();
    for index in 0..plugin.n_facts as usize {
        // SAFETY: the table holds `n_facts` facts, as the header says.
        let fact = read_fact(unsafe { &*plugin.facts.add(index) })?;
        if facts.iter().any(|other| other.name == fact.name) {
            return Err(HandshakeError::Facts(format!("it declares the fact `{}` twice", fact.name)));
        }
        facts.push(fact);
    }
    Ok(facts)
}

fn read_fact(fact: &abi::Fact) -> Result<FactDescription, HandshakeError> {
    let (name, about) = (text(fact.name, "fact's name")?, text(fact.about, "fact's about")?);
    if !is_name(&name) {
        return Err(HandshakeError::Facts(format!(
            "the name of its fact `{}` is not made of a-z, 0-9, - and _",
            name.escape_debug()
        )));
    }
    let kind = read_kind(fact).map_err(|why| HandshakeError::Facts(format!("its fact `{name}` {why}")))?;
    Ok(FactDescription { name, about, kind })
}

/// # Errors
/// What is wrong with the fact.
fn read_kind(fact: &abi::Fact) -> Result<FactKind, String> {
    match fact.kind {
        fact_kind::NUMBER => {
            let (least, most) = (fact.least, fact.most);
            if least.is_finite() && most.is_finite() && least < most {
                return Ok(FactKind::Number { least, most });
            }
            Err(format!("is a number from {least} to {most}: least and most are finite, and least is less"))
        }
        fact_kind::TRUTH => Ok(FactKind::Truth),
        fact_kind::WORD => {
            let n = fact.n_words;
            if n == 0 || n > MOST || fact.words.is_null() {
                return Err(format!("is a word, and its table of {n} words cannot be"));
            }
            let mut words: Vec<String> = Vec::new();
            for index in 0..n as usize {
                // SAFETY: the table holds `n_words` words, as the header says.
                let word = text(unsafe { *fact.words.add(index) }, "word")
                    .map_err(|e| format!("is a word, and {e}"))?;
                // A rule that asks for such a word would ask for a truth or a number.
                if matches!(word.as_str(), "true" | "false") || word.parse::<f64>().is_ok() {
                    return Err(format!(
                        "has the word `{}`, which in a rule is no word",
                        word.escape_debug()
                    ));
                }
                if !is_name(&word) || words.contains(&word) {
                    let word = word.escape_debug();
                    return Err(format!(
                        "has the word `{word}` twice, or it is not made of a-z, 0-9, - and _"
                    ));
                }
                words.push(word);
            }
            Ok(FactKind::Word { words })
        }
        other => Err(format!("is of the kind {other}, which is not RJN_FACT_NUMBER, _TRUTH or _WORD")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_of_its_fact_or_not_known() {
        let number = FactKind::Number { least: -1.0, most: 1.0 };
        let word = FactKind::Word { words: vec!["calm".into(), "angry".into()] };
        let infinite = [f64::INFINITY, f64::NEG_INFINITY];
        for kind in [&number, &word, &FactKind::Truth] {
            assert!(kind.allows(f64::NAN));
            assert!(!infinite.iter().any(|value| kind.allows(*value)), "{kind:?}");
        }
        assert_eq!([-1.0, 0.5, 1.0, 1.1].map(|v| number.allows(v)), [true, true, true, false]);
        assert_eq!([0.0, 1.0, 2.0, 0.5, -1.0].map(|v| word.allows(v)), [true, true, false, false, false]);
        assert_eq!([0.0, 1.0, 2.0, 0.5].map(|v| FactKind::Truth.allows(v)), [true, true, false, false]);
    }

    #[test]
    fn a_row_with_a_wrong_value_names_fact_and_value() {
        let fact = |name: &str, kind| FactDescription { name: name.into(), about: String::new(), kind };
        let facts =
            [fact("polite", FactKind::Truth), fact("sentiment", FactKind::Number { least: -1.0, most: 1.0 })];
        let mut values = FactValues::default();
        values.resize(3, 2);
        let rows = values.prefilled(&(1..3));
        // SAFETY: two rows of two.
        unsafe { std::slice::from_raw_parts_mut(rows, 4) }.copy_from_slice(&[1.0, 0.25, f64::NAN, 7.0]);
        assert!(values.row(0, &facts).unwrap().iter().all(|value| value.is_nan()));
        assert_eq!(values.row(1, &facts).unwrap(), [1.0, 0.25]);
        assert_eq!(
            values.row(2, &facts).unwrap_err().to_string(),
            "it gave the fact `sentiment` the value 7, which is not a number from -1 to 1"
        );
    }
}
