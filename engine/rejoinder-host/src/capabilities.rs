//! What a plugin declares of itself: what it gives, and which turns it wishes to be asked about.

use std::fmt;

use rejoinder_core::diagnostic::quoted_list;
use rejoinder_core::language::Language;
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

/// The greatest number of phrases, and of languages, of a selection.
const MOST: u32 = 100_000;
/// The longest phrase of a selection, in characters, as of a rule.
const LONGEST: usize = 1000;

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

impl Asks {
    /// Checks that a run could ask as the plugin wishes.
    ///
    /// # Errors
    /// What of the wish cannot be.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Selected(selection) => selection.check(),
            Self::Default | Self::Marked | Self::All => Ok(()),
        }
    }
}

impl Selection {
    fn check(&self) -> Result<(), String> {
        if let Some(code) = self.languages.iter().find(|code| code.parse::<Language>().is_err()) {
            let known = quoted_list(&Language::CODES);
            let code = code.escape_debug();
            return Err(format!("its selection names the language `{code}`: expected one of {known}"));
        }
        match self.phrases.iter().map(|phrase| phrase.chars().count()).max() {
            Some(length) if length > LONGEST => {
                Err(format!("its selection has a phrase of {length} characters: at most {LONGEST} can be"))
            }
            _ => Ok(()),
        }
    }
}

/// Such as: one of the phrases `a` and `b`, the language en, 3 to 9 words.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 5;
        let Self { phrases, languages, min_words, max_words } = self;
        let listed = |names: &[String]| {
            let shown: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
            let more = names.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", quoted_list(&shown))
        };
        let mut parts = Vec::new();
        match phrases.len() {
            0 => {}
            1 => parts.push(format!("the phrase {}", listed(phrases))),
            _ => parts.push(format!("one of the phrases {}", listed(phrases))),
        }
        if !languages.is_empty() {
            parts.push(format!("the language {}", languages.join(" or ")));
        }
        match (*min_words, *max_words) {
            (0, None) => {}
            (least, None) => parts.push(format!("at least {least} words")),
            (0, Some(most)) => parts.push(format!("at most {most} words")),
            (least, Some(most)) => parts.push(format!("{least} to {most} words")),
        }
        f.write_str(&if parts.is_empty() { "words".to_owned() } else { parts.join(", ") })
    }
}

impl fmt::Display for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("turns that a rule marked; every later turn where a score decides"),
            Self::Marked => f.write_str("turns that a rule marked"),
            Self::All => f.write_str("every later turn"),
            Self::Selected(selection) => write!(f, "later turns with {selection}"),
        }
    }
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
    let selection = Selection { phrases, languages, min_words: selection.min_words, max_words };
    selection.check().map_err(HandshakeError::Asks)?;
    Ok(selection)
}

fn texts(list: *const Str, n: u32, what: &'static str) -> Result<Vec<String>, HandshakeError> {
    if n > MOST {
        return Err(HandshakeError::Asks(format!("its selection has {n} {what}: at most {MOST} can be")));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_told_in_words() {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let told = |phrases: &[&str], languages: &[&str], min_words, max_words| {
            Selection { phrases: texts(phrases), languages: texts(languages), min_words, max_words }
                .to_string()
        };
        assert_eq!(told(&["what the hell"], &["en"], 0, None), "the phrase `what the hell`, the language en");
        assert_eq!(
            told(&["a", "b", "c", "d", "e", "f", "g"], &[], 3, Some(9)),
            "one of the phrases `a`, `b`, `c`, `d`, `e` and 2 more, 3 to 9 words"
        );
        assert_eq!(told(&[], &["en", "de"], 2, None), "the language en or de, at least 2 words");
    }

    #[test]
    fn a_selection_that_no_run_could_take_is_refused() {
        let wrong = |selection: Selection| Asks::Selected(selection).check().unwrap_err();
        for code in ["xx", "english", "EN", ""] {
            let of_language = Selection { languages: vec![code.into()], ..Selection::default() };
            assert!(wrong(of_language).contains(&format!("the language `{code}`: expected one of")));
        }
        let of_phrase = Selection { phrases: vec!["x".repeat(1001)], ..Selection::default() };
        assert!(wrong(of_phrase).contains("a phrase of 1001 characters"));
        assert_eq!(Asks::Selected(Selection::default()).check(), Ok(()));
    }
}
