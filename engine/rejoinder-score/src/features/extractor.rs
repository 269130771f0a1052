//! From messages to features, one turn of a conversation after the other.

use rejoinder_core::fold::Folded;
use rejoinder_core::{Conversation, Role};

use super::answer::{AnswerWords, WordSet};
use super::course::{AnswerTraits, Course};
use super::runs::{RunSet, Runs};
use super::words::{WordList, fold_ends};
use super::{
    ANSWER, Evidence, Features, Idf, TURN, answer, course, evidence, lexicon, likeness, runs, shape,
};

/// Reads the turns of one conversation after the other. What was read of a conversation is kept until the next one begins.
#[derive(Debug, Default)]
pub struct Extractor {
    folded: Folded,
    buffer: String,
    /// Messages before this one are read.
    read: usize,
    users: EarlierTurns,
    /// Of the two lists below, as many entries as there are earlier turns belong to this conversation.
    turns: Vec<WordList>,
    user_runs: Vec<Runs>,
    /// All words of these.
    earlier: WordSet,
    answers: Answers,
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
    runs: Runs,
    run_set: RunSet,
    turn_groups: u64,
}

/// The user's turns before, added up.
#[derive(Debug, Default)]
struct EarlierTurns {
    count: usize,
    /// Where the latest stands.
    latest_at: usize,
    first_len: usize,
    latest_len: usize,
    /// The sum of the logarithms of the lengths.
    log_lens: f32,
    /// The groups of words in the latest, and in those before it.
    latest_groups: u64,
    older_groups: u64,
}

impl EarlierTurns {
    fn push(&mut self, at: usize, text: &str, groups: u64) {
        let len = text.trim().len();
        if self.count == 0 {
            self.first_len = len;
        }
        self.older_groups |= self.latest_groups;
        self.log_lens += (len as f32).ln_1p();
        self.count += 1;
        (self.latest_at, self.latest_len, self.latest_groups) = (at, len, groups);
    }
}

/// The answers before, added up.
#[derive(Debug, Default)]
struct Answers {
    count: usize,
    /// Where the last one stands, and what it did.
    last: (usize, AnswerTraits),
    /// The same of the one before it.
    before: (usize, AnswerTraits),
    /// How many before the last one apologised, refused.
    apologies: usize,
    refusals: usize,
}

impl Answers {
    fn push(&mut self, at: usize, traits: AnswerTraits) {
        self.apologies += usize::from(self.last.1.opening.apologises);
        self.refusals += usize::from(self.last.1.opening.refuses);
        self.count += 1;
        self.before = std::mem::replace(&mut self.last, (at, traits));
    }
}

impl Extractor {
    /// Begins a conversation: call it before its first turn.
    pub fn begin(&mut self) {
        self.users = EarlierTurns::default();
        self.answers = Answers::default();
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
        self.run_set.read(self.folded.text(), &mut self.runs);
        self.turn_at = Some(turn);
        let earlier = &self.turns[..self.users.count];

        features.grams.read(
            &self.turn.ordered,
            self.folded.text(),
            evidence.rules,
            &self.answer_words.ordered,
        );
        let course = self.course(conversation, turn);
        let shape = shape::of(text, self.folded.text(), self.turn.len());
        let previous = match self.users.count {
            0 => "",
            _ => &*conversation.messages[self.users.latest_at].text,
        };
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
        put(&runs::of(&self.runs, &self.run_set, &self.user_runs[..self.users.count]));
        put(&evidence::of(evidence));
    }

    /// Reads the messages before `turn`.
    fn catch_up(&mut self, conversation: &Conversation<'_>, turn: usize) {
        for (index, message) in conversation.messages[..turn].iter().enumerate().skip(self.read) {
            match message.role {
                Role::User => {
                    let n = self.users.count;
                    if self.turns.len() == n {
                        self.turns.push(WordList::default());
                        self.user_runs.push(Runs::default());
                    }
                    let groups = if self.turn_at == Some(index) {
                        std::mem::swap(&mut self.turns[n], &mut self.turn);
                        std::mem::swap(&mut self.user_runs[n], &mut self.runs);
                        self.turn_at = None;
                        self.turn_groups
                    } else {
                        fold_ends(&message.text, TURN.0, TURN.1, &mut self.folded, &mut self.buffer);
                        self.turns[n].read(self.folded.text());
                        self.run_set.read(self.folded.text(), &mut self.user_runs[n]);
                        lexicon::groups(&self.turns[n].ordered)
                    };
                    for word in &self.turns[n].ordered {
                        self.earlier.insert(word.hash());
                    }
                    self.users.push(index, &message.text, groups);
                }
                Role::Assistant if !message.is_blank() => {
                    self.answers.push(index, AnswerTraits::of(&message.text));
                }
                _ => {}
            }
        }
        self.read = turn;
        let last = self.answers.last.0;
        if self.answers.count > 0 && self.said_by != Some(last) {
            let before = (self.answers.count > 1).then_some(self.answers.before.0);
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
        let (answer_opening, answer_ending) = self.answer_groups;
        let EarlierTurns { latest_groups: previous, older_groups: older, .. } = self.users;
        lexicon::Before { previous, older, answer_opening, answer_ending }
    }

    fn course(&self, conversation: &Conversation<'_>, turn: usize) -> Course {
        let Self { users, answers, .. } = self;
        let pairs_alike = if self.before_words.len() == 0 || answers.count < 2 {
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
            turns: users.count,
            message: turn,
            answer: answers.last.1,
            apologies: answers.apologies,
            refusals: answers.refusals,
            previous_len: users.latest_len,
            first_len: users.first_len,
            mean_len: users.log_lens / users.count.max(1) as f32,
            answers_alike: pairs_alike,
            before_answer_len: answers.before.1.len,
            has_system: conversation.messages[0].role == Role::System,
            follows_user: turn > 0 && conversation.messages[turn - 1].role == Role::User,
        }
    }
}

fn beyond_ascii(text: &str) -> f32 {
    let head = &text.as_bytes()[..text.len().min(200)];
    let beyond: u32 = head.iter().map(|&b| u32::from(b >> 7)).sum();
    beyond as f32 / head.len().max(1) as f32
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
