//! Batches of some candidates of another one.

use std::sync::Arc;

use super::Batch;

impl Batch {
    /// Becomes the batch of some candidates of a whole one, by their places; text and messages are shared, not copied. Returns itself.
    ///
    /// # Panics
    /// If the whole batch has fewer candidates.
    pub(crate) fn gather(&mut self, whole: &Self, places: &[usize]) -> &Self {
        self.messages = Arc::clone(&whole.messages);
        self.clear_candidates();
        for &place in places {
            self.push_of(whole, place, whole.conversation[place], whole.first[place]);
        }
        self
    }

    /// As [`Self::gather`], with a copy of the messages that these candidates are judged by, and no others: for a plugin to which all must be
    /// sent. The places ascend. Returns itself.
    ///
    /// # Panics
    /// As there.
    pub(crate) fn cut_out(&mut self, whole: &Self, places: impl IntoIterator<Item = usize>) -> &Self {
        self.clear();
        let from = &*whole.messages;
        let to = Arc::make_mut(&mut self.messages);
        let mut last = None;
        let mut rows = Vec::new();
        for place in places {
            let (conversation, first) = (whole.conversation[place], whole.first[place] as usize);
            if last.replace(conversation) != Some(conversation) {
                self.current = to.role.len();
                to.push_conversation(from, conversation as usize);
            }
            let copied = to.role.len() - self.current;
            to.push_messages(from, first + copied..whole.target[place] as usize + 1);
            rows.push((place, to.language.len() as u32 - 1, self.current as u32));
        }
        for (place, conversation, first) in rows {
            self.push_of(whole, place, conversation, first);
        }
        self
    }

    /// Adds a candidate of a whole batch, whose conversation has this number here and begins with this message.
    fn push_of(&mut self, whole: &Self, place: usize, conversation: u32, first: u32) {
        let hits = whole.hit_off[place] as usize..whole.hit_off[place + 1] as usize;
        self.hits.extend_from_slice(&whole.hits[hits]);
        self.hit_off.push(self.hits.len() as u32);
        let moved = |message: u32| message - whole.first[place] + first;
        self.conversation.push(conversation);
        self.first.push(first);
        self.target.push(moved(whole.target[place]));
        self.answer.push(moved(whole.answer[place]));
        self.answer_end.push(moved(whole.answer_end[place]));
        self.id.push(whole.id[place]);
        self.prior.push(whole.prior[place]);
    }

    /// The same candidates where no rule has been looked at yet, as in a call for facts.
    #[cfg(unix)]
    pub(crate) fn before_the_rules(&self) -> Self {
        let mut batch = self.clone();
        batch.hits.clear();
        batch.hit_off.fill(0);
        batch.prior.fill(0.0);
        batch
    }

    /// The same batch without metadata columns.
    #[cfg(unix)]
    pub(crate) fn without_columns(&self) -> Self {
        let mut batch = self.clone();
        let messages = Arc::make_mut(&mut batch.messages);
        messages.columns.clear();
        messages.column_text.clear();
        messages.column_off.fill(0);
        batch
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::{Conversation, Hit, Message, Role};

    use super::*;
    use crate::{ConversationContext, abi};

    /// All that a plugin sees of a candidate.
    fn seen(batch: &Batch, candidate: usize) -> String {
        let messages = &batch.messages;
        let text = |m: u32| {
            let range = messages.text_off[m as usize] as usize..messages.text_off[m as usize + 1] as usize;
            (
                String::from_utf8_lossy(&messages.text[range]).into_owned(),
                messages.role[m as usize],
                messages.time[m as usize],
            )
        };
        let conversation = batch.conversation[candidate] as usize;
        let columns =
            messages.column_off[conversation] as usize..messages.column_off[conversation + 1] as usize;
        let columns: Vec<_> = messages.columns[columns]
            .iter()
            .flat_map(|[name, name_end, value, value_end]| [(*name, *name_end), (*value, *value_end)])
            .map(|(from, to)| &messages.column_text[from as usize..to as usize])
            .collect();
        let hits = batch.hit_off[candidate] as usize..batch.hit_off[candidate + 1] as usize;
        format!(
            "{:?}",
            (
                (batch.first[candidate]..=batch.target[candidate]).map(text).collect::<Vec<_>>(),
                (batch.answer[candidate]..batch.answer_end[candidate]).map(text).collect::<Vec<_>>(),
                (messages.language[conversation], columns, &batch.hits[hits]),
                (batch.id[candidate], batch.prior[candidate]),
            )
        )
    }

    proptest! {
        #[test]
        fn a_candidate_that_is_cut_out_sees_the_same_and_nothing_is_there_beside(
            conversations in prop::collection::vec(1..6_usize, 1..5),
            chosen in prop::collection::vec(any::<bool>(), 15),
        ) {
            let mut whole = Batch::new();
            for (number, turns) in conversations.iter().enumerate() {
                let messages = (0..2 * turns).map(|m| {
                    let role = if m % 2 == 0 { Role::User } else { Role::Assistant };
                    Message { time: Some(m as i64), ..Message::new(role, format!("{number} {}", "x".repeat(m))) }
                });
                let conversation = Conversation { id: "c".into(), messages: messages.collect() };
                let name = format!("n{number}");
                let columns = [(name.as_str().into(), "value".into())];
                let context = ConversationContext { language: ["en", "yue"][number % 2], columns: &columns };
                whole.begin_conversation(&conversation, 2 * turns - 1, &context);
                for turn in (0..*turns).map(|turn| 2 * turn) {
                    let hits = [Hit { rule: turn as u32, start: 0, end: 1 }];
                    whole.push_candidate(whole.len() as u64, turn, turn as f32, &hits[..number % 2]);
                }
            }
            let places: Vec<usize> = (0..whole.len()).filter(|place| chosen[place % chosen.len()]).collect();
            let (mut cut, mut gathered) = (Batch::new(), Batch::new());
            // What was there before is gone.
            cut.cut_out(&whole, 0..whole.len());
            cut.cut_out(&whole, places.iter().copied());
            gathered.gather(&whole, &places);
            prop_assert_eq!(cut.len(), places.len());
            for (candidate, &place) in places.iter().enumerate() {
                prop_assert_eq!(seen(&cut, candidate), seen(&whole, place));
                prop_assert_eq!(seen(&gathered, candidate), seen(&whole, place));
            }
            let shown = (0..cut.messages.role.len() as u32)
                .filter(|m| (0..cut.len()).any(|i| (cut.first[i]..=cut.target[i]).contains(m)));
            prop_assert_eq!(shown.count(), cut.messages.role.len());
            prop_assert_eq!(cut.messages.time.iter().filter(|time| **time == abi::NO_TIME).count(), 0);
        }
    }
}
