//! All rules in force, compiled into one scan.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::rule::Rule;

/// What a match of one automaton pattern means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// A phrase of a rule: a match, once its word boundaries are checked.
    Phrase(u32),
    /// A literal that regex `regex` of a rule requires: the regex must be run.
    Gate { rule: u32, regex: u32 },
}

/// The compiled rules: immutable, shared by all worker threads.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    hash: String,
    /// Several rules may hang on one literal: `targets[pattern]` lists them.
    pub(crate) targets: Vec<Vec<Target>>,
    pub(crate) automaton: Option<AhoCorasick>,
    /// Regexes without a required literal: (rule, regex), run on every turn.
    pub(crate) ungated: Vec<(u32, u32)>,
    /// Rules without phrase or regex: their conditions are tried on every turn.
    pub(crate) wordless: Vec<u32>,
}

impl RuleSet {
    /// Compiles rules; `hash` identifies their text in every record's provenance.
    ///
    /// # Panics
    /// If the automaton would exceed the library's limits (2³¹ states, far beyond any rule set that can be written).
    pub fn new(rules: Vec<Rule>, hash: String) -> Self {
        let mut patterns: Vec<String> = Vec::new();
        let mut targets: Vec<Vec<Target>> = Vec::new();
        let mut place = std::collections::HashMap::<String, usize>::new();
        let mut add = |literal: String, target: Target| {
            let at = *place.entry(literal.clone()).or_insert_with(|| {
                patterns.push(literal);
                targets.push(Vec::new());
                targets.len() - 1
            });
            targets[at].push(target);
        };
        let mut ungated = Vec::new();
        let mut wordless = Vec::new();
        for (index, rule) in (0..).zip(&rules) {
            if !rule.has_matcher() {
                wordless.push(index);
            }
            for phrase in &rule.phrases {
                add(phrase.clone(), Target::Phrase(index));
            }
            for (regex_index, regex) in (0..).zip(&rule.regexes) {
                match regex.literals() {
                    Some(set) => {
                        for literal in set {
                            add(literal.clone(), Target::Gate { rule: index, regex: regex_index });
                        }
                    }
                    None => ungated.push((index, regex_index)),
                }
            }
        }
        // The DFA is named because the kind chosen by default above 100 patterns is about four times slower. Its
        // search for rare bytes is left out: with few literals their letters are in every turn all the same.
        let automaton = (!patterns.is_empty()).then(|| {
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::DFA))
                .match_kind(MatchKind::Standard)
                .prefilter(false)
                .build(&patterns)
                .expect("the literals of a rule set fit the automaton")
        });
        Self { rules, hash, targets, automaton, ungated, wordless }
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
