//! The rules in force, compiled into one scan.

use crate::automaton::Automaton;
use crate::rule::Rule;

/// What a match of one literal leads to.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    /// Rules with this phrase: a match, once its word boundaries are checked.
    pub(crate) phrases: Vec<u32>,
    /// Numbers of the regexes that require this literal, or another one.
    pub(crate) gates: Vec<u32>,
}

/// The literals of one automaton.
#[derive(Debug)]
pub(crate) struct Literals {
    pub(crate) automaton: Automaton,
    /// By pattern of the automaton.
    pub(crate) targets: Vec<Targets>,
}

impl Literals {
    fn of(all: Vec<(String, Targets)>) -> Self {
        let (literals, targets): (Vec<String>, Vec<Targets>) = all.into_iter().unzip();
        Self { automaton: Automaton::new(&literals), targets }
    }
}

/// The compiled rules: immutable, shared by all worker threads.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    hash: String,
    /// The literals in ASCII, and those that only a turn beyond ASCII can hold. Together they would take three
    /// times the memory, since the bytes of each make the other's automaton wide.
    pub(crate) literals: [Literals; 2],
    /// Regexes with required literals, by number: (rule, regex).
    pub(crate) gated: Vec<(u32, u32)>,
    /// Regexes without a required literal: (rule, regex). They run on every turn.
    pub(crate) ungated: Vec<(u32, u32)>,
    /// Rules without phrase or regex: their conditions are tried on every turn.
    pub(crate) wordless: Vec<u32>,
}

impl RuleSet {
    /// Compiles rules; `hash` identifies their text in every record's provenance.
    ///
    /// # Panics
    /// If an automaton would exceed its limit (a table of 2³¹ cells, far beyond any rule set that can be written).
    pub fn new(rules: Vec<Rule>, hash: String) -> Self {
        let mut literals: Vec<(String, Targets)> = Vec::new();
        let mut place = std::collections::HashMap::<String, usize>::new();
        let mut add = |literal: &String, phrase: Option<u32>, gate: Option<u32>| {
            let at = *place.entry(literal.clone()).or_insert_with(|| {
                literals.push((literal.clone(), Targets::default()));
                literals.len() - 1
            });
            literals[at].1.phrases.extend(phrase);
            literals[at].1.gates.extend(gate);
        };
        let mut gated = Vec::new();
        let mut ungated = Vec::new();
        let mut wordless = Vec::new();
        for (index, rule) in (0..).zip(&rules) {
            if !rule.has_matcher() {
                wordless.push(index);
            }
            for phrase in &rule.phrases {
                add(phrase, Some(index), None);
            }
            for (regex_index, regex) in (0..).zip(&rule.regexes) {
                match regex.literals() {
                    Some(set) => {
                        set.iter().for_each(|literal| add(literal, None, Some(gated.len() as u32)));
                        gated.push((index, regex_index));
                    }
                    None => ungated.push((index, regex_index)),
                }
            }
        }
        let (ascii, beyond): (Vec<_>, Vec<_>) = literals.into_iter().partition(|(text, _)| text.is_ascii());
        let literals = [Literals::of(ascii), Literals::of(beyond)];
        Self { rules, hash, literals, gated, ungated, wordless }
    }

    /// The rules, in the order of their indices.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of a hit.
    ///
    /// # Panics
    /// If the index does not come from this set.
    pub fn rule(&self, index: u32) -> &Rule {
        &self.rules[index as usize]
    }

    /// Hash of all rule files in force and of what is disabled.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}
