//! What plugins declare of their facts, and which conditions that allows.

use std::fmt;

use rejoinder_core::diagnostic::{Diagnostic, did_you_mean, quoted_list};

use super::condition::FactCondition;
use super::given::GivenFact;
use super::value::{FactValue, FactWord};
use crate::lints::ALWAYS_HOLDS;

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
    /// in force, whose fellows have the names `plugins`. A condition that always holds gets a warning.
    pub fn problem(
        &self,
        file: &str,
        declared: Option<&[FactDeclaration]>,
        plugins: &[&str],
    ) -> Option<Diagnostic> {
        let wrong = |message: String, help: String| Some(self.place.finding("R015", file, message, help));
        let fact = match declaration((&self.plugin, &self.fact), declared, plugins) {
            Ok(fact) => fact,
            Err((message, help)) => return wrong(message, help),
        };
        let name = self.name();
        match (&fact.kind, &self.wanted) {
            (FactKind::Number { least, most }, FactValue::Number(wanted)) => {
                let lies = format!("`{name}` lies between {least} and {most}: the condition");
                match self.comparison.outcome(*wanted, *least..=*most) {
                    Some(false) => wrong(
                        format!("{lies} never holds"),
                        "compare with a number between them, or delete the rule".to_owned(),
                    ),
                    Some(true) => Some(self.place.finding(
                        ALWAYS_HOLDS,
                        file,
                        format!("{lies} always holds where the plugin knows the fact"),
                        "compare with a number between them, or leave the condition out",
                    )),
                    None => None,
                }
            }
            (FactKind::Number { .. }, _) => {
                wrong(format!("`{name}` is a number"), format!("compare it, as in `{name} < 0.5`"))
            }
            (FactKind::Truth, FactValue::Truth(_)) => None,
            (FactKind::Truth, _) => {
                wrong(format!("`{name}` is true or false"), format!("write `{name}` or `not {name}`"))
            }
            (FactKind::Word(words), FactValue::Word(wanted)) if words.contains(wanted) => None,
            (FactKind::Word(words), wanted) => {
                let message = match wanted {
                    FactValue::Truth(_) => format!("`{name}` is a word"),
                    _ => format!("`{name}` is never `{wanted}`"),
                };
                wrong(message, one_of(words))
            }
        }
    }
}

impl GivenFact {
    /// What is wrong with the fact `name` that a rule's test in `file` gives, as [`FactCondition::problem`] has it.
    pub fn problem(
        &self,
        name: &str,
        file: &str,
        declared: Option<&[FactDeclaration]>,
        plugins: &[&str],
    ) -> Option<Diagnostic> {
        let parts = name.split_once('.').unwrap_or((name, ""));
        let wrong = |message: String, help: String| Some(self.place.finding("R015", file, message, help));
        let fact = match declaration(parts, declared, plugins) {
            Ok(fact) => fact,
            Err((message, help)) => return wrong(message, help),
        };
        let (what, help) = match (&fact.kind, &self.value) {
            (FactKind::Number { least, most }, FactValue::Number(value)) => {
                if (least..=most).contains(&value) {
                    return None;
                }
                (format!("lies between {least} and {most}"), "give a number between them".to_owned())
            }
            (FactKind::Number { least, most }, _) => {
                ("is a number".to_owned(), format!("give one from {least} to {most}"))
            }
            (FactKind::Truth, FactValue::Truth(_)) => return None,
            (FactKind::Truth, _) => ("is true or false".to_owned(), "give true or false".to_owned()),
            (FactKind::Word(words), FactValue::Word(word)) if words.contains(word) => return None,
            (FactKind::Word(words), FactValue::Word(_)) => {
                (format!("is never `{}`", self.value), one_of(words))
            }
            (FactKind::Word(words), _) => ("is a word".to_owned(), one_of(words)),
        };
        wrong(format!("`{name}` {what}"), help)
    }
}

fn one_of(words: &[FactWord]) -> String {
    let words: Vec<&str> = words.iter().map(FactWord::as_str).collect();
    format!("it is one of {}", quoted_list(&words))
}

/// What a plugin declares of a fact; if nothing, what is wrong and what to do.
fn declaration<'d>(
    (plugin, fact): (&str, &str),
    declared: Option<&'d [FactDeclaration]>,
    plugins: &[&str],
) -> Result<&'d FactDeclaration, (String, String)> {
    let Some(declared) = declared else {
        let message = format!("no plugin in force is called `{plugin}`");
        let near = did_you_mean(plugin, plugins);
        let help = match near.is_empty() {
            true => "name it under [[plugin]] in the config, or switch the rule off there with `disable`"
                .to_owned(),
            false => near,
        };
        return Err((message, help));
    };
    declared.iter().find(|declared| declared.name == fact).ok_or_else(|| {
        let message = format!("the plugin `{plugin}` gives no fact `{fact}`");
        let names: Vec<&str> = declared.iter().map(|fact| fact.name.as_str()).collect();
        let all: Vec<String> = declared.iter().map(ToString::to_string).collect();
        let help = match (did_you_mean(fact, &names), all.is_empty()) {
            (_, true) => {
                "it gives no facts at all: name a plugin that does, or delete what asks for the fact"
                    .to_owned()
            }
            (near, false) if near.starts_with("did") => format!("{near}\nit gives {}", all.join("; ")),
            (_, false) => format!("it gives {}", all.join("; ")),
        };
        (message, help)
    })
}
