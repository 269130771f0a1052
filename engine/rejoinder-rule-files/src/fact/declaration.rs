//! What plugins declare of their facts, and which conditions that allows.

use std::fmt;

use rejoinder_core::diagnostic::{Diagnostic, Severity, did_you_mean, quoted_list};

use super::condition::{Comparison, FactCondition, FactPlace};
use super::value::{FactValue, FactWord};

/// A fact that a plugin declares.
#[derive(Clone, Debug, PartialEq)]
pub struct FactDeclaration {
    /// The name, without the plugin's.
    pub name: String,
    /// What the fact may be.
    pub kind: FactKind,
}

/// What a fact may be.
#[derive(Clone, Debug, PartialEq)]
pub enum FactKind {
    /// A number in this range.
    Number {
        /// The least number.
        least: f64,
        /// The greatest number.
        most: f64,
    },
    /// Yes or no.
    Truth,
    /// One of these words.
    Word(Vec<FactWord>),
}

impl fmt::Display for FactDeclaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FactKind::Number { least, most } => write!(f, "{} (a number, {least} to {most})", self.name),
            FactKind::Truth => write!(f, "{} (true or false)", self.name),
            FactKind::Word(words) => {
                let words: Vec<&str> = words.iter().map(FactWord::as_str).collect();
                write!(f, "{} ({})", self.name, words.join(", "))
            }
        }
    }
}

impl FactCondition {
    /// What is wrong with the condition of a rule in `file`, where the plugin declares these facts; `None` for a plugin that is not
    /// in force, whose fellows have the names `plugins`.
    pub fn problem(
        &self,
        file: &str,
        declared: Option<&[FactDeclaration]>,
        plugins: &[&str],
    ) -> Option<Diagnostic> {
        let report = |message: String, help: String| {
            let FactPlace { line, column, source_line, caret, width } = self.place.clone();
            Some(Diagnostic {
                code: "R015",
                severity: Severity::Error,
                file: file.to_owned(),
                line,
                column,
                message,
                help,
                source_line,
                caret,
                width,
            })
        };
        let Some(declared) = declared else {
            let message = format!("no plugin in force is called `{}`", self.plugin);
            let near = did_you_mean(&self.plugin, plugins);
            let help = match near.is_empty() {
                true => "name it under [[plugin]] in the config, or switch the rule off there with `disable`"
                    .to_owned(),
                false => near,
            };
            return report(message, help);
        };
        let Some(fact) = declared.iter().find(|fact| fact.name == self.fact) else {
            let message = format!("the plugin `{}` gives no fact `{}`", self.plugin, self.fact);
            let names: Vec<&str> = declared.iter().map(|fact| fact.name.as_str()).collect();
            let all: Vec<String> = declared.iter().map(ToString::to_string).collect();
            let help = match (did_you_mean(&self.fact, &names), all.is_empty()) {
                (_, true) => "it gives no facts at all".to_owned(),
                (near, false) if near.starts_with("did") => format!("{near}\nit gives {}", all.join("; ")),
                (_, false) => format!("it gives {}", all.join("; ")),
            };
            return report(message, help);
        };
        let name = self.name();
        match (&fact.kind, &self.wanted) {
            (FactKind::Number { least, most }, FactValue::Number(wanted)) => {
                let never = match self.comparison {
                    Comparison::Less => wanted <= least,
                    Comparison::AtMost => wanted < least,
                    Comparison::Equal => !(least..=most).contains(&wanted),
                    Comparison::AtLeast => wanted > most,
                    Comparison::Greater => wanted >= most,
                    Comparison::Unequal => false,
                };
                never
                    .then(|| format!("`{name}` lies between {least} and {most}: the condition never holds"))
                    .and_then(|message| report(message, String::new()))
            }
            (FactKind::Number { .. }, _) => {
                report(format!("`{name}` is a number"), format!("compare it, as in `{name} < 0.5`"))
            }
            (FactKind::Truth, FactValue::Truth(_)) => None,
            (FactKind::Truth, _) => {
                report(format!("`{name}` is true or false"), format!("write `{name}` or `not {name}`"))
            }
            (FactKind::Word(words), FactValue::Word(wanted)) if words.contains(wanted) => None,
            (FactKind::Word(words), wanted) => {
                let words: Vec<&str> = words.iter().map(FactWord::as_str).collect();
                let message = match wanted {
                    FactValue::Truth(_) => format!("`{name}` is a word"),
                    _ => format!("`{name}` is never `{wanted}`"),
                };
                report(message, format!("it is one of {}", quoted_list(&words)))
            }
        }
    }
}
