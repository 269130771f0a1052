//! Over-long dialogues, cut to fit the model's context.
//!
//! All messages are cut in the middle to one common length, the greatest with which the prompt fits; a turn that is asked
//! about may have three times that length. Two thirds of what is kept are the beginning of the message, one third is its end. Where
//! even [`SHORTEST`] bytes of each message are too much, the first messages are left out, as few as possible.

use rejoinder_core::Category;

use super::render::{PromptCut, render_cut};
use super::template::PromptTemplate;
use crate::question::Question;
use crate::tokens::{PromptTokens, TokenCounter};

/// The shortest length to which a message is cut, in bytes.
const SHORTEST: usize = 60;

/// The longest prompt that a model takes.
#[derive(Clone, Debug)]
pub struct PromptLimit {
    /// The tokens of input and output together; `None` where the limit is not known.
    pub context: Option<u64>,
    /// How tokens are counted.
    pub counter: TokenCounter,
}

impl PromptLimit {
    /// The user message for questions that share a request, cut so that `output` tokens of answer fit beside it, and the length of
    /// the message.
    pub(crate) fn render(
        &self,
        template: &PromptTemplate,
        questions: &[&Question],
        category: Option<Category>,
        output: u64,
    ) -> (String, PromptTokens) {
        let measured = |cut: PromptCut| {
            let prompt = render_cut(template, questions, category, cut);
            let tokens = self.counter.measure(&prompt);
            (prompt, tokens)
        };
        let whole = measured(PromptCut::NONE);
        let fits =
            |tokens: &PromptTokens| self.context.is_none_or(|context| tokens.range.2 + output <= context);
        if fits(&whole.1) {
            return whole;
        }
        let lines = || questions.iter().flat_map(|q| &q.lines);
        let fitting = |cut: PromptCut| Some(measured(cut)).filter(|(_, tokens)| fits(tokens));
        let longest = lines().map(|l| l.text.len()).max().unwrap_or(0);
        if let Some(found) = greatest(SHORTEST, longest, |bytes| fitting(PromptCut { bytes, skip: 0 })) {
            return found;
        }
        // The last message stays even where it is too long: the server decides.
        let most = lines().count().saturating_sub(1);
        let keeping = |kept: usize| fitting(PromptCut { bytes: SHORTEST, skip: most - kept });
        greatest(0, most, keeping).unwrap_or_else(|| measured(PromptCut { bytes: SHORTEST, skip: most }))
    }
}

/// The result of `of` for the greatest number in `low..=high` that has a result. If a number has a result, so have all smaller ones.
fn greatest<T>(low: usize, high: usize, of: impl Fn(usize) -> Option<T>) -> Option<T> {
    let mut best = of(low)?;
    let (mut low, mut high) = (low, high);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        match of(middle) {
            Some(found) => (best, low) = (found, middle),
            None => high = middle - 1,
        }
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use rejoinder_core::{RecordId, Role};

    use super::*;
    use crate::question::DialogueLine;

    fn question(texts: &[String]) -> Question {
        let line = |(index, text): (u32, &String)| DialogueLine {
            index,
            role: if index % 2 == 0 { Role::User } else { Role::Assistant },
            text: text.clone(),
        };
        Question {
            id: RecordId { shard: 0, ordinal: 0, message_index: 2 },
            lines: (0..).zip(texts).map(line).collect(),
            open: vec![texts.len() as u32 - 1],
            hints: Vec::new(),
        }
    }

    #[test]
    fn messages_are_cut_to_the_greatest_common_length_that_fits() {
        let template = PromptTemplate::shipped("conversation").unwrap();
        let texts = [
            "short".to_owned(),
            "b".repeat(20_000),
            "c".repeat(9_000),
            "d".repeat(300),
            "the end".to_owned(),
        ];
        let question = question(&texts);
        let instructions = TokenCounter::default().measure(&template.instructions).range.2;
        for room in [1_000, 2_000, 4_000] {
            let room = PromptLimit { context: Some(instructions + room), counter: TokenCounter::default() };
            let (prompt, tokens) = room.render(&template, &[&question], None, 100);
            assert_eq!(tokens, room.counter.measure(&prompt));
            let tokens = tokens.range.2 + 100;
            let context = room.context.unwrap();
            assert!(tokens <= context && tokens + 10 > context, "{tokens} of {context}");
            assert!(prompt.contains("# user: short\n") && prompt.ends_with("# user: the end\n"));
            assert!(prompt.contains(&"d".repeat(300)));
            let kept = |c: char| prompt[template.instructions.len()..].chars().filter(|&d| d == c).count();
            assert!(kept('b').abs_diff(kept('c')) < 30, "{} and {}", kept('b'), kept('c'));
        }
    }

    #[test]
    fn where_that_is_not_enough_the_first_messages_are_left_out() {
        let template = PromptTemplate::shipped("conversation").unwrap();
        let texts: Vec<String> = (0..400).map(|i| format!("{i} {}", "x".repeat(200))).collect();
        let room = PromptLimit { context: Some(3_000), counter: TokenCounter::default() };
        let (prompt, tokens) = room.render(&template, &[&question(&texts)], None, 0);
        assert!(tokens.range.2 <= 3_000);
        assert!(!prompt.contains("# user: 0 x") && prompt.contains("# assistant: 399 x"));
        let hopeless = PromptLimit { context: Some(10), ..room };
        assert!(hopeless.render(&template, &[&question(&texts)], None, 0).0.contains("399"));
    }

    #[test]
    fn what_fits_and_what_nobody_knows_the_room_of_is_left_whole() {
        let template = PromptTemplate::shipped("turn-label").unwrap();
        let question = question(&["x".repeat(5_000), "y".repeat(5_000)]);
        for context in [None, Some(1 << 20)] {
            let room = PromptLimit { context, counter: TokenCounter::default() };
            assert!(room.render(&template, &[&question], None, 1).0.contains(&"x".repeat(5_000)));
        }
    }
}
