//! Where a dialogue stands: how far it is, how its answers went, how long turns are.

use rejoinder_core::dialogue::{Opening, ends_with_question, has_code, is_cut_off};

/// What an answer did, read once an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AnswerTraits {
    pub(crate) opening: Opening,
    pub(crate) asks: bool,
    pub(crate) cut_off: bool,
    pub(crate) code: bool,
    pub(crate) len: usize,
    pub(crate) lines: usize,
}

impl AnswerTraits {
    pub(crate) fn of(answer: &str) -> Self {
        let head = &answer.as_bytes()[..answer.len().min(2000)];
        Self {
            opening: Opening::of(answer),
            asks: ends_with_question(answer),
            cut_off: is_cut_off(answer),
            code: has_code(answer),
            len: answer.trim().len(),
            lines: memchr::memchr_iter(b'\n', head).count(),
        }
    }
}

/// What came before a turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Course {
    /// Number of the user's turns before.
    pub(crate) turns: usize,
    /// Index of the message.
    pub(crate) message: usize,
    pub(crate) answer: AnswerTraits,
    /// Answers before the last one that apologised, that refused.
    pub(crate) apologies: usize,
    pub(crate) refusals: usize,
    pub(crate) previous_len: usize,
    pub(crate) first_len: usize,
    pub(crate) mean_len: f32,
    /// How alike the last two answers are.
    pub(crate) answers_alike: f32,
    pub(crate) before_answer_len: usize,
    pub(crate) has_system: bool,
    /// The message before is the user's, too.
    pub(crate) follows_user: bool,
}

pub(crate) const NAMES: [&str; 25] = [
    "turns",
    "message",
    "answer length",
    "answer lines",
    "answer asks",
    "answer cut off",
    "answer code",
    "answer apologises",
    "answer refuses",
    "earlier apologies",
    "earlier refusals",
    "apology share",
    "previous length",
    "to previous length",
    "first length",
    "to first length",
    "to mean length",
    "to answer length",
    "answers alike",
    "answer to answer length",
    "system",
    "follows user",
    "previous beyond ascii",
    "mean length",
    "answer to previous length",
];

pub(crate) fn of(course: &Course, len: usize, script_change: f32) -> [f32; NAMES.len()] {
    let flag = |yes: bool| f32::from(u8::from(yes));
    let log = |n: usize| (n as f32).ln_1p();
    let answer = &course.answer;
    [
        (course.turns as f32).min(40.0),
        (course.message as f32).min(80.0),
        log(answer.len),
        (answer.lines as f32).ln_1p(),
        flag(answer.asks),
        flag(answer.cut_off),
        flag(answer.code),
        flag(answer.opening.apologises),
        flag(answer.opening.refuses),
        (course.apologies as f32).min(6.0),
        (course.refusals as f32).min(6.0),
        (course.apologies as f32 + flag(answer.opening.apologises)) / course.turns.max(1) as f32,
        log(course.previous_len),
        log(len) - log(course.previous_len),
        log(course.first_len),
        log(len) - log(course.first_len),
        log(len) - course.mean_len,
        log(len) - log(answer.len),
        course.answers_alike,
        log(answer.len) - log(course.before_answer_len),
        flag(course.has_system),
        flag(course.follows_user),
        script_change,
        course.mean_len,
        log(answer.len) - log(course.previous_len),
    ]
}
