//! A rule made of what a command line says: each flag is a line of a rule file, which the real parser reads.

use std::fmt::Write as _;

use rejoinder_core::diagnostic::Diagnostic;
use rejoinder_rules::{Pack, Rule, toml_string};

/// The name of a drafted rule's file in messages.
const FILE: &str = "the command line";

/// A key of a drafted rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftKey {
    /// The key in rule files.
    pub key: &'static str,
    /// The value as TOML, in one line.
    pub value: String,
    /// What the user has given, such as `--max-words 8`.
    pub given: String,
}

/// A rule that no file holds yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleDraft {
    /// The id.
    pub id: String,
    /// The keys behind the id, in the order of the file.
    pub keys: Vec<DraftKey>,
}

/// What is wrong with one thing that the user has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftError {
    /// What the user has given; empty where the rule as a whole is wrong.
    pub given: String,
    /// What is wrong.
    pub message: String,
    /// What to do; empty if the message says everything.
    pub help: String,
}

impl RuleDraft {
    /// The text of the rule: `[[rule]]`, the id, and a line for each key.
    pub fn text(&self) -> String {
        let mut text = format!("[[rule]]\nid = {}\n", toml_string(&self.id));
        for DraftKey { key, value, .. } in &self.keys {
            let _ = writeln!(text, "{key} = {value}");
        }
        text
    }

    /// The pack with the rule alone.
    ///
    /// # Errors
    /// If the keys make no rule, in the words of what the user has given.
    pub fn pack(&self) -> Result<Pack, Vec<DraftError>> {
        let pack = Pack::new(FILE, FILE, &format!("format = 1\n{}", self.text()));
        match pack.content.errors.is_empty() {
            true => Ok(pack),
            false => Err(pack.content.errors.iter().map(|error| self.error(error)).collect()),
        }
    }

    /// The warnings about the pack that the draft has made, each with its code.
    pub fn warnings(&self, pack: &Pack) -> Vec<(&'static str, DraftError)> {
        pack.warnings().iter().map(|warning| (warning.code, self.error(warning))).collect()
    }

    /// What is wrong with the rule among others, where all findings are about it; `None` where one is about another file.
    pub fn errors(&self, found: &[Diagnostic]) -> Option<Vec<DraftError>> {
        found
            .iter()
            .all(|error| error.file == FILE)
            .then(|| found.iter().map(|error| self.error(error)).collect())
    }

    /// What is wrong, in the words of what the user has given.
    fn error(&self, found: &Diagnostic) -> DraftError {
        // `format`, `[[rule]]` and the id stand before the first key.
        let key = found.line.checked_sub(4).and_then(|place| self.keys.get(place));
        DraftError {
            given: key.map_or_else(String::new, |key| key.given.clone()),
            message: found.message.clone(),
            help: found.help.clone(),
        }
    }
}

/// The drafted rule of a pack.
///
/// # Panics
/// If the pack holds no rule.
pub(super) fn rule_of(pack: &Pack) -> &Rule {
    pack.content.rules.first().expect("a pack that is tried holds a rule")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &'static str, value: &str, given: &str) -> DraftKey {
        DraftKey { key, value: value.to_owned(), given: given.to_owned() }
    }

    #[test]
    fn mistakes_are_told_in_the_words_of_the_user() {
        let draft = RuleDraft {
            id: "tried".to_owned(),
            keys: vec![
                key("route", "\"score\"", ""),
                key("regex", "['''(''']", "--regex '('"),
                key("max-words", "0", "--max-words 0"),
            ],
        };
        let errors = draft.pack().unwrap_err();
        let given: Vec<&str> = errors.iter().map(|error| error.given.as_str()).collect();
        assert_eq!(given, ["--regex '('", "--max-words 0"], "{errors:?}");
        let none = RuleDraft { id: "tried".to_owned(), keys: vec![key("route", "\"score\"", "")] };
        let errors = none.pack().unwrap_err();
        assert_eq!((errors.len(), errors[0].given.as_str()), (1, ""));
        assert!(errors[0].message.contains("nothing to match"), "{errors:?}");
    }
}
