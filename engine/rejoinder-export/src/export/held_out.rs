//! Decontamination: texts that a model will be tested on must not be in its training data. Runs of words are
//! compared, as in the appendix of the GPT-3 paper (arXiv 2005.14165, section C), which used 13.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use rejoinder_core::fold::{Folded, words};
use serde_json::Value;

/// The fewest words of a run: shorter texts occur by chance.
const FEWEST: usize = 5;

/// Text that must stay unseen, as runs of words that examples are compared with.
#[derive(Debug)]
pub struct HeldOutText {
    most: usize,
    /// Hashes of runs, by their length in words.
    runs: BTreeMap<usize, HashSet<u64>>,
    ignored: u64,
}

impl HeldOutText {
    /// All runs of `most` words in the texts of `file`. Each line is a text; in a line of JSON each string is a text. A text of
    /// fewer words is one run.
    ///
    /// # Errors
    /// If no text is long enough to compare with.
    pub fn new(file: &str, most: usize) -> Result<Self, NoHeldOutText> {
        let mut overlap = Self { most: most.max(FEWEST), runs: BTreeMap::new(), ignored: 0 };
        for line in file.lines().filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str::<Value>(line) {
                Ok(value @ (Value::Object(_) | Value::Array(_))) => overlap.add_strings(&value),
                Ok(Value::String(text)) => overlap.add(&text),
                _ => overlap.add(line),
            }
        }
        match overlap.runs.is_empty() {
            true => Err(NoHeldOutText),
            false => Ok(overlap),
        }
    }

    /// How many words make a run.
    pub const fn words(&self) -> usize {
        self.most
    }

    /// How many texts were too short to compare with.
    pub const fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Whether `text` holds one of the runs.
    pub fn occurs_in(&self, text: &str) -> bool {
        let hashes = word_hashes(text);
        self.runs.iter().any(|(length, runs)| hashes.windows(*length).any(|run| runs.contains(&hash(&run))))
    }

    fn add_strings(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text),
            Value::Array(values) => values.iter().for_each(|value| self.add_strings(value)),
            Value::Object(object) => object.values().for_each(|value| self.add_strings(value)),
            _ => {}
        }
    }

    fn add(&mut self, text: &str) {
        let hashes = word_hashes(text);
        let length = hashes.len().min(self.most);
        if length < FEWEST {
            self.ignored += 1;
            return;
        }
        self.runs.entry(length).or_default().extend(hashes.windows(length).map(|run| hash(&run)));
    }
}

/// A file holds no text that is long enough to compare examples with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoHeldOutText;

impl fmt::Display for NoHeldOutText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it holds no text of {FEWEST} words or more")
    }
}

impl Error for NoHeldOutText {}

fn word_hashes(text: &str) -> Vec<u64> {
    words(Folded::new(text).text()).map(|word| hash(&word)).collect()
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_words_are_found_in_any_spelling() {
        let file = "{\"q\":\"How many moons does the planet Mars have, as far as we know today?\",\"id\":\"m1\"}\nName the capital of Peru\n";
        let overlap = HeldOutText::new(file, 8).unwrap();
        assert_eq!((overlap.words(), overlap.ignored()), (8, 1));
        for yes in [
            "tell me: how many MOONS does the planet mars have",
            "please name the capital\nof Peru now",
            "moons does the planet Mars have, as far",
        ] {
            assert!(overlap.occurs_in(yes), "{yes}");
        }
        for no in ["how many moons does the planet Venus have", "name the capital", "m1", ""] {
            assert!(!overlap.occurs_in(no), "{no}");
        }
        assert!(HeldOutText::new("too short\n", 13).is_err());
    }
}
