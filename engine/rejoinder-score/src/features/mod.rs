//! Features of one later turn, given its conversation up to it and what rules and plugins found.
//!
//! Sparse ones are hashed n-grams, for the linear model; dense ones are measured, for the trees. Texts are read at their
//! ends only, so that a turn costs microseconds however long it is. Nothing after the turn is ever looked at.

mod answer;
mod course;
mod evidence;
mod grams;
pub(crate) mod hash;
pub(crate) mod hindsight;
pub(crate) mod idf;
mod lexicon;
mod likeness;
mod shape;
mod words;

use rejoinder_core::fold::Folded;
use rejoinder_core::{Conversation, Role};

use answer::{Members, Said};
use course::{AnswerTraits, Course};
pub use evidence::Evidence;
pub(crate) use grams::Buckets;
use grams::Grams;
pub use idf::Idf;
use words::{WordList, fold_ends};

/// How much of a turn's beginning and end is read, in bytes.
const TURN: (usize, usize) = (300, 120);
/// The same of an answer.
const ANSWER: (usize, usize) = (400, 200);

/// Version of the features: a model is good for those alone that it was trained on. Any change of what is measured, of the
/// hash or of the lexicon is a new version.
pub const VERSION: u32 = 1;

/// Number of dense features.
pub const DENSE: usize = shape::NAMES.len()
    + likeness::NAMES.len()
    + answer::NAMES.len()
    + course::NAMES.len()
    + lexicon::LEN
    + lexicon::BEFORE
    + likeness::DEEP_NAMES.len()
    + evidence::NAMES.len();

/// The first dense feature that rules and plugins give; all from here on are theirs.
pub(crate) const FIRST_EVIDENCE: usize = DENSE - evidence::NAMES.len();

/// Names of the dense features, in their order.
pub fn dense_names() -> Vec<String> {
    let measured = [&shape::NAMES[..], &likeness::NAMES, &answer::NAMES, &course::NAMES];
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let mut names: Vec<String> = measured.into_iter().flat_map(owned).collect();
    names.extend(lexicon::names());
    names.extend(lexicon::before_names());
    names.extend(owned(&likeness::DEEP_NAMES));
    names.extend(owned(&evidence::NAMES));
    names
}

/// The features of one turn.
#[derive(Clone, Debug)]
pub struct Features {
    /// Hashes of the n-grams, and of which kind each is.
    pub(crate) grams: Grams,
    /// What was measured.
    pub dense: [f32; DENSE],
}

impl Default for Features {
    fn default() -> Self {
        Self { grams: Grams::default(), dense: [0.0; DENSE] }
    }
}

impl Features {
    /// The buckets of the n-grams, each once.
    pub(crate) fn buckets(&self) -> Buckets<'_> {
        self.grams.buckets()
    }
}

/// Reads the turns of one conversation after the other. What was read of a conversation is kept until the next one begins.
#[derive(Debug, Default)]
pub struct Extractor {
    folded: Folded,
    buffer: String,
    /// The user's turns so far, of which the first `users` belong to this conversation.
    turns: Vec<WordList>,
    user_stems: Vec<Vec<u32>>,
    user_groups: Vec<u64>,
    stems: Vec<u32>,
    answer_groups: (u64, u64),
    turn_groups: u64,
    user_at: Vec<usize>,
    answers: Vec<(usize, AnswerTraits)>,
    /// Messages before this one are read.
    read: usize,
    turn: WordList,
    /// The message whose words `turn` and `stems` are: the next turn finds them there.
    turn_at: Option<usize>,
    answer_words: WordList,
    before_words: WordList,
    said: Said,
    said_by: Option<usize>,
    earlier: Members,
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
            std::mem::swap(&mut self.answer_words, &mut self.before_words);
            if self.said_by.is_none() {
                self.before_words.read_ordered("");
            }
            let text = &conversation.messages[last].text;
            fold_ends(text, ANSWER.0, ANSWER.1, &mut self.folded, &mut self.buffer);
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

/// Learns how rare words are.
#[derive(Clone, Debug, Default)]
pub struct Rarity {
    counter: idf::Counter,
    folded: Folded,
    buffer: String,
    words: WordList,
}

impl Rarity {
    /// Counts a text's words.
    pub fn add(&mut self, text: &str) {
        fold_ends(text, TURN.0, TURN.1, &mut self.folded, &mut self.buffer);
        self.words.read(self.folded.text());
        self.counter.add(&self.words);
    }

    /// What was learned.
    pub fn finish(&self) -> Idf {
        self.counter.finish()
    }
}
