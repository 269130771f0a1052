//! What a rule changes about turns, and how often it is right.

use rejoinder_cascade::Decision;
use rejoinder_core::Verdict;

use super::bits::Bits;
use super::corpus::Corpus;

/// How many turns, or conversations, a verdict is right about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RightAndWrong {
    /// The labels say what the verdict says.
    pub right: u64,
    /// The labels say something else.
    pub wrong: u64,
}

impl RightAndWrong {
    /// Both together.
    pub const fn all(self) -> u64 {
        self.right + self.wrong
    }

    /// The share that is right; 0 where there is none.
    pub fn share(self) -> f64 {
        self.right as f64 / self.all().max(1) as f64
    }
}

/// What a rule would change if it came into force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Turns with an answer that would be decided otherwise.
    pub judged: RightAndWrong,
    /// Turns that would be decided otherwise, and that nobody judged.
    pub unjudged: u64,
    /// Turns that would wait for the judge and no longer do.
    pub spared: u64,
    /// Turns that did not wait and would wait.
    pub asked: u64,
    /// Turns with feedback that are rejected now, and would be accepted or wait.
    pub found: u64,
    /// Turns with feedback that would be rejected.
    pub lost: u64,
    /// Turns that would be decided wrongly, for people to look at.
    pub wrong: Vec<usize>,
}

impl Effect {
    /// The effect of `verdict` on the turns of `hits`, as things are decided now.
    pub(super) fn of(corpus: &Corpus, hits: &Bits, verdict: Verdict) -> Self {
        let mut effect = Self::default();
        for number in hits.iter() {
            let turn = &corpus.turns[number];
            effect.add(corpus, number, turn.state.with(verdict), turn.is_right(verdict));
        }
        effect
    }

    /// The effect of other decisions about all turns.
    pub(super) fn of_decisions(corpus: &Corpus, decisions: &[Decision]) -> Self {
        let mut effect = Self::default();
        for (number, (turn, then)) in corpus.turns.iter().zip(decisions).enumerate() {
            effect.add(corpus, number, *then, turn.is_decided_rightly(*then));
        }
        effect
    }

    fn add(&mut self, corpus: &Corpus, number: usize, then: Decision, is_right: bool) {
        let turn = &corpus.turns[number];
        let now = turn.state.decision;
        if now == then {
            return;
        }
        let waits = |decision| decision == Decision::Undecided;
        self.spared += u64::from(waits(now) && !waits(then));
        self.asked += u64::from(!waits(now) && waits(then));
        if !turn.answer.is_known() {
            self.unjudged += 1;
            return;
        }
        let is_feedback = turn.answer.category().is_some();
        self.found += u64::from(is_feedback && now == Decision::Rejected);
        self.lost += u64::from(is_feedback && then == Decision::Rejected);
        if is_right {
            self.judged.right += 1;
        } else {
            self.judged.wrong += 1;
            self.wrong.push(number);
        }
    }

    /// The turns of `hits` that `verdict` changes.
    pub(super) fn changed(corpus: &Corpus, hits: &Bits, verdict: Verdict) -> Bits {
        let mut changed = Bits::new(corpus.len());
        for number in hits.iter() {
            let state = &corpus.turns[number].state;
            if state.decision != state.with(verdict) {
                changed.insert(number);
            }
        }
        changed
    }
}
