//! What a plugin declares of itself: what it gives, and which turns it wishes to be asked about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::abi::{self, Plugin, Str, asks};
use crate::handshake::{HandshakeError, text};

/// What a plugin gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gives {
    /// Verdicts.
    pub votes: bool,
    /// Calibrated probabilities of every candidate.
    pub scores: bool,
    /// Facts that rules may ask for.
    pub facts: bool,
}

impl Gives {
    pub(crate) const fn of(flags: u64) -> Self {
        Self {
            votes: flags & abi::GIVES_VOTES != 0,
            scores: flags & abi::GIVES_SCORES != 0,
            facts: flags & abi::GIVES_FACTS != 0,
        }
    }

    /// Whether the plugin is asked to vote: it gives verdicts or probabilities.
    pub const fn is_asked(&self) -> bool {
        self.votes || self.scores
    }
}

impl fmt::Display for Gives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = [(self.votes, "votes"), (self.scores, "scores"), (self.facts, "facts")];
        let given: Vec<&str> = given.into_iter().filter(|(given, _)| *given).map(|(_, name)| name).collect();
        f.write_str(&given.join(", "))
    }
}

/// Which turns a plugin wishes to vote on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asks {
    /// Whatever the engine finds best.
    #[default]
    Default,
    /// Turns that a rule marked.
    Marked,
    /// Every later turn.
    All,
    /// Turns that meet a condition.
    Selected(Selection),
}

/// The condition of a plugin on the turns that it is asked about: a turn meets all parts of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// The turn holds one of these, as a rule's `any`: folded, on word borders. Empty: any turn.
    pub phrases: Vec<String>,
    /// The conversation is in one of these, by codes of ISO 639. Empty: in any.
    pub languages: Vec<String>,
    /// The least number of words.
    pub min_words: u32,
    /// The greatest number of words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_words: Option<u32>,
}

/// What a plugin's table says of the turns that it wishes to vote on.
///
/// # Errors
/// Its words make no sense.
pub(crate) fn read_asks(plugin: &Plugin) -> Result<Asks, HandshakeError> {
    match plugin.asks {
        asks::DEFAULT => Ok(Asks::Default),
        asks::MARKED => Ok(Asks::Marked),
        asks::ALL => Ok(Asks::All),
        asks::SELECTED => read_selection(plugin).map(Asks::Selected),
        _ if plugin.abi_minor > abi::MINOR => Ok(Asks::Default),
        other => Err(HandshakeError::Asks(format!(
            "its asks is {other}, which is not RJN_ASK_DEFAULT to _SELECTED"
        ))),
    }
}

fn read_selection(plugin: &Plugin) -> Result<Selection, HandshakeError> {
    // SAFETY: what a plugin's table points to lives until the process ends.
    let Some(selection) = (unsafe { plugin.selection.as_ref() }) else {
        return Err(HandshakeError::Asks("it has RJN_ASK_SELECTED and no selection".into()));
    };
    if selection.struct_size < abi::floor::SELECTION {
        return Err(HandshakeError::Asks(format!(
            "its selection has {} bytes where ABI 1.0 has {}",
            selection.struct_size,
            abi::floor::SELECTION
        )));
    }
    let phrases = texts(selection.phrases, selection.n_phrases, "phrases")?;
    let languages = texts(selection.languages, selection.n_languages, "languages")?;
    let max_words = Some(selection.max_words).filter(|max| *max > 0);
    if max_words.is_some_and(|max| max < selection.min_words) {
        let (min, max) = (selection.min_words, selection.max_words);
        return Err(HandshakeError::Asks(format!("its selection wants {min} to {max} words")));
    }
    Ok(Selection { phrases, languages, min_words: selection.min_words, max_words })
}

fn texts(list: *const Str, n: u32, what: &'static str) -> Result<Vec<String>, HandshakeError> {
    if list.is_null() && n > 0 {
        return Err(HandshakeError::Asks(format!("its selection has {n} {what} and no list of them")));
    }
    // SAFETY: the list holds so many texts, as the header says.
    let texts = (0..n as usize).map(|index| text(unsafe { *list.add(index) }, what));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    match texts.iter().any(|text| text.trim().is_empty()) {
        true => Err(HandshakeError::Asks(format!("one of its selection's {what} is empty"))),
        false => Ok(texts),
    }
}
