//! What a plugin answers, read with suspicion.

use std::ffi::c_void;
use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

#[cfg(unix)]
use bytemuck::{cast_slice, cast_slice_mut};
use rejoinder_core::{Category, Verdict, Vote, VoteState};

use crate::Description;
use crate::abi::{self, PROBS, Str, verdict};

/// What a plugin noted of candidates, by their numbers in the call.
pub type Notes = Vec<(u32, String)>;

/// Why an answer is not allowed; as text, the message of the fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnswerError {
    /// A number that stands for no verdict.
    Verdict(u8),
    /// An accepted number that stands for no category.
    Category(u8),
    /// A category without an accept.
    NotAccepted(u8),
    /// A verdict of a plugin that does not declare that it gives any.
    NoVoter,
    /// A reason beyond the plugin's `reasons`.
    Reason { reason: u16, reasons: usize },
    /// A score that is no probability.
    Score(f32),
    /// A row of probabilities, one of them not in [0, 1].
    Probabilities([f32; PROBS]),
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verdict(number) => write!(f, "it gave the verdict {number}, which is not 0 to 3"),
            Self::Category(number) => write!(f, "it accepted the category {number}, which is not 1 to 5"),
            Self::NotAccepted(number) => write!(f, "it gave the category {number} without accepting"),
            Self::NoVoter => f.write_str("it gave a verdict, and its `flags` have no RJN_GIVES_VOTES"),
            Self::Reason { reason, reasons } => write!(f, "it gave reason {reason} and has {reasons}"),
            Self::Score(score) => write!(f, "it gave the score {score}, which is not in [0, 1]"),
            Self::Probabilities(probs) => {
                write!(f, "it gave the probabilities {probs:?}, and not all of them are in [0, 1]")
            }
        }
    }
}

/// A column that a plugin writes to.
#[cfg(unix)]
pub(crate) type Column<T> = crate::guarded::GuardedColumn<T>;
#[cfg(not(unix))]
pub(crate) type Column<T> = Vec<T>;

/// The output columns of a batch.
#[derive(Debug, Default)]
pub struct Columns {
    verdict: Column<u8>,
    category: Column<u8>,
    reason: Column<u16>,
    score: Column<f32>,
    probs: Column<f32>,
    /// What the plugin noted of candidates, by their numbers in the call.
    notes: Box<Mutex<Notes>>,
}

impl Columns {
    /// Makes room for `n` candidates.
    pub fn resize(&mut self, n: usize) {
        self.verdict.resize(n, verdict::ABSTAIN);
        self.category.resize(n, 0);
        self.reason.resize(n, 0);
        self.score.resize(n, f32::NAN);
        self.probs.resize(n * PROBS, f32::NAN);
    }

    /// The pre-filled columns of the candidates in `range`, to be written by a plugin, which may note why if somebody
    /// wants to know.
    ///
    /// # Panics
    /// If there is no room for `range`.
    pub fn prefilled(&mut self, range: &Range<usize>, wants_notes: bool) -> abi::Output {
        let (verdict, category) = (&mut self.verdict[range.clone()], &mut self.category[range.clone()]);
        let (score, probs) =
            (&mut self.score[range.clone()], &mut self.probs[range.start * PROBS..range.end * PROBS]);
        verdict.fill(verdict::ABSTAIN);
        category.fill(0);
        let reason = &mut self.reason[range.clone()];
        reason.fill(0);
        score.fill(f32::NAN);
        probs.fill(f32::NAN);
        abi::Output {
            struct_size: size_of::<abi::Output>() as u32,
            n: range.len() as u32,
            verdict: verdict.as_mut_ptr(),
            category: category.as_mut_ptr(),
            reason: reason.as_mut_ptr(),
            score: score.as_mut_ptr(),
            probs: probs.as_mut_ptr(),
            note_ctx: (&raw const *self.notes).cast_mut().cast(),
            note: wants_notes.then_some(note),
        }
    }

