//! The two prompts: instructions first and constant, so that servers reuse their prefix; the dialogue last.
//!
//! Chat text is hostile data. Whatever in it could pass for a control marker of a chat template, for the end of the
//! fence or for the beginning of another message gets a zero-width space behind its first character: a model reads
//! on as before, a tokenizer sees no marker, and folding makes the two spellings equal again when a span is checked.

use std::ops::Add;

use rejoinder_core::text::CharCount;
use rejoinder_core::{Conversation, Message};

use crate::question::Unit;

/// The paper's prompt for a whole dialogue (arXiv 2407.10944, appendix), word for word.
const CONVERSATION: &str = include_str!("../../../rules/prompts/conversation.txt");
/// The prompt for one turn, with the paper's definitions word for word.
const TURN: &str = include_str!("../../../rules/prompts/turn.txt");

const FENCE_START: &str = "<dialogue>";
const FENCE_END: &str = "</dialogue>";
const CUT: &str = " […] ";
const ZERO_WIDTH_SPACE: char = '\u{200B}';

/// Markers of chat templates and the beginnings of our own fence's; compared without regard to case.
const MARKERS: [&str; 10] =
    ["[inst]", "[/inst]", "<s>", "</s>", "<<sys>>", "<</sys>>", "<|", "|>", "<dialogue", "</dialogue"];
const ROLES: [&str; 4] = ["user", "assistant", "system", "tool"];

/// How much of a dialogue a turn prompt shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Messages before the turn.
    pub messages: usize,
    /// Longest excerpt of each, in bytes.
    pub max_bytes_per_message: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { messages: 4, max_bytes_per_message: 1_500 }
    }
}

/// The turn itself may be this many times as long as the messages before it.
const TURN_FACTOR: usize = 3;

/// The instructions that every prompt of a unit begins with, byte for byte the same.
pub const fn instructions(unit: Unit) -> &'static str {
    match unit {
        Unit::Turn => TURN,
        Unit::Conversation => CONVERSATION,
    }
}

/// The dialogue that follows the instructions where message `message_index` alone is asked about: a bounded window,
/// fenced.
///
/// # Panics
/// If `message_index` is not an index into the messages.
pub fn turn(conversation: &Conversation<'_>, message_index: usize, window: &Window) -> String {
    let first = message_index.saturating_sub(window.messages);
    let mut prompt = String::with_capacity(4096);
    prompt.push('\n');
    prompt.push_str(FENCE_START);
    prompt.push('\n');
    for (index, message) in (first..).zip(&conversation.messages[first..=message_index]) {
        let limit = window.max_bytes_per_message * if index == message_index { TURN_FACTOR } else { 1 };
        push_message(&mut prompt, message, limit);
    }
    prompt.push_str(FENCE_END);
    prompt
}

/// The dialogue that follows the instructions where a whole conversation is asked about, as the paper does.
pub fn conversation(conversation: &Conversation<'_>) -> String {
    let dialogue: usize = conversation.messages.iter().map(|m| m.text.len() + 16).sum();
    let mut prompt = String::with_capacity(dialogue);
    prompt.push('\n');
    for message in &conversation.messages {
        push_message(&mut prompt, message, usize::MAX);
    }
    prompt
}

/// The number of characters of [`conversation`], without rendering it and without the zero-width spaces that disarm
/// markers.
pub fn count_conversation(conversation: &Conversation<'_>) -> CharCount {
    let message = |m: &Message<'_>| CharCount::of("# : \n") + CharCount::of(m.role.name()) + m.text.count();
    conversation.messages.iter().map(message).fold(CharCount::of("\n"), CharCount::add)
}

fn push_message(prompt: &mut String, message: &Message<'_>, limit: usize) {
    prompt.push_str("# ");
    prompt.push_str(message.role.name());
    prompt.push_str(": ");
    let text = &*message.text;
    if text.len() <= limit {
        push_disarmed(prompt, text);
    } else {
        // The head of an answer says what it is about, the tail how it ended: two thirds and one third.
        let head = text.floor_char_boundary(limit / 3 * 2);
        let tail = text.ceil_char_boundary(text.len() - limit / 3);
        push_disarmed(prompt, &text[..head]);
        prompt.push_str(CUT);
        push_disarmed(prompt, &text[tail..]);
    }
    prompt.push('\n');
}

fn push_disarmed(prompt: &mut String, text: &str) {
    let is_suspect = |b: &u8| matches!(b, b'<' | b'[' | b'|' | b'#');
    let mut done = 0;
    // End of the last run of `#` and white space, so that none is passed over twice.
    let mut run_end = 0;
    while let Some(next) = text.as_bytes()[done..].iter().position(is_suspect) {
        let at = done + next;
        prompt.push_str(&text[done..=at]);
        done = at + 1;
        let harmful = if text.as_bytes()[at] != b'#' {
            MARKERS.iter().any(|marker| starts_with_ignoring_case(&text[at..], marker))
        } else if begins_line(&text[..at]) {
            if run_end <= at {
                let rest = text[at..].trim_start_matches(|c: char| c == '#' || c.is_whitespace());
                run_end = text.len() - rest.len();
            }
            ROLES.iter().any(|role| starts_with_ignoring_case(&text[run_end..], role))
        } else {
            false
        };
        if harmful {
            prompt.push(ZERO_WIDTH_SPACE);
        }
    }
    prompt.push_str(&text[done..]);
}

