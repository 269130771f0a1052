//! All exchanges of a conversation as examples, whatever the user said about the answers.

use rejoinder_core::RecordId;

use super::chat::{AnswerPair, Dialogue};
use super::example::{self, Example, ToolPolicy};
use super::skip_reason::{SkipCounts, note};

/// The conversation that exchanges are taken from: where it stands in the input, and how much of it stands in an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeSource {
    /// Index of the input file.
    pub shard: u32,
    /// Number of the conversation in the file, from 0.
    pub ordinal: u64,
    /// The number of messages at the beginning that an earlier conversation holds, too. Their answers are examples there.
    pub shared: usize,
}

/// An example for each answer after a user's message, in the order of the answers; also for the last one, after which the user said
/// nothing.
pub fn examples(
    dialogue: &Dialogue<'_>,
    source: ExchangeSource,
    tools: ToolPolicy,
    skipped: &mut SkipCounts,
) -> Vec<Example> {
    let ExchangeSource { shard, ordinal, shared } = source;
    let conversation = dialogue.conversation;
    let mut examples = Vec::new();
    let mut seen = shared;
    for turn in conversation.later_turns().chain([conversation.messages.len()]) {
        let exchange = conversation.judged_exchange(turn);
        let Some(exchange) = exchange.filter(|exchange| exchange.number > 0 && exchange.answer_end > seen)
        else {
            continue;
        };
        seen = exchange.answer_end;
        match example::pair(dialogue, turn, tools) {
            Ok(AnswerPair { prompt, completion, uses_tools, changes }) => examples.push(Example {
                prompt,
                completion,
                rejected: None,
                label: true,
                conversation_id: conversation.id.to_string(),
                feedback_turn: exchange.number,
                category: None,
                id: RecordId { shard, ordinal, message_index: turn as u32 },
                is_flagged: None,
                uses_tools,
                changes,
            }),
            Err(why) => note(skipped, why, 1),
        }
    }
    examples
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::skip_reason::SkipReason;
    use crate::export::tests::support::{conversation, plain, script};

    fn exchanges(text: &str, shared: usize) -> (Vec<(u32, String)>, SkipCounts) {
        let chat = conversation("c", &script(text));
        let mut skipped = SkipCounts::new();
        let source = ExchangeSource { shard: 0, ordinal: 0, shared };
        let found = examples(&plain(&chat), source, ToolPolicy::Keep, &mut skipped);
        assert!(found.iter().all(|example| example.label && example.category.is_none()));
        (found.into_iter().map(|example| (example.feedback_turn, example.completion)).collect(), skipped)
    }

    #[test]
    fn each_answer_is_an_example_once_and_the_last_one_too() {
        let expected = |answers: &[(u32, &str)]| {
            answers.iter().map(|(number, text)| (*number, (*text).to_owned())).collect::<Vec<_>>()
        };
        let chat = "A: hello | U: q | A: a | U: thanks | U: a lot | A: welcome | U: r | A: b";
        assert_eq!(exchanges(chat, 0).0, expected(&[(1, "a"), (2, "welcome"), (3, "b")]));
        // What an earlier conversation holds is an example there.
        assert_eq!(exchanges(chat, 6).0, expected(&[(3, "b")]));
        assert_eq!(exchanges("U: q", 0), (Vec::new(), SkipCounts::new()));
        assert_eq!(exchanges("A: hello", 0), (Vec::new(), SkipCounts::new()));
        let (found, skipped) = exchanges("U: q | A: a | U: r | A:   | T: 1", 0);
        assert_eq!((found, skipped), (expected(&[(1, "a")]), SkipCounts::from([(SkipReason::Blank, 1)])));
    }
}
