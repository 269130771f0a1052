//! The keys of a rule as flags: each is a line of a rule file, which the parser of rule files reads.

use clap::Args;
use rejoinder_authoring::trial::DraftKey;

use crate::failure::Failure;
use rejoinder_report::shell::word;
use rejoinder_rules::toml_string;

/// Heading of the flags that make up the rule.
pub(super) const RULE: &str = "Rule";

/// What the rule asks of a turn.
#[derive(Debug, Args)]
pub(super) struct RuleFlags {
    /// A phrase more, of which any hits; may be repeated
    #[arg(long, value_name = "PHRASE", help_heading = RULE)]
    any: Vec<String>,
    /// A regex, of which any hits; may be repeated
    #[arg(long, value_name = "REGEX", help_heading = RULE)]
    regex: Vec<String>,
    /// The category that a hit stands for: UR1 … UR5
    #[arg(long, value_name = "CODE", help_heading = RULE)]
    pub(super) category: Option<String>,
    /// accept, escalate, reject or score
    ///
    /// With a category alone it is accept; without both the hits are counted alone.
    #[arg(long, value_name = "ROUTE", help_heading = RULE)]
    pub(super) route: Option<String>,
    /// Where a match must stand: anywhere, start, end, whole
    #[arg(long, value_name = "PLACE", help_heading = RULE)]
    at: Option<String>,
    /// No hit where this regex matches; may be repeated
    #[arg(long, value_name = "REGEX", help_heading = RULE)]
    unless: Vec<String>,
    /// At least so many words
    #[arg(long, value_name = "N", help_heading = RULE)]
    min_words: Option<String>,
    /// At most so many words
    #[arg(long, value_name = "N", help_heading = RULE)]
    max_words: Option<String>,
    /// first=true, last=false and the like; may be repeated
    #[arg(long, value_name = "K=BOOL", help_heading = RULE)]
    turn: Vec<String>,
    /// A trait of the answer before, such as apologises=false
    #[arg(long, value_name = "K=BOOL", help_heading = RULE)]
    previous_assistant: Vec<String>,
    /// A phrase in the answer before; may be repeated
    #[arg(long, value_name = "PHRASE", help_heading = RULE)]
    answer_any: Vec<String>,
    /// A regex on the answer before; may be repeated
    #[arg(long, value_name = "REGEX", help_heading = RULE)]
    answer_regex: Vec<String>,
    /// No hit where this regex matches the answer before
    #[arg(long, value_name = "REGEX", help_heading = RULE)]
    answer_unless: Vec<String>,
    /// A phrase in an earlier turn of the user; may be repeated
    #[arg(long, value_name = "PHRASE", help_heading = RULE)]
    earlier_any: Vec<String>,
    /// A regex on the user's earlier turns; may be repeated
    #[arg(long, value_name = "REGEX", help_heading = RULE)]
    earlier_regex: Vec<String>,
    /// No hit where this regex matches an earlier turn
    #[arg(long, value_name = "REGEX", help_heading = RULE)]
    earlier_unless: Vec<String>,
    /// Language of the conversation, such as en; may be repeated
    #[arg(long, value_name = "CODE", help_heading = RULE)]
    language: Vec<String>,
    /// Likeness to an earlier turn of the user, from 0 to 1
    #[arg(long, value_name = "SHARE", help_heading = RULE)]
    similar_to_earlier: Option<String>,
    /// An earlier turn's template with other data: true or false
    #[arg(long, value_name = "BOOL", help_heading = RULE)]
    template: Option<String>,
    /// Share of the words that stand in the answer before
    #[arg(long, value_name = "SHARE", help_heading = RULE)]
    words_in_answer: Option<String>,
    /// A fact that a plugin tells, such as 'mood.sentiment < 0'
    #[arg(long, value_name = "FACT", help_heading = RULE)]
    fact: Vec<String>,
    /// Which text matches: folded or as-written
    #[arg(long, value_name = "TEXT", help_heading = RULE)]
    text: Option<String>,
    /// A metadata column, such as model=x; may be repeated
    #[arg(long, value_name = "KEY=VALUE", help_heading = RULE)]
    column: Vec<String>,
    /// A rule in force that must hit, too; may be repeated
    #[arg(long, value_name = "ID", help_heading = RULE)]
    all_of: Vec<String>,
    /// Rules in force of which one must hit; may be repeated
    #[arg(long, value_name = "ID", help_heading = RULE)]
    any_of: Vec<String>,
    /// Log-odds that a hit adds to the prior
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = RULE)]
    weight: Option<String>,
}

