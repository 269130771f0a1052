//! Which questions share a request: a pure function of the questions and of how much a request may hold, so that a scan, a plan and
//! the asking come to the same groups.

use std::collections::BTreeMap;

use rejoinder_core::RecordId;
use rejoinder_judge::prompt::PromptWindow;
use rejoinder_judge::{Question, QuestionForm};

use crate::spool_row::{SpoolRow, shown};

/// How much a request may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestSize {
    /// The most turns.
    pub turns: usize,
    /// The most estimated tokens of the messages that are shown; a single turn may have more.
    pub tokens: u64,
}

/// What grouping needs to know of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionSize {
    /// The question's id; questions of one conversation share messages.
    pub id: RecordId,
    /// The first question of the stretch of input whose questions may share requests.
    pub stretch: RecordId,
    /// The messages that are shown, by their indices, with their estimated tokens.
    pub lines: Vec<(u32, u64)>,
}

impl QuestionSize {
    /// The size of a row's question as a window shows it.
    pub fn of(row: &SpoolRow, window: Option<&PromptWindow>) -> Self {
        let lines = shown(&row.question, window).collect();
        Self { id: row.question.id, stretch: row.stretch, lines }
    }

    fn shares_conversation(&self, other: &Self) -> bool {
        (self.id.shard, self.id.ordinal) == (other.id.shard, other.id.ordinal)
    }
}

/// Questions that share a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionGroup {
    /// The places of the questions, ascending.
    pub places: Vec<usize>,
    /// The estimated tokens of all messages that are shown, each once.
    pub tokens: u64,
}

/// Groups questions that stand in input order: first those of one conversation, whose messages are then shown once, as many as fill
/// requests; then what is left over, with its neighbours. No group holds questions of two stretches.
pub fn groups(questions: &[QuestionSize], size: RequestSize) -> Vec<QuestionGroup> {
    let mut groups = Vec::new();
    let mut first = 0;
    for stretch in questions.chunk_by(|a, b| a.stretch == b.stretch) {
        let mut left_over = OpenGroup::default();
        for conversation in stretch.chunk_by(QuestionSize::shares_conversation) {
            let mut open = OpenGroup::default();
            for (place, question) in (first..).zip(conversation) {
                if !open.takes(question, size) {
                    groups.extend(open.close());
                }
                open.add(place, question);
            }
            first += conversation.len();
            if open.places.len() >= size.turns {
                groups.extend(open.close());
            }
            for place in open.places {
                let question = &questions[place];
                if !left_over.takes(question, size) {
                    groups.extend(left_over.close());
                }
                left_over.add(place, question);
            }
        }
        groups.extend(left_over.close());
    }
    groups.sort_by_key(|group| group.places[0]);
    groups
}

/// The questions of each request about rows that stand in input order.
pub fn requests(form: &QuestionForm, rows: &[SpoolRow]) -> Vec<Vec<Question>> {
    let sizes: Vec<QuestionSize> = rows.iter().map(|row| QuestionSize::of(row, form.window())).collect();
    let size = RequestSize { turns: form.questions_per_request(), tokens: form.shared_tokens() };
    let questions =
        |group: QuestionGroup| group.places.iter().map(|&place| rows[place].question.clone()).collect();
    groups(&sizes, size).into_iter().map(questions).collect()
}

/// A group that may still grow.
#[derive(Default)]
struct OpenGroup {
    places: Vec<usize>,
    lines: BTreeMap<(u32, u64, u32), u64>,
    tokens: u64,
}

impl OpenGroup {
    fn key(question: &QuestionSize, index: u32) -> (u32, u64, u32) {
        (question.id.shard, question.id.ordinal, index)
    }

    /// The tokens of a question's messages beyond what is shown already.
    fn more(&self, question: &QuestionSize) -> u64 {
        let known = |index: u32| self.lines.get(&Self::key(question, index)).copied().unwrap_or(0);
        question.lines.iter().map(|(index, tokens)| tokens.saturating_sub(known(*index))).sum()
    }

    fn takes(&self, question: &QuestionSize, size: RequestSize) -> bool {
        let has_room = self.places.len() < size.turns && self.tokens + self.more(question) <= size.tokens;
        self.places.is_empty() || has_room
    }

    fn add(&mut self, place: usize, question: &QuestionSize) {
        self.tokens += self.more(question);
        for (index, tokens) in &question.lines {
            let known = self.lines.entry(Self::key(question, *index)).or_default();
            *known = (*known).max(*tokens);
        }
        self.places.push(place);
    }

    fn close(&mut self) -> Option<QuestionGroup> {
        let Self { places, tokens, .. } = std::mem::take(self);
        (!places.is_empty()).then_some(QuestionGroup { places, tokens })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A question of a conversation in a stretch, which shows the message before it and itself, ten tokens each.
    fn question(stretch: u64, ordinal: u64, message_index: u32) -> QuestionSize {
        QuestionSize {
            id: RecordId { shard: 0, ordinal, message_index },
            stretch: RecordId { shard: 0, ordinal: stretch, message_index: 0 },
            lines: vec![(message_index - 1, 10), (message_index, 10)],
        }
    }

    fn places(questions: &[QuestionSize], turns: usize, tokens: u64) -> Vec<Vec<usize>> {
        groups(questions, RequestSize { turns, tokens }).into_iter().map(|group| group.places).collect()
    }

    #[test]
    fn a_conversation_fills_requests_first_and_its_rest_goes_with_its_neighbours() {
        let of = |ordinal, turns: u32| (1..=turns).map(move |turn| question(0, ordinal, 2 * turn));
        let questions: Vec<QuestionSize> = of(1, 6).chain(of(2, 1)).chain(of(3, 4)).chain(of(4, 2)).collect();
        let expected = [vec![0, 1, 2, 3], vec![4, 5, 6, 11], vec![7, 8, 9, 10], vec![12]];
        assert_eq!(places(&questions, 4, 1_000), expected);
        assert_eq!(places(&questions[..3], 1, 1_000), [[0], [1], [2]]);
    }

    #[test]
    fn messages_that_questions_share_are_counted_once() {
        let neighbours = [question(0, 1, 2), question(0, 1, 3)];
        assert_eq!(groups(&neighbours, RequestSize { turns: 4, tokens: 30 })[0].tokens, 30);
        assert_eq!(places(&neighbours, 4, 29), [[0], [1]]);
    }

    proptest! {
        #[test]
        fn every_question_is_in_one_group_that_is_small_enough(
            counts in prop::collection::vec((0_u64..3, 1_u32..7), 0..12), turns in 1_usize..6, tokens in 0_u64..120) {
            let mut stretch = 0;
            let mut questions = Vec::new();
            for (ordinal, (step, count)) in (0..).zip(counts) {
                stretch += step;
                questions.extend((1..=count).map(|turn| question(stretch, ordinal, 2 * turn)));
            }
            let groups = groups(&questions, RequestSize { turns, tokens });
            let mut places: Vec<usize> = groups.iter().flat_map(|group| group.places.clone()).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..questions.len()).collect::<Vec<_>>());
            for group in groups {
                prop_assert!(group.places.len() <= turns && group.places.is_sorted());
                prop_assert!(group.places.len() == 1 || group.tokens <= tokens);
                prop_assert!(group.places.iter().all(|&place| questions[place].stretch == questions[group.places[0]].stretch));
            }
        }
    }
}
