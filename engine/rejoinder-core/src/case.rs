//! A dialogue and what a plugin should say of its last turn: one format for the plugin author's own tests and for the
//! engine's check of a library.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{Category, Conversation, Hit, Message, Role};

/// A file of cases.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    /// The plugin's configuration, an object; left out, everything is as the plugin has it.
    #[serde(default)]
    pub config: serde_json::Map<String, serde_json::Value>,
    /// The cases.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Messages, each `U: `, `A: `, `S: ` or `T: ` and the text; the last is the user's, and judged.
    pub dialogue: Vec<String>,
    /// Ids of the rules that match the whole of that turn; in a run, those in force say so.
    #[serde(default)]
    pub rules: Vec<String>,
    /// What must come of it.
    pub expect: Expect,
}

/// What must come of a case; what is left out may be anything.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// `accept`, `reject`, `escalate` or `abstain`.
    pub verdict: Option<String>,
    /// The accepted category.
    pub category: Option<Category>,
    /// The reason, word for word.
    pub reason: Option<String>,
    /// The score is given, and at least this.
    pub min_score: Option<f32>,
    /// The score is given, and at most this.
    pub max_score: Option<f32>,
}

impl Cases {
    /// The ids of all rules that some case names, each once.
    pub fn rules(&self) -> Vec<String> {
        let named = self.cases.iter().flat_map(|case| case.rules.iter().cloned());
        named.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Case {
    /// The hits of the case's rules, where `rules` are those in force.
    pub fn hits(&self, rules: &[String]) -> Vec<Hit> {
        let end = self.conversation().map_or(0, |c| c.messages.last().map_or(0, |turn| turn.text.len()));
        let number = |id: &String| rules.iter().position(|known| known == id);
        let numbers = self.rules.iter().filter_map(number);
        numbers.map(|rule| Hit { rule: rule as u32, start: 0, end: end as u32 }).collect()
    }

    /// The dialogue as a conversation that ends with the turn to judge.
    ///
    /// # Errors
    /// If a line does not begin with a role, or the last message is not the user's.
    pub fn conversation(&self) -> Result<Conversation<'_>, String> {
        let messages = self.dialogue.iter().map(|line| message(line)).collect::<Result<Vec<_>, _>>()?;
        if messages.last().is_none_or(|last| last.role != Role::User) {
            return Err("the last message of a dialogue is the user's: `U: …`".into());
        }
        Ok(Conversation { id: "case".into(), messages })
    }

    /// What of an answer is not as expected; `None` if all is.
    pub fn difference(&self, answer: &crate::Vote, reason: &str) -> Option<String> {
        let expect = &self.expect;
        let (verdict, category) = answer.verdict.names();
        let score = answer.score;
        let wrong = expect.verdict.as_ref().is_some_and(|v| v != verdict)
            || expect.category.is_some_and(|c| c.code() != category)
            || expect.reason.as_ref().is_some_and(|r| r != reason)
            || expect.min_score.is_some_and(|min| score.is_none_or(|s| s < min))
            || expect.max_score.is_some_and(|max| score.is_none_or(|s| s > max));
        let score = || score.map_or_else(|| "no score".into(), |s| format!("score {s}"));
        wrong.then(|| format!("it said {verdict} {category} ({}), reason `{reason}`", score()))
    }
}

/// Reads a line such as `U: thanks`.
///
/// # Errors
/// If it does not begin with a role.
pub fn message(line: &str) -> Result<Message<'_>, String> {
    let wrong = || format!("`{}` does not begin with U:, A:, S: or T:", line.escape_debug());
    let (who, said) = line.split_once(':').ok_or_else(wrong)?;
    let role = match who {
        "U" => Role::User,
        "A" => Role::Assistant,
        "S" => Role::System,
        "T" => Role::Tool,
        _ => return Err(wrong()),
    };
    Ok(Message::new(role, said.strip_prefix(' ').unwrap_or(said)))
}
