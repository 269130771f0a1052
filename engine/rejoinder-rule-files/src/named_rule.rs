//! Rules by name, on which other rules build.

use std::collections::HashSet;
use std::fmt;

use rejoinder_core::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::place::FilePlace;
use crate::rule::Rule;
use crate::toml_text::toml_list;

/// A name in `all-of` or `any-of` changes nothing.
pub(crate) const POINTLESS_NAME: &str = "W116";

/// A rule that another rule builds on, by its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedRule {
    /// The id.
    pub id: String,
    /// Where the id stands in the file of the rule that names it.
    place: FilePlace,
}

impl NamedRule {
    /// The rule with an id that stands at a place, which a diagnostic says.
    pub(crate) fn new(id: &str, place: Diagnostic) -> Self {
        Self { id: id.to_owned(), place: place.into() }
    }

    /// A finding about the name in `file`, at its place.
    pub fn finding(
        &self,
        code: &'static str,
        file: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        self.place.finding(code, file, message, help)
    }
}

/// Which of some named rules must hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quorum {
    /// All of them.
    All,
    /// At least one.
    Any,
}

impl Quorum {
    /// The key in rule files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::All => "all-of",
            Self::Any => "any-of",
        }
    }

    /// Whether so many hits are enough, rule by rule.
    pub fn is_met(self, mut hits: impl Iterator<Item = bool>) -> bool {
        match self {
            Self::All => hits.all(|hits| hits),
            Self::Any => hits.any(|hits| hits),
        }
    }
}

/// The names in a rule's conditions on rules that change nothing, each with the reason.
pub(crate) fn pointless_names(rule: &Rule) -> Vec<(&NamedRule, String)> {
    let mut found = Vec::new();
    let mut needed: HashSet<&str> = HashSet::new();
    for (quorum, named) in rule.builds_on() {
        let key = quorum.key();
        let mut met: HashSet<&str> = HashSet::new();
        for named in named {
            let id = named.id.as_str();
            if !met.insert(id) {
                found.push((named, format!("`{key}` names `{id}` twice")));
            } else if quorum == Quorum::Any && needed.contains(id) {
                let message = format!("`{key}` always holds: `{}` names `{id}`, too", Quorum::All.key());
                found.push((named, message));
            }
        }
        if quorum == Quorum::All {
            needed = met;
        }
    }
    found
}

/// Writes the condition that some rules hit, as a rule file says it.
pub(crate) fn write_condition(
    f: &mut fmt::Formatter<'_>,
    quorum: Quorum,
    rules: &[NamedRule],
) -> fmt::Result {
    let ids: Vec<String> = rules.iter().map(|rule| rule.id.clone()).collect();
    write!(f, "{} = {}", quorum.key(), toml_list(&ids))
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn a_name_that_changes_nothing_gets_a_warning() {
        let text = "format = 1\n[[rule]]\nid = \"a\"\nroute = \"score\"\nall-of = [\"b\", \"c\", \"b\"]\nany-of = [\"c\", \"d\"]\n\
            [[rule]]\nid = \"e\"\nroute = \"score\"\nany-of = [\"c\", \"d\"]\n";
        let file = parse("f", text);
        assert!(file.errors.is_empty(), "{:?}", file.errors);
        let warnings = file.warnings("f", text);
        let said: Vec<(usize, usize, &str)> = warnings
            .iter()
            .filter(|w| w.code == "W116")
            .map(|warning| (warning.line, warning.column, warning.message.as_str()))
            .collect();
        let expected =
            [(5, 21, "`all-of` names `b` twice"), (6, 11, "`any-of` always holds: `all-of` names `c`, too")];
        assert_eq!(said, expected);
    }

    #[test]
    fn named_rules_stand_before_all_other_conditions_and_survive_being_stored() {
        let text = "format = 1\n[[rule]]\nid = \"a\"\nroute = \"score\"\nmax-words = 3\nfacts = [\"m.x\"]\nany-of = [\"c\"]\nall-of = [\"b\"]\n\
            where = { model = \"x\" }\n[[rule.test]]\ndialogue = [\"U: a\", \"A: b\", \"U: c\"]\ncolumns = { model = \"x\", n = [1, true] }\nexpect = { route = \"none\" }\n";
        let file = parse("f", text);
        let conditions = |rule: &crate::Rule| {
            let shown: Vec<String> = rule.conditions.iter().map(ToString::to_string).collect();
            shown
        };
        let expected = [
            "all-of = [\"b\"]",
            "any-of = [\"c\"]",
            "max-words = 3",
            "where.model = \"x\"",
            "facts = [\"m.x\"]",
        ];
        assert_eq!(conditions(&file.rules[0]), expected);
        let stored: crate::Rule =
            serde_json::from_str(&serde_json::to_string(&file.rules[0]).unwrap()).unwrap();
        assert_eq!(conditions(&stored), expected);
        assert_eq!(file.rules[0].tests.all()[0].columns["n"], ["1", "true"]);
    }
}
