//! From messages to features, one turn of a conversation after the other.

use rejoinder_core::fold::Folded;
use rejoinder_core::{Conversation, Role};

use super::answer::{AnswerWords, WordSet};
use super::course::{AnswerTraits, Course};
use super::words::{WordList, fold_ends};
use super::{ANSWER, Evidence, Features, Idf, TURN, answer, course, evidence, lexicon, likeness, shape};

/// Reads the turns of one conversation after the other. What was read of a conversation is kept until the next one begins.
#[derive(Debug, Default)]
pub struct Extractor {
    folded: Folded,
    buffer: String,
    /// Messages before this one are read.
    read: usize,
    /// Where the user's messages stand; of the three lists below, as many entries belong to this conversation.
    user_at: Vec<usize>,
    turns: Vec<WordList>,
    user_stems: Vec<Vec<u32>>,
    user_groups: Vec<u64>,
    /// All words of these.
    earlier: WordSet,
    answers: Vec<(usize, AnswerTraits)>,
    /// The message that the next fields are about: the last answer.
    said_by: Option<usize>,
    said: AnswerWords,
    answer_words: WordList,
    answer_groups: (u64, u64),
    /// The answer before it.
    before_words: WordList,
    /// The message that the next fields are about, where a later turn finds them.
    turn_at: Option<usize>,
    turn: WordList,
    stems: Vec<u32>,
    turn_groups: u64,
}

impl Extractor {
    /// Begins a conversation: call it before its first turn.
    pub fn begin(&mut self) {
        self.user_at.clear();
        self.user_groups.clear();
        self.answers.clear();
        self.read = 0;
        self.said_by = None;
        self.turn_at = None;
        self.earlier.clear();
        // No words of another conversation's answers may be left here: this one may have no answer to read over them.
        self.answer_words.read_ordered("");
        self.before_words.read_ordered("");
        self.said.read(&self.answer_words);
        self.answer_groups = (0, 0);
    }

    /// Reads message `turn` into `features`.
    ///
    /// # Panics
    /// If `turn` is not an index into the messages.
    pub fn read(
        &mut self,
        conversation: &Conversation<'_>,
        turn: usize,
        evidence: &Evidence<'_>,
        idf: &Idf,
        features: &mut Features,
    ) {
        if turn < self.read {
            self.begin();
        }
        self.catch_up(conversation, turn);
        let text = conversation.messages[turn].text.trim();
        fold_ends(text, TURN.0, TURN.1, &mut self.folded, &mut self.buffer);
        self.turn.read(self.folded.text());
        likeness::stems(self.folded.text(), &mut self.stems);
        self.turn_at = Some(turn);
        let earlier = &self.turns[..self.user_at.len()];

        features.grams.read(
            &self.turn.ordered,
            self.folded.text(),
            evidence.rules,
            &self.answer_words.ordered,
        );
        let course = self.course(conversation, turn);
        let shape = shape::of(text, self.folded.text(), self.turn.len());
        let previous = self.user_at.last().map_or("", |&at| &*conversation.messages[at].text);
        let script = beyond_ascii(text) - beyond_ascii(previous);
        let mut dense = features.dense.iter_mut();
        let mut put = |values: &[f32]| values.iter().zip(&mut dense).for_each(|(value, at)| *at = *value);
        put(&shape);
        put(&likeness::of(&self.turn, earlier, idf));
        put(&answer::of(&self.turn, &self.said, &self.earlier, idf));
        put(&course::of(&course, text.len(), script));
        let (looked_up, groups) = lexicon::of(&self.turn.ordered);
        self.turn_groups = groups;
        put(&looked_up);
        put(&lexicon::before(&self.before()));
        put(&likeness::deep(&self.stems, &self.user_stems[..self.user_at.len()]));
        put(&evidence::of(evidence));
    }

