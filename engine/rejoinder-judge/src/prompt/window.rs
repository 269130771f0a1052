//! How much of a dialogue is shown with the turn that is asked about.
//!
//! Two windows follow one another. A [`DialogueWindow`] says what a question keeps, once, when the question is written down; a
//! [`PromptWindow`] says what of that a prompt shows, each time the question is put into words.

use std::ops::Range;

use rejoinder_core::{Conversation, Role};

use crate::question::{DialogueLine, Question};

/// The mark where text was left out.
pub(super) const OMISSION: &str = " […] ";

/// How much of a dialogue a question keeps beside its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialogueWindow {
    /// The number of messages before the turn.
    pub messages: usize,
    /// The longest excerpt of each message, in bytes.
    pub max_bytes_per_message: usize,
}

impl Default for DialogueWindow {
    fn default() -> Self {
        Self { messages: 4, max_bytes_per_message: 1_500 }
    }
}

/// How much of a question a prompt shows: so many bytes of each message, two thirds from its beginning and one third from its
/// end. No word is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PromptWindow {
    /// The number of messages before the turn.
    pub messages: usize,
    /// The most bytes of an earlier message of the user, or of a system or tool message.
    pub request: usize,
    /// The most bytes of a message of the assistant.
    pub answer: usize,
    /// The most bytes of the turn that is asked about.
    pub turn: usize,
}

impl Default for PromptWindow {
    fn default() -> Self {
        Self { messages: 2, request: 600, answer: 600, turn: 2_000 }
    }
}

impl PromptWindow {
    /// The text of a message as the window shows it; `is_open` says that the message is asked about.
    pub fn shown<'t>(&self, line: &'t DialogueLine, is_open: bool) -> [&'t str; 3] {
        let limit = match line.role {
            _ if is_open => self.turn,
            Role::Assistant => self.answer,
            _ => self.request,
        };
        excerpt_of_words(&line.text, limit)
    }

    /// The messages of a question about a turn that the window shows, each with whether it is asked about.
    pub fn lines<'q>(&self, question: &'q Question) -> impl Iterator<Item = (&'q DialogueLine, bool)> {
        let is_open = |line: &DialogueLine| question.open.contains(&line.index);
        let before = question.lines.iter().filter(|line| !is_open(line)).count();
        let left_out = before.saturating_sub(self.messages);
        question.lines.iter().skip(left_out).map(move |line| (line, is_open(line)))
    }

    /// The question with what the window shows of its messages.
    pub fn cut(&self, question: &Question) -> Question {
        let lines = self
            .lines(question)
            .map(|(line, is_open)| DialogueLine { text: self.shown(line, is_open).concat(), ..*line });
        Question {
            lines: lines.collect(),
            open: question.open.clone(),
            hints: question.hints.clone(),
            ..*question
        }
    }
}

/// The whole turn, and excerpts of the messages before it.
///
/// # Panics
/// If `message_index` is not an index into the messages.
pub fn window(
    conversation: &Conversation<'_>,
    message_index: usize,
    window: &DialogueWindow,
) -> Vec<DialogueLine> {
    let first = message_index.saturating_sub(window.messages);
    let shown = (first..).zip(&conversation.messages[first..=message_index]);
    shown
        .map(|(index, message)| DialogueLine {
            index: index as u32,
            role: message.role,
            text: match index == message_index {
                true => message.text.to_string(),
                false => excerpt(&message.text, window.max_bytes_per_message).concat(),
            },
        })
        .collect()
}

/// A text of at most about `limit` bytes. The head (two thirds) says what the text is about, the tail (one third) how it ends.
pub(super) fn excerpt(text: &str, limit: usize) -> [&str; 3] {
    if text.len() <= limit {
        return [text, "", ""];
    }
    let head = text.floor_char_boundary(limit / 3 * 2);
    let tail = text.ceil_char_boundary(text.len() - limit / 3);
    [&text[..head], OMISSION, &text[tail..]]
}

/// What is longer is no word that a reader would miss the middle of, but an address or encoded data, in bytes.
const LONGEST_WORD: usize = 64;