    /// What the last call noted.
    pub fn take_notes(&mut self) -> Notes {
        std::mem::take(self.notes.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// The vote on a candidate of a plugin that says this of itself.
    ///
    /// # Errors
    /// The answer is not allowed.
    ///
    /// # Panics
    /// If there is no room for `candidate`.
    pub fn vote(&self, candidate: usize, plugin: &Description) -> Result<Vote, AnswerError> {
        let (reason, reasons) = (self.reason[candidate], plugin.reasons.len());
        if reason as usize > reasons {
            return Err(AnswerError::Reason { reason, reasons });
        }
        let verdict = read_verdict(self.verdict[candidate], self.category[candidate])?;
        if verdict != Verdict::Abstain && !plugin.gives.votes {
            return Err(AnswerError::NoVoter);
        }
        let score = self.score[candidate];
        if !is_probability(score) && !score.is_nan() {
            return Err(AnswerError::Score(score));
        }
        let mut probs = [0.0; PROBS];
        probs.copy_from_slice(&self.probs[candidate * PROBS..(candidate + 1) * PROBS]);
        let given = probs.iter().any(|p| !p.is_nan());
        if given && !probs.iter().copied().all(is_probability) {
            return Err(AnswerError::Probabilities(probs));
        }
        Ok(Vote {
            verdict,
            score: Some(score).filter(|s| !s.is_nan()),
            probs: Some(probs).filter(|_| given),
            reason,
            state: VoteState::Answered,
        })
    }
}

/// The way of answers to another process.
#[cfg(unix)]
impl Columns {
    /// Whether the plugin gave a probability to any candidate in `range`.
    pub fn has_probs(&self, range: &Range<usize>) -> bool {
        self.probs[range.start * PROBS..range.end * PROBS].iter().any(|p| !p.is_nan())
    }

    /// The columns of the candidates in `range`, those of probabilities where wanted.
    pub fn as_bytes(&self, range: &Range<usize>, probs: bool) -> Vec<&[u8]> {
        let mut parts = vec![
            &self.verdict[range.clone()],
            &self.category[range.clone()],
            cast_slice(&self.reason[range.clone()]),
            cast_slice(&self.score[range.clone()]),
        ];
        if probs {
            parts.push(cast_slice(&self.probs[range.start * PROBS..range.end * PROBS]));
        }
        parts
    }

    /// The same, to be filled.
    pub fn as_bytes_mut(&mut self, range: &Range<usize>, probs: bool) -> Vec<&mut [u8]> {
        let mut parts = vec![
            &mut self.verdict[range.clone()],
            &mut self.category[range.clone()],
            cast_slice_mut(&mut self.reason[range.clone()]),
            cast_slice_mut(&mut self.score[range.clone()]),
        ];
        if probs {
            parts.push(cast_slice_mut(&mut self.probs[range.start * PROBS..range.end * PROBS]));
        }
        parts
    }
}

unsafe extern "C" fn note(context: *mut c_void, index: u32, text: Str) {
    // SAFETY: the context is the mutex of the columns that `prefilled` lent for this call, as is the text.
    let (notes, text) = unsafe { (&*context.cast::<Mutex<Notes>>(), text.get()) };
    let text = text.unwrap_or("(a note that is not UTF-8)").to_owned();
    notes.lock().unwrap_or_else(PoisonError::into_inner).push((index, text));
}

fn read_verdict(number: u8, category: u8) -> Result<Verdict, AnswerError> {
    match (number, Category::from_number(category)) {
        (verdict::ACCEPT, Some(category)) => Ok(Verdict::Accept(category)),
        (verdict::ACCEPT, None) => Err(AnswerError::Category(category)),
        (verdict::ABSTAIN..=verdict::ESCALATE, _) if category != 0 => Err(AnswerError::NotAccepted(category)),
        (verdict::ABSTAIN, _) => Ok(Verdict::Abstain),
        (verdict::REJECT, _) => Ok(Verdict::Reject),
        (verdict::ESCALATE, _) => Ok(Verdict::Escalate),
        _ => Err(AnswerError::Verdict(number)),
    }
}

fn is_probability(number: f32) -> bool {
    (0.0..=1.0).contains(&number)
}
