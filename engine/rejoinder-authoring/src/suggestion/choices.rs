//! The conditions that a suggested rule can have.

use std::fmt::{self, Write as _};

/// Languages that a suggested rule can ask for.
const LANGUAGES: [&str; 8] = ["en", "zh", "ja", "es", "fr", "de", "pt", "ru"];
/// What a suggested rule can ask of the last answer.
const TRAITS: [&str; 6] = [
    "previous-assistant.ends-with-question",
    "previous-assistant.apologises",
    "previous-assistant.refuses",
    "previous-assistant.cut-off",
    "previous-assistant.has-code",
    "previous-assistant.other-language",
];

/// A condition as a rule file says it: a key, dotted where it stands in a table, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionChoice {
    /// The key. A rule has a key once.
    pub key: &'static str,
    /// The value, as TOML.
    pub value: String,
}

impl fmt::Display for ConditionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.key, self.value)
    }
}

/// The conditions, in the order of their numbers.
pub fn condition_choices() -> Vec<ConditionChoice> {
    let mut choices = Vec::new();
    let mut add = |key: &'static str, values: &[&str]| {
        choices.extend(values.iter().map(|&value| ConditionChoice { key, value: value.to_owned() }));
    };
    add("max-words", &["4", "8", "12", "20", "40", "100"]);
    add("min-words", &["4", "8", "15", "30"]);
    add("similar-to-earlier", &["0.3", "0.5", "0.7", "0.9"]);
    add("template", &["false"]);
    add("words-in-answer", &["0.25", "0.5"]);
    add("turn.first", &["true", "false"]);
    TRAITS.iter().for_each(|key| add(key, &["true", "false"]));
    let languages = LANGUAGES.map(|code| format!("[\"{code}\"]"));
    languages.iter().for_each(|value| add("language", &[value]));
    choices
}

/// A rule file with a rule for each of the conditions, in their order, that hits wherever the condition holds.
pub fn probe_file(choices: &[ConditionChoice]) -> String {
    let mut file = "format = 1\n".to_owned();
    for (number, condition) in choices.iter().enumerate() {
        let _ = write!(file, "[[rule]]\nid = \"c{number}\"\nroute = \"score\"\n{condition}\n");
    }
    file
}

#[cfg(test)]
mod tests {
    use rejoinder_rules::Pack;

    use super::*;

    #[test]
    fn a_rule_file_says_each_condition_as_it_is() {
        let choices = condition_choices();
        let set = Pack::compile(vec![Pack::new("probe", "probe", &probe_file(&choices))], &[]).unwrap();
        let read: Vec<String> = set.rules().iter().map(|rule| rule.conditions[0].to_string()).collect();
        assert_eq!(read, choices.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
}