/// An excerpt as [`excerpt`] makes it, of at most `limit` bytes beside the mark, whose ends stand between words.
fn excerpt_of_words(text: &str, limit: usize) -> [&str; 3] {
    if text.len() <= limit {
        return [text, "", ""];
    }
    let head = text.floor_char_boundary(limit / 3 * 2);
    let tail = text.ceil_char_boundary(text.len() - limit / 3);
    let [head, tail] = [word_at(text, head).start, word_at(text, tail).end];
    [text[..head].trim_end(), OMISSION, text[tail..].trim_start()]
}

/// The word that a place in a text stands in, or the place alone where it stands between words.
fn word_at(text: &str, at: usize) -> Range<usize> {
    let (before, after) = text.split_at(at);
    let bytes = |chars: &mut dyn Iterator<Item = char>| {
        chars.take(LONGEST_WORD + 1).take_while(|c| is_of_word(*c)).map(char::len_utf8).sum::<usize>()
    };
    let (before, after) = (bytes(&mut before.chars().rev()), bytes(&mut after.chars()));
    let is_word = before > 0 && after > 0 && before + after <= LONGEST_WORD;
    if is_word { at - before..at + after } else { at..at }
}

/// Whether a character joins its neighbours to a word. In scripts without spaces each character may stand by itself.
fn is_of_word(c: char) -> bool {
    let is_unspaced = matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{2E80}'..='\u{A4CF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FF0F}' | '\u{20000}'..='\u{3FFFF}');
    let is_mark =
        !c.is_ascii() && !c.is_whitespace() && !matches!(c, '\u{2010}'..='\u{2027}' | '\u{AB}' | '\u{BB}');
    !is_unspaced && (c.is_alphanumeric() || matches!(c, '\'' | '_') || is_mark || c == '’')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::RecordId;

    use super::*;

    #[test]
    fn a_cut_stands_between_words_and_is_marked() {
        let cut = |text: &str, limit| excerpt_of_words(text, limit).concat();
        assert_eq!(cut("one two three four five six", 15), "one two […] six");
        assert_eq!(cut("don't stop believing in me", 9), "don't […] me");
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("你好世界你好世界", 18), "你好世界 […] 世界");
        let address = "x".repeat(300);
        assert_eq!(cut(&address, 90), format!("{} […] {}", "x".repeat(60), "x".repeat(30)));
    }

    #[test]
    fn a_prompt_shows_less_of_a_question_than_the_question_keeps() {
        let texts =
            ["first", "answer one", "second request", "the answer that was given", "no, that is wrong"];
        let roles = [Role::User, Role::Assistant];
        let lines = (0..).zip(texts).map(|(index, text)| DialogueLine {
            index,
            role: roles[index as usize % 2],
            text: text.to_owned(),
        });
        let question = Question {
            id: RecordId { shard: 0, ordinal: 0, message_index: 4 },
            lines: lines.collect(),
            open: vec![4],
            hints: Vec::new(),
        };
        let shown = PromptWindow { messages: 2, request: 6, answer: 12, turn: 100 }.cut(&question);
        let texts: Vec<&str> = shown.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, [" […] ", "the […] ", "no, that is wrong"]);
        assert_eq!((shown.id, &shown.open), (question.id, &question.open));
        let all = PromptWindow { messages: 9, request: 99, answer: 99, turn: 99 };
        assert_eq!(all.cut(&question), question);
    }

    proptest! {
        #[test]
        fn an_excerpt_is_the_head_and_the_tail_within_its_limit(text in "(\\PC|[ab ]){0,200}", limit in 0_usize..150) {
            let [head, mark, tail] = excerpt_of_words(&text, limit);
            if mark.is_empty() {
                prop_assert_eq!(head, text.as_str());
            } else {
                prop_assert!(text.starts_with(head) && text.ends_with(tail) && head.len() + tail.len() <= limit);
            }
        }

        #[test]
        fn no_word_is_cut(words in prop::collection::vec("[a-zé']{1,12}", 1..60), limit in 40_usize..200) {
            let text = words.join(" ");
            let shown = excerpt_of_words(&text, limit).concat();
            prop_assert!(shown.split(' ').all(|word| word.is_empty() || word == "[…]" || words.iter().any(|w| w == word)), "{}", shown);
        }
    }
}
