//! A conversation as the input gave it: which of its messages may hold feedback, and which answer each judges.
//!
//! Indices are always those of the input: no message is merged or dropped, so that every number in the output leads back
//! to the input.

use std::borrow::Cow;
use std::ops::Range;

use rejoinder_vocabulary::Role;

use crate::Text;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who wrote the message.
    pub role: Role,
    /// What was written; borrowed from the input until somebody reads it.
    pub text: Text<'a>,
    /// When the message was written, in milliseconds since the beginning of 1970 in UTC, where the input says it.
    pub time: Option<i64>,
}

impl<'a> Message<'a> {
    /// A message of `role` with `text`, of unknown time.
    pub fn new(role: Role, text: impl Into<Text<'a>>) -> Self {
        Self { role, text: text.into(), time: None }
    }

    /// The message, written at a time in milliseconds since 1970.
    #[must_use]
    pub fn at(self, time: Option<i64>) -> Self {
        Self { time, ..self }
    }

    /// Whether the text is empty or white space only.
    pub fn is_blank(&self) -> bool {
        self.text.is_blank()
    }
}

/// The user/assistant pair that a feedback is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The paper's `feedback_turn`: 1-based number of the exchange, 0 for an assistant's greeting.
    pub number: u32,
    /// Where the assistant's side begins: the messages before it are the prompt.
    pub answer_start: usize,
    /// One past the last message of the assistant's side.
    pub answer_end: usize,
}

impl Exchange {
    /// Indices of the messages of the assistant's side (assistant and tool messages).
    pub const fn answer(&self) -> Range<usize> {
        self.answer_start..self.answer_end
    }
}

/// A conversation: an id and its messages in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation<'a> {
    /// The input's id, or the hash of the content where the input has no id.
    pub id: Cow<'a, str>,
    /// The messages, in the order of the input.
    pub messages: Vec<Message<'a>>,
}

impl Conversation<'_> {
    /// Indices of the **later turns**: user messages with an earlier non-blank assistant message.
    ///
    /// ```
    /// use rejoinder_core::{Conversation, Message, Role};
    /// let conversation = Conversation {
    ///     id: "a".into(),
    ///     messages: vec![
    ///         Message::new(Role::User, "sort this list"),
    ///         Message::new(Role::Assistant, "[1, 2, 3]"),
    ///         Message::new(Role::User, "thanks"),
    ///     ],
    /// };
    /// assert_eq!(conversation.later_turns().collect::<Vec<_>>(), [2]);
    /// ```
    pub fn later_turns(&self) -> impl Iterator<Item = usize> + '_ {
        let first = self
            .messages
            .iter()
            .position(|m| m.role == Role::Assistant && !m.is_blank())
            .unwrap_or(self.messages.len());
        (first..self.messages.len()).filter(|&i| self.messages[i].role == Role::User)
    }

    /// The exchange that a feedback in message `turn` is about, or would be after the last message: the last assistant side before it.
    ///
    /// An exchange is a run of user messages followed by a run of assistant (and tool) messages; system messages
    /// belong to neither. Returns `None` where no assistant message comes before `turn`.
    ///
    /// # Panics
    /// If `turn` is greater than the number of messages.
    pub fn judged_exchange(&self, turn: usize) -> Option<Exchange> {
        let before = &self.messages[..turn];
        let answer_end = before.iter().rposition(|m| m.role == Role::Assistant)? + 1;
        let answer_start =
            before[..answer_end].iter().rposition(|m| m.role == Role::User).map_or(0, |user| user + 1);
        let mut number = 0;
        let mut asked = false;
        for message in &before[..answer_end] {
            match message.role {
                Role::User => asked = true,
                Role::Assistant if asked => {
                    number += 1;
                    asked = false;
                }
                _ => {}
            }
        }
        Some(Exchange { number, answer_start, answer_end })
    }

    /// The last non-blank assistant text before message `turn`, or the empty string.
    ///
    /// # Panics
    /// If `turn` is greater than the number of messages.
    pub fn previous_answer(&self, turn: usize) -> &str {
        self.previous_answer_index(turn).map_or("", |answer| &self.messages[answer].text)
    }

    /// The index of the last non-blank assistant message before message `turn`.
    ///
    /// # Panics
    /// If `turn` is greater than the number of messages.
    pub fn previous_answer_index(&self, turn: usize) -> Option<usize> {
        self.messages[..turn].iter().rposition(|m| m.role == Role::Assistant && !m.is_blank())
    }

    /// Texts of the user messages before message `turn`, the latest first.
    ///
    /// # Panics
    /// If `turn` is greater than the number of messages.
    pub fn earlier_user_texts(&self, turn: usize) -> impl Iterator<Item = &str> {
        self.messages[..turn].iter().rev().filter(|m| m.role == Role::User).map(|m| &*m.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(script: &[(&str, &'static str)]) -> Conversation<'static> {
        let role = |r: &str| match r {
            "S" => Role::System,
            "U" => Role::User,
            "A" => Role::Assistant,
            _ => Role::Tool,
        };
        Conversation {
            id: "c".into(),
            messages: script.iter().map(|(r, t)| Message::new(role(r), *t)).collect(),
        }
    }

    #[test]
    fn blank_answers_open_no_later_turns_and_blank_turns_count() {
        let c = conversation(&[("U", "q"), ("A", "  "), ("U", "q"), ("A", "a"), ("U", "")]);
        assert_eq!(c.later_turns().collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn a_greeting_is_exchange_zero() {
        let c = conversation(&[("S", "s"), ("A", "Hello!"), ("U", "no thanks"), ("A", "ok"), ("U", "hm")]);
        assert_eq!(c.judged_exchange(2).unwrap().number, 0);
        let second = c.judged_exchange(4).unwrap();
        assert_eq!((second.number, second.answer()), (1, 3..4));
    }

    #[test]
    fn tool_calls_and_split_messages_are_one_exchange() {
        let c = conversation(&[
            ("U", "a"),
            ("U", "b"),
            ("A", ""),
            ("T", "42"),
            ("A", "it is 42"),
            ("U", "thanks"),
            ("U", "a lot"),
        ]);
        for turn in [5, 6] {
            let exchange = c.judged_exchange(turn).unwrap();
            assert_eq!((exchange.number, exchange.answer()), (1, 2..5));
        }
        assert_eq!(c.previous_answer(6), "it is 42");
        assert_eq!(c.judged_exchange(1), None);
    }
}