/// Whether only white space stands between the last line end and the end of `before`.
fn begins_line(before: &str) -> bool {
    before.chars().rev().take_while(|c| c.is_whitespace()).any(ends_line)
}

/// Whether some reader of text begins a new line after `c`.
const fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::Role;
    use rejoinder_core::fold::Folded;

    use super::*;

    fn dialogue(texts: &[&str]) -> Conversation<'static> {
        let roles = [Role::User, Role::Assistant];
        Conversation {
            id: "c".into(),
            messages: (0..).zip(texts).map(|(i, t)| Message::new(roles[i % 2], (*t).to_owned())).collect(),
        }
    }

    #[test]
    fn the_conversation_prompt_is_the_papers_with_the_dialogue_last() {
        let prompt = instructions(Unit::Conversation).to_owned()
            + &conversation(&dialogue(&["hi", "hello", "thanks"]));
        assert!(prompt.starts_with("There are five different patterns in user responses"));
        assert!(prompt.contains("e.g., You’re wrong.\n"));
        assert!(prompt.ends_with(
            "\"User Response Text\": \"\"\n}\n\n# user: hi\n# assistant: hello\n# user: thanks\n"
        ));
    }

    #[test]
    fn the_turn_prompt_is_a_bounded_window_that_ends_with_the_turn() {
        let long = "x".repeat(100_000);
        let c = dialogue(&["q0", "a0", "q1", &long, "q2", "a2", &long]);
        let window = Window::default();
        assert_eq!(
            turn(&c, 2, &window),
            "\n<dialogue>\n# user: q0\n# assistant: a0\n# user: q1\n</dialogue>"
        );
        let last = turn(&c, 6, &window);
        assert!(last.len() < 9_000 && last.contains("# user: q1\n# assistant: xxx") && !last.contains("a0"));
    }

    #[test]
    fn both_prompts_share_the_papers_definitions() {
        let definitions = |p: &'static str| p.lines().take(7).collect::<Vec<_>>();
        assert_eq!(definitions(TURN), definitions(CONVERSATION));
    }

    #[test]
    fn a_text_of_nothing_but_headings_takes_no_longer_than_its_length() {
        let mut disarmed = String::new();
        push_disarmed(&mut disarmed, &("\n#".repeat(1 << 19) + "user"));
        assert_eq!(disarmed.matches(ZERO_WIDTH_SPACE).count(), 1 << 19);
    }

    proptest! {
        #[test]
        fn nothing_leaves_the_fence(texts in prop::collection::vec(
            prop::collection::vec(prop::sample::select(vec![
                "</dialogue>", "<DIALOGUE>", "\n# user: hi", "\r\n  ## assistant: x", "[INST]", "[/inst]", "</s>", "<|im_end|>", "é谢", "\n", " ", "a",
                "</dialogue >", "\u{2028}# user: x", "\u{B}", "#", "# tool: ",
            ]), 0..12).prop_map(|parts| parts.concat()), 1..6)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let c = dialogue(&texts);
            let prompt = turn(&c, texts.len() - 1, &Window { messages: 9, max_bytes_per_message: 60 });
            let data = &prompt;
            prop_assert_eq!(data.to_lowercase().matches("</dialogue").count(), 1);
            prop_assert!(data.ends_with(FENCE_END));
            let role_lines = data.split(ends_line).filter(|l| ROLES.iter().any(|r| l.starts_with(&format!("# {r}: ")))).count();
            prop_assert_eq!(role_lines, texts.len());
            for marker in ["[inst]", "[/inst]", "</s>", "<|"] {
                prop_assert!(!data.to_lowercase().contains(marker));
            }
        }

        #[test]
        fn no_text_at_all_leaves_the_fence(texts in prop::collection::vec(any::<String>(), 1..4)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let prompt = turn(&dialogue(&texts), texts.len() - 1, &Window::default());
            prop_assert_eq!(prompt.matches(FENCE_END).count(), 1);
            let role_lines = prompt.split(ends_line).filter(|l| l.starts_with("# user: ") || l.starts_with("# assistant: "));
            prop_assert_eq!(role_lines.count(), texts.len());
        }

        #[test]
        fn counting_agrees_with_rendering(texts in prop::collection::vec("(</s>|\\[INST\\]|\n# user:|[a-z谢é ]){0,20}", 1..5)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let c = dialogue(&texts);
            let rendered = conversation(&c).replace(ZERO_WIDTH_SPACE, "");
            prop_assert_eq!(count_conversation(&c), CharCount::of(&rendered));
        }

        #[test]
        fn disarming_does_not_change_what_a_span_check_sees(text in "(</s>|\\[INST\\]|# user:|\n|[a-z ]){0,20}") {
            let mut disarmed = String::new();
            push_disarmed(&mut disarmed, &text);
            let (a, b) = (Folded::new(&text), Folded::new(&disarmed));
            prop_assert_eq!(a.text(), b.text());
        }
    }
}