impl RuleFlags {
    /// Whether some flag gives words to look for.
    pub(super) const fn has_words(&self) -> bool {
        !self.any.is_empty() || !self.regex.is_empty()
    }

    /// Whether some flag asks for more than words.
    pub(super) fn has_conditions(&self) -> bool {
        self.conditions().is_ok_and(|keys| !keys.is_empty())
    }

    /// What the words of an id are made of: the first phrase.
    pub(super) fn words<'f>(&'f self, phrase: Option<&'f str>) -> &'f str {
        phrase.or(self.any.first().map(String::as_str)).unwrap_or_default()
    }

    /// What the user has given, in words for the head of the report.
    pub(super) fn name(&self, phrase: Option<&str>) -> String {
        let keys = self.matchers(phrase).into_iter().chain(self.conditions().unwrap_or_default());
        keys.map(|key| key.given).collect::<Vec<_>>().join(" ")
    }

    /// The keys of the rule, behind its id. A rule without category and route counts its hits alone.
    ///
    /// # Errors
    /// If a value has no `=` that needs one.
    pub(super) fn keys(&self, phrase: Option<&str>) -> Result<Vec<DraftKey>, Failure> {
        let mut keys = Vec::new();
        keys.extend(self.category.as_ref().map(|category| one("category", "--category", category)));
        match (&self.route, &self.category) {
            (Some(route), _) => keys.push(one("route", "--route", route)),
            (None, Some(_)) => keys.push(implied("route", "\"accept\"")),
            (None, None) => keys.push(implied("route", "\"score\"")),
        }
        match &self.weight {
            Some(weight) => keys.push(bare("weight", "--weight", weight)),
            None if self.is_counted_alone() => keys.push(implied("weight", "0.0")),
            None => {}
        }
        keys.extend(self.matchers(phrase));
        keys.extend(self.conditions()?);
        Ok(keys)
    }

    /// Whether the hits are counted and nothing is decided.
    pub(super) const fn is_counted_alone(&self) -> bool {
        self.category.is_none() && self.route.is_none() && self.weight.is_none()
    }

    fn matchers(&self, phrase: Option<&str>) -> Vec<DraftKey> {
        let phrases: Vec<(String, &str)> = phrase
            .map(|phrase| (word(phrase.as_ref()), phrase))
            .into_iter()
            .chain(
                self.any.iter().map(|phrase| (format!("--any {}", word(phrase.as_ref())), phrase.as_str())),
            )
            .collect();
        let given = phrases.iter().map(|(given, _)| given.as_str()).collect::<Vec<_>>().join(" ");
        let texts: Vec<&str> = phrases.iter().map(|(_, phrase)| *phrase).collect();
        let mut keys = Vec::new();
        if !texts.is_empty() {
            keys.push(DraftKey { key: "any", value: list(&texts), given });
        }
        keys.extend(many("regex", "--regex", &self.regex));
        keys
    }

