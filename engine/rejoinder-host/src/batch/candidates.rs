//! Candidates on their way to the plugins: flat columns, filled once and lent to every plugin.

use std::ops::Range;
use std::sync::Arc;

use rejoinder_core::{Conversation, Hit, Role};

use super::context::ConversationContext;
use super::messages::Messages;
use crate::abi;
use crate::earlier_votes::EarlierVotes;

/// A batch with this many candidates is full.
pub const MAX_CANDIDATES: usize = 256;
/// A batch with this much text is full, in bytes.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// A batch of candidates with their conversations. Its buffers are kept when it is cleared.
#[derive(Clone, Debug)]
pub struct Batch {
    /// What the candidates of one batch share with those gathered out of it.
    pub(super) messages: Arc<Messages>,
    pub(super) conversation: Vec<u32>,
    pub(super) first: Vec<u32>,
    pub(super) target: Vec<u32>,
    pub(super) answer: Vec<u32>,
    pub(super) answer_end: Vec<u32>,
    pub(super) id: Vec<u64>,
    pub(super) prior: Vec<f32>,
    pub(super) hit_off: Vec<u32>,
    /// As [`abi::Hit`]: rule, start, end.
    pub(super) hits: Vec<[u32; 3]>,
    /// Index of the current conversation's first message.
    pub(super) current: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self {
            messages: Arc::default(),
            conversation: Vec::new(),
            first: Vec::new(),
            target: Vec::new(),
            answer: Vec::new(),
            answer_end: Vec::new(),
            id: Vec::new(),
            prior: Vec::new(),
            hit_off: vec![0],
            hits: Vec::new(),
            current: 0,
        }
    }

    /// Removes all candidates and messages.
    pub fn clear(&mut self) {
        match Arc::get_mut(&mut self.messages) {
            Some(messages) => messages.clear(),
            None => self.messages = Arc::default(),
        }
        self.clear_candidates();
        self.current = 0;
    }

    pub(super) fn clear_candidates(&mut self) {
        self.conversation.clear();
        self.first.clear();
        self.target.clear();
        self.answer.clear();
        self.answer_end.clear();
        self.id.clear();
        self.prior.clear();
        self.hit_off.truncate(1);
        self.hits.clear();
    }

    /// Appends the messages `0..=last` of a conversation, to which the next candidates belong, and what is known of it beside.
    ///
    /// # Panics
    /// If `last` is not an index into the messages, or the batch's text or the text of its columns would pass 4 GiB.
    pub fn begin_conversation(
        &mut self,
        conversation: &Conversation<'_>,
        last: usize,
        context: &ConversationContext<'_>,
    ) {
        let to = Arc::make_mut(&mut self.messages);
        self.current = to.role.len();
        for message in &conversation.messages[..=last] {
            to.text.extend_from_slice(message.text.as_bytes());
            to.text_off.push(offset(&to.text));
            to.role.push(message.role as u8);
            to.time.push(message.time.unwrap_or(abi::NO_TIME));
        }
        to.language.push(context.code());
        for (name, value) in context.columns {
            let start = offset(&to.column_text);
            to.column_text.extend_from_slice(name.as_bytes());
            let middle = offset(&to.column_text);
            to.column_text.extend_from_slice(value.as_bytes());
            to.columns.push([start, middle, middle, offset(&to.column_text)]);
        }
        to.column_off.push(to.columns.len() as u32);
    }

    /// Adds message `message_index` of the current conversation as a candidate. `prior` is what the rules think, as
    /// log-odds; `hits` are the rules' matches in the message.
    ///
    /// # Panics
    /// If no conversation was begun, the message was not appended or is not the user's, or a hit does not lie inside of it.
    pub fn push_candidate(&mut self, id: u64, message_index: usize, prior: f32, hits: &[Hit]) {
        let target = self.current + message_index;
        assert!(target < self.messages.role.len(), "message {message_index} was not appended");
        assert_eq!(self.messages.role[target], Role::User as u8, "a candidate is a user message");
        let len = self.messages.text_off[target + 1] - self.messages.text_off[target];
        for &Hit { rule, start, end } in hits {
            assert!(start <= end && end <= len, "the hit {start}..{end} lies inside of the message");
            self.hits.push([rule, start, end]);
        }
        self.hit_off.push(u32::try_from(self.hits.len()).expect("hits are far fewer than 2^32"));
        let answer = self.answer(target);
        self.conversation.push(self.messages.language.len() as u32 - 1);
        self.first.push(self.current as u32);
        self.target.push(target as u32);
        self.answer.push(answer.start as u32);
        self.answer_end.push(answer.end as u32);
        self.id.push(id);
        self.prior.push(prior);
    }

    /// The assistant's side of the exchange before a message of the current conversation, as
    /// [`Conversation::judged_exchange`] has it; empty where there is none.
    fn answer(&self, target: usize) -> Range<usize> {
        let before = &self.messages.role[self.current..target];
        let Some(last) = before.iter().rposition(|role| *role == Role::Assistant as u8) else {
            return target..target;
        };
        let asked = before[..last].iter().rposition(|role| *role == Role::User as u8);
        self.current + asked.map_or(0, |user| user + 1)..self.current + last + 1
    }

    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.id.len()
    }

    /// Whether there is no candidate.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// Bytes of text of all messages and columns.
    pub fn text_bytes(&self) -> usize {
        self.messages.text.len() + self.messages.column_text.len()
    }

    /// Whether it is time to classify and clear: the batch reached [`MAX_CANDIDATES`] or [`MAX_TEXT_BYTES`].
    pub fn is_full(&self) -> bool {
        self.len() >= MAX_CANDIDATES || self.text_bytes() >= MAX_TEXT_BYTES
    }

    /// The id of a candidate.
    pub(crate) fn id(&self, candidate: usize) -> u64 {
        self.id[candidate]
    }

    /// The columns of the candidates in `range`, for a plugin after which `earlier` voted.
    ///
    /// # Panics
    /// If `range` or a column of `earlier` does not fit the batch.
    pub(crate) fn columns(&self, range: &Range<usize>, earlier: &EarlierVotes) -> abi::Batch {
        let votes = range.start * earlier.plugins..range.end * earlier.plugins;
        abi::Batch {
            struct_size: size_of::<abi::Batch>() as u32,
            n: range.len() as u32,
            n_messages: self.messages.role.len() as u32,
            n_conversations: self.messages.language.len() as u32,
            n_columns: self.messages.columns.len() as u32,
            n_hits: self.hits.len() as u32,
            n_earlier: earlier.plugins as u32,
            reserved: 0,
            text: self.messages.text.as_ptr(),
            text_off: self.messages.text_off.as_ptr(),
            role: self.messages.role.as_ptr(),
            time: self.messages.time.as_ptr(),
            language: self.messages.language.as_ptr().cast(),
            column_off: self.messages.column_off.as_ptr(),
            columns: self.messages.columns.as_ptr().cast::<abi::Column>(),
            column_text: self.messages.column_text.as_ptr(),
            conversation: self.conversation[range.clone()].as_ptr(),
            first: self.first[range.clone()].as_ptr(),
            target: self.target[range.clone()].as_ptr(),
            answer: self.answer[range.clone()].as_ptr(),
            answer_end: self.answer_end[range.clone()].as_ptr(),
            id: self.id[range.clone()].as_ptr(),
            prior: self.prior[range.clone()].as_ptr(),
            hit_off: self.hit_off[range.start..=range.end].as_ptr(),
            hits: self.hits.as_ptr().cast::<abi::Hit>(),
            earlier_verdict: earlier.verdict[votes.clone()].as_ptr(),
            earlier_category: earlier.category[votes.clone()].as_ptr(),
            earlier_score: earlier.score[votes].as_ptr(),
        }
    }
}

fn offset(text: &[u8]) -> u32 {
    u32::try_from(text.len()).expect("a batch's text is shorter than 4 GiB")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::Message;

    use super::*;

    proptest! {
        #[test]
        fn the_answer_is_that_of_the_judged_exchange(roles in prop::collection::vec(0..4_usize, 0..12)) {
            let all = [Role::System, Role::User, Role::Assistant, Role::Tool];
            let mut messages: Vec<_> = roles.iter().map(|role| Message::new(all[*role], "x")).collect();
            messages.push(Message::new(Role::User, "turn"));
            let turn = messages.len() - 1;
            let conversation = Conversation { id: "c".into(), messages };
            let mut batch = Batch::new();
            for _ in 0..2 {
                batch.begin_conversation(&conversation, turn, &ConversationContext::default());
                batch.push_candidate(0, turn, 0.0, &[]);
            }
            let wanted = conversation.judged_exchange(turn).map_or(turn..turn, |exchange| exchange.answer());
            for (candidate, first) in [0, turn + 1].into_iter().enumerate() {
                let found = batch.answer[candidate] as usize..batch.answer_end[candidate] as usize;
                prop_assert_eq!(found, wanted.start + first..wanted.end + first);
            }
        }
    }
}
