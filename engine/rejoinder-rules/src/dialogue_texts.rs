//! The texts of the dialogue before a turn, searched for the words that rules want there. A text is folded and searched when a rule first
//! asks for it, and kept for the conversation's other turns.

use std::cell::OnceCell;
use std::fmt::Write as _;

use rejoinder_core::{Conversation, Role};
use rejoinder_rule_files::{
    DialoguePart, DialogueWords, SearchRoom, TextReading, WordPlace, toml_regex, toml_string,
};

use crate::dialogue_search::{DialogueSearch, SearchedText};

/// At most so many of the user's earlier turns, the latest first, are looked at.
pub(crate) const MAX_EARLIER_TURNS: usize = 32;
/// So many characters of a text are shown on each side of a match.
const CONTEXT: usize = 24;
/// So many characters of a match are shown.
const MATCH: usize = 60;

/// The texts of one conversation that were searched, by message. They take no room before the first is.
#[derive(Debug, Default)]
pub(crate) struct SearchedTexts(OnceCell<Box<[OnceCell<Box<SearchedText>>]>>);

impl SearchedTexts {
    fn of(&self, message: usize, search: &DialogueSearch, conversation: &Conversation<'_>) -> &SearchedText {
        let texts = self.0.get_or_init(|| conversation.messages.iter().map(|_| OnceCell::new()).collect());
        texts[message].get_or_init(|| Box::new(search.read(&conversation.messages[message].text)))
    }

    /// Looks for a condition's words before message `turn`: where they stand, and how many texts were looked at.
    pub(crate) fn find(
        &self,
        words: &DialogueWords,
        turn: usize,
        search: &DialogueSearch,
        conversation: &Conversation<'_>,
        room: &SearchRoom,
    ) -> (Option<WordPlace>, usize) {
        let mut looked_at = 0;
        let mut find = |message: usize| {
            looked_at += 1;
            let text = self.of(message, search, conversation);
            let (words, range) = search.find(words, &conversation.messages[message].text, text, room)?;
            Some(WordPlace { message, words, range })
        };
        let found = match words.part {
            DialoguePart::Answer => conversation.previous_answer_index(turn).and_then(find),
            DialoguePart::Earlier => {
                let is_user = |&message: &usize| conversation.messages[message].role == Role::User;
                (0..turn).rev().filter(is_user).take(MAX_EARLIER_TURNS).find_map(&mut find)
            }
        };
        (found, looked_at)
    }

    /// What was found, in words, with the text around it.
    pub(crate) fn describe(
        &self,
        words: &DialogueWords,
        place: Option<&WordPlace>,
        looked_at: usize,
        search: &DialogueSearch,
        conversation: &Conversation<'_>,
    ) -> String {
        let Some(WordPlace { message, words: number, range }) = place else {
            return match (words.part, looked_at) {
                (DialoguePart::Answer, _) => "no match in the last answer".to_owned(),
                (DialoguePart::Earlier, 1) => "no match in the user's one earlier turn".to_owned(),
                (DialoguePart::Earlier, MAX_EARLIER_TURNS) => {
                    format!(
                        "no match in the user's {MAX_EARLIER_TURNS} latest earlier turns; others are not looked at"
                    )
                }
                (DialoguePart::Earlier, turns) => format!("no match in the user's {turns} earlier turns"),
            };
        };
        let what = match words.phrases.get(*number) {
            Some(phrase) => toml_string(phrase),
            None => {
                let regex = words.regexes.get(number - words.phrases.len());
                toml_regex(regex.map_or("", |regex| regex.as_str()))
            }
        };
        let text = match words.reading {
            TextReading::Folded => self.of(*message, search, conversation).folded.text(),
            TextReading::AsWritten => &conversation.messages[*message].text,
        };
        let whose = match words.part {
            DialoguePart::Answer => "the answer",
            DialoguePart::Earlier => "the user's message",
        };
        let folded = if words.reading.is_folded() { ", folded" } else { "" };
        let mut said = format!("{what} matches at byte {} of {whose} {message}{folded}: ", range.start);
        let _ = write!(said, "`{}`", excerpt(text, range).escape_debug());
        said
    }
}

/// A match with some of the text around it.
fn excerpt(text: &str, range: &std::ops::Range<usize>) -> String {
    let [before, found, after] = [&text[..range.start], &text[range.clone()], &text[range.end..]];
    let from = before.char_indices().rev().nth(CONTEXT - 1).map_or(0, |(at, _)| at);
    let to = after.char_indices().nth(CONTEXT).map_or(after.len(), |(at, _)| at);
    let cut = found.char_indices().nth(MATCH).map(|(at, _)| at);
    let mut shown = String::new();
    shown += if from > 0 { "…" } else { "" };
    shown += &before[from..];
    match cut {
        Some(cut) => shown += &[&found[..cut], "…"].concat(),
        None => {
            shown += found;
            shown += &after[..to];
            shown += if to < after.len() { "…" } else { "" };
        }
    }
    shown
}