    fn conditions(&self) -> Result<Vec<DraftKey>, Failure> {
        let mut keys = Vec::new();
        keys.extend(self.at.as_ref().map(|at| one("at", "--at", at)));
        keys.extend(self.text.as_ref().map(|text| one("text", "--text", text)));
        keys.extend(many("unless", "--unless", &self.unless));
        for (key, flag, value) in [
            ("min-words", "--min-words", &self.min_words),
            ("max-words", "--max-words", &self.max_words),
            ("similar-to-earlier", "--similar-to-earlier", &self.similar_to_earlier),
            ("template", "--template", &self.template),
            ("words-in-answer", "--words-in-answer", &self.words_in_answer),
        ] {
            keys.extend(value.as_ref().map(|value| bare(key, flag, value)));
        }
        for (key, flag, values) in [
            ("turn", "--turn", &self.turn),
            ("previous-assistant", "--previous-assistant", &self.previous_assistant),
            ("where", "--column", &self.column),
        ] {
            keys.extend(table(key, flag, values)?);
        }
        for (key, flag, values) in [
            ("answer-any", "--answer-any", &self.answer_any),
            ("answer-regex", "--answer-regex", &self.answer_regex),
            ("answer-unless", "--answer-unless", &self.answer_unless),
            ("earlier-any", "--earlier-any", &self.earlier_any),
            ("earlier-regex", "--earlier-regex", &self.earlier_regex),
            ("earlier-unless", "--earlier-unless", &self.earlier_unless),
            ("language", "--language", &self.language),
            ("facts", "--fact", &self.fact),
            ("all-of", "--all-of", &self.all_of),
            ("any-of", "--any-of", &self.any_of),
        ] {
            keys.extend(many(key, flag, values));
        }
        Ok(keys)
    }
}

/// A key that nobody has given.
fn implied(key: &'static str, value: &str) -> DraftKey {
    DraftKey { key, value: value.to_owned(), given: String::new() }
}

/// A key with a text.
fn one(key: &'static str, flag: &str, value: &str) -> DraftKey {
    DraftKey { key, value: toml_string(value), given: given(flag, value) }
}

/// A key with a number or truth value; what is none is a text, which the parser refuses by name.
fn bare(key: &'static str, flag: &str, value: &str) -> DraftKey {
    DraftKey { key, value: scalar(value), given: given(flag, value) }
}

/// A key with a list of texts.
fn many(key: &'static str, flag: &str, values: &[String]) -> Option<DraftKey> {
    let texts: Vec<&str> = values.iter().map(String::as_str).collect();
    let given: Vec<String> = values.iter().map(|value| given(flag, value)).collect();
    (!values.is_empty()).then(|| DraftKey { key, value: list(&texts), given: given.join(" ") })
}

/// A key with a table of `NAME=VALUE`.
fn table(key: &'static str, flag: &str, values: &[String]) -> Result<Option<DraftKey>, Failure> {
    let mut entries: Vec<(&str, Vec<String>)> = Vec::new();
    for value in values {
        let (name, value) = value
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("{}: expected NAME=VALUE", given(flag, value))))?;
        let value = if key == "where" { toml_string(value) } else { scalar(value) };
        match entries.iter_mut().find(|(other, _)| key == "where" && *other == name) {
            Some((_, several)) => several.push(value),
            None => entries.push((name, vec![value])),
        }
    }
    let entry = |(name, values): &(&str, Vec<String>)| match values.as_slice() {
        [one] => format!("{} = {one}", toml_string(name)),
        several => format!("{} = [{}]", toml_string(name), several.join(", ")),
    };
    let entries: Vec<String> = entries.iter().map(entry).collect();
    let given: Vec<String> = values.iter().map(|value| given(flag, value)).collect();
    let value = format!("{{ {} }}", entries.join(", "));
    Ok((!values.is_empty()).then(|| DraftKey { key, value, given: given.join(" ") }))
}

fn given(flag: &str, value: &str) -> String {
    format!("{flag} {}", word(value.as_ref()))
}

fn list(texts: &[&str]) -> String {
    format!("[{}]", texts.iter().map(|text| toml_string(text)).collect::<Vec<_>>().join(", "))
}

/// A number or truth value as it is, anything else as a text.
fn scalar(value: &str) -> String {
    let is_number = value.parse::<f64>().is_ok_and(f64::is_finite)
        && value.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && !value.ends_with('.')
        && (!value.trim_start_matches('-').starts_with('0')
            || value.contains('.')
            || value.trim_start_matches('-') == "0");
    if is_number || matches!(value, "true" | "false") { value.to_owned() } else { toml_string(value) }
}
