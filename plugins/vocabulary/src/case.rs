//! A test case for plugins: a dialogue, and what a plugin should say about its last turn. The plugin author's own tests and
//! the engine's check of a library read the same format.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

use crate::{Category, Role, Verdict};

/// A file of cases.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    /// The plugin's configuration; keys that are left out have the plugin's defaults.
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
    /// Messages, each `U: `, `A: `, `S: ` or `T: ` and the text. The last message is the user's, and the turn under test.
    pub dialogue: Vec<String>,
    /// Ids of rules that count as matching the whole turn under test. (In a run, the rules in force are matched.)
    #[serde(default)]
    pub rules: Vec<String>,
    /// What the plugin must say.
    pub expect: ExpectedVote,
}

/// What a plugin must say in a case; a part that is left out may be anything.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedVote {
    /// `accept`, `reject`, `escalate` or `abstain`.
    pub verdict: Option<String>,
    /// The accepted category.
    pub category: Option<Category>,
    /// The reason, word for word.
    pub reason: Option<String>,
    /// The least score; a vote without a score does not meet it.
    pub min_score: Option<f32>,
    /// The greatest score; a vote without a score does not meet it.
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
    /// The case's rules as indices into `rules`, the ids of the rules in force; those that are not in force are left out.
    pub fn hits(&self, rules: &[String]) -> impl Iterator<Item = u32> {
        let number = |id: &String| rules.iter().position(|known| known == id);
        self.rules.iter().filter_map(number).map(|rule| rule as u32)
    }

    /// The messages of the dialogue; the last is the turn under test.
    ///
    /// # Errors
    /// If a line does not begin with a role, or the last message is not the user's.
    pub fn messages(&self) -> Result<Vec<(Role, &str)>, CaseError> {
        let messages = self.dialogue.iter().map(|line| message(line)).collect::<Result<Vec<_>, _>>()?;
        match messages.last() {
            Some((Role::User, _)) => Ok(messages),
            _ => Err(CaseError::LastNotOfUser),
        }
    }

    /// How a vote differs from what is expected; `None` if it does not.
    pub fn difference(&self, verdict: Verdict, score: Option<f32>, reason: &str) -> Option<String> {
        let expect = &self.expect;
        let (verdict, category) = verdict.names();
        let wrong = expect.verdict.as_ref().is_some_and(|v| v != verdict)
            || expect.category.is_some_and(|c| c.code() != category)
            || expect.reason.as_ref().is_some_and(|r| r != reason)
            || expect.min_score.is_some_and(|min| score.is_none_or(|s| s < min))
            || expect.max_score.is_some_and(|max| score.is_none_or(|s| s > max));
        let score = || score.map_or_else(|| "no score".into(), |s| format!("score {s}"));
        wrong.then(|| format!("it said {verdict} {category} ({}), reason `{reason}`", score()))
    }
}

/// Why a dialogue cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseError {
    /// A line does not begin with a role.
    NoRole {
        /// The line.
        line: String,
    },
    /// The last message is not the user's.
    LastNotOfUser,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRole { line } => {
                write!(f, "`{}` does not begin with U:, A:, S: or T:", line.escape_debug())
            }
            Self::LastNotOfUser => f.write_str("the last message of a dialogue is the user's: `U: …`"),
        }
    }
}

impl std::error::Error for CaseError {}

/// The plugin boundary reports errors as text.
impl From<CaseError> for String {
    fn from(error: CaseError) -> Self {
        error.to_string()
    }
}

/// Reads a line such as `U: thanks`: who said it, and what.
///
/// # Errors
/// If it does not begin with a role.
pub fn message(line: &str) -> Result<(Role, &str), CaseError> {
    let wrong = || CaseError::NoRole { line: line.to_owned() };
    let (who, said) = line.split_once(':').ok_or_else(wrong)?;
    let role = match who {
        "U" => Role::User,
        "A" => Role::Assistant,
        "S" => Role::System,
        "T" => Role::Tool,
        _ => return Err(wrong()),
    };
    Ok((role, said.strip_prefix(' ').unwrap_or(said)))
}