    /// Reads the messages before `turn`.
    fn catch_up(&mut self, conversation: &Conversation<'_>, turn: usize) {
        for (index, message) in conversation.messages[..turn].iter().enumerate().skip(self.read) {
            match message.role {
                Role::User => {
                    let n = self.user_at.len();
                    if self.turns.len() == n {
                        self.turns.push(WordList::default());
                        self.user_stems.push(Vec::new());
                    }
                    if self.turn_at == Some(index) {
                        std::mem::swap(&mut self.turns[n], &mut self.turn);
                        std::mem::swap(&mut self.user_stems[n], &mut self.stems);
                        self.turn_at = None;
                        self.user_groups.push(self.turn_groups);
                    } else {
                        fold_ends(&message.text, TURN.0, TURN.1, &mut self.folded, &mut self.buffer);
                        self.turns[n].read(self.folded.text());
                        likeness::stems(self.folded.text(), &mut self.user_stems[n]);
                        self.user_groups.push(lexicon::groups(&self.turns[n].ordered));
                    }
                    for word in &self.turns[n].ordered {
                        self.earlier.insert(word.hash());
                    }
                    self.user_at.push(index);
                }
                Role::Assistant if !message.is_blank() => {
                    self.answers.push((index, AnswerTraits::of(&message.text)));
                }
                _ => {}
            }
        }
        self.read = turn;
        if let Some(&(last, _)) = self.answers.last()
            && self.said_by != Some(last)
        {
            let before = self.answers.len().checked_sub(2).map(|at| self.answers[at].0);
            if before.is_some() && before == self.said_by {
                std::mem::swap(&mut self.answer_words, &mut self.before_words);
            } else {
                let text = before.map_or("", |at| &*conversation.messages[at].text);
                fold_ends(text, ANSWER.0, ANSWER.1, &mut self.folded, &mut self.buffer);
                self.before_words.read_ordered(self.folded.text());
            }
            fold_ends(
                &conversation.messages[last].text,
                ANSWER.0,
                ANSWER.1,
                &mut self.folded,
                &mut self.buffer,
            );
            self.answer_words.read_ordered(self.folded.text());
            self.said.read(&self.answer_words);
            let words = &self.answer_words.ordered;
            let ending = words.len().saturating_sub(20);
            self.answer_groups =
                (lexicon::groups(&words[..words.len().min(12)]), lexicon::groups(&words[ending..]));
            self.said_by = Some(last);
        }
    }

    fn before(&self) -> lexicon::Before {
        let (previous, older) = match self.user_groups.split_last() {
            Some((previous, older)) => (*previous, older.iter().fold(0, |all, groups| all | groups)),
            None => (0, 0),
        };
        let (answer_opening, answer_ending) = self.answer_groups;
        lexicon::Before { previous, older, answer_opening, answer_ending }
    }

    fn course(&self, conversation: &Conversation<'_>, turn: usize) -> Course {
        let len = |at: Option<&usize>| at.map_or(0, |&at| conversation.messages[at].text.trim().len());
        let (answer, before) = match self.answers.as_slice() {
            [.., (_, before), (_, last)] => (*last, *before),
            [(_, last)] => (*last, AnswerTraits::default()),
            [] => Default::default(),
        };
        let older = &self.answers[..self.answers.len().saturating_sub(1)];
        let logs = self.user_at.iter().map(|at| (len(Some(at)) as f32).ln_1p());
        let pairs_alike = if self.before_words.len() == 0 || self.answers.len() < 2 {
            0.0
        } else {
            let held = self
                .before_words
                .ordered
                .windows(2)
                .filter(|w| self.said.pairs.has(answer::pair(w[0], w[1])));
            held.count() as f32 / self.before_words.len() as f32
        };
        Course {
            turns: self.user_at.len(),
            message: turn,
            answer,
            apologies: older.iter().filter(|(_, a)| a.opening.apologises).count(),
            refusals: older.iter().filter(|(_, a)| a.opening.refuses).count(),
            previous_len: len(self.user_at.last()),
            first_len: len(self.user_at.first()),
            mean_len: logs.sum::<f32>() / self.user_at.len().max(1) as f32,
            answers_alike: pairs_alike,
            before_answer_len: before.len,
            has_system: conversation.messages[0].role == Role::System,
            follows_user: turn > 0 && conversation.messages[turn - 1].role == Role::User,
        }
    }
}

fn beyond_ascii(text: &str) -> f32 {
    let head = &text.as_bytes()[..text.len().min(200)];
    head.iter().filter(|b| !b.is_ascii()).count() as f32 / head.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use rejoinder_core::Message;

    use super::*;

    #[test]
    fn features_are_the_same_in_whatever_order_turns_are_read() {
        let texts = [
            "list the rivers of Europe",
            "The Danube and the Rhine are long rivers.",
            "no, list all rivers of Europe",
            "The Danube and the Rhine are long rivers of Europe.",
            "still not all :(",
            "I'm sorry, the Danube and the Rhine.",
            "谢谢, that is enough",
        ];
        let roles = [Role::User, Role::Assistant].into_iter().cycle();
        let messages = texts.into_iter().zip(roles).map(|(text, role)| Message::new(role, text)).collect();
        let conversation = Conversation { id: "a".into(), messages };
        let idf = Idf::default();
        let read = |extractor: &mut Extractor, turn| {
            let mut features = Features::default();
            extractor.read(&conversation, turn, &Evidence::default(), &idf, &mut features);
            (features.dense, features.buckets().all.to_vec())
        };
        let alone: Vec<_> = (0..7).map(|turn| read(&mut Extractor::default(), turn)).collect();
        for order in [[2, 4, 6], [6, 4, 2], [4, 2, 6], [6, 2, 4]] {
            let mut extractor = Extractor::default();
            extractor.begin();
            for turn in order {
                assert!(read(&mut extractor, turn) == alone[turn], "{turn} of {order:?}");
            }
        }
    }
}
