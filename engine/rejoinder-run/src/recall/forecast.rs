//! What keeping a recall will take, said before the judge is asked about anything: from the corpus's size and a first look at the
//! score. An estimate; how good the score is on this corpus shows when the judge has answered.

use serde::Serialize;

use super::audit::AuditDraw;
use super::corpus::ScoredSample;
use super::learning::{FIRST, RemainingForecast};
use super::proof_plan::ProofState;
use super::target::RecallTarget;

/// Share of the turns to be asked about by their score that a score which has learned from the corpus leaves, about.
const LEARNED: f64 = 0.8;

/// The turns that keeping a recall will probably ask about, by what they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RecallForecast {
    /// Conversations with later turns: the paper's method asks about each once.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// Turns that are asked about because of their score.
    pub by_score: u64,
    /// Turns of samples that make the cut; on a small corpus they are the audit, too.
    pub samples: u64,
    /// Turns that the audit asks about beside these.
    pub audit: u64,
    /// Turns that asking takes without a promise, where the score is what it says.
    pub without_promise: u64,
    /// Whether the corpus is so large that it pays to let the score learn from the answers first.
    pub is_learning: bool,
}

impl RecallForecast {
    /// The forecast by a look at all turns, none of them asked about.
    pub fn of(look: &ScoredSample, target: &RecallTarget) -> Self {
        let forecast = RemainingForecast::new(look.population as usize, 0, look.open.clone());
        let without_promise = forecast.needed(target.recall) as u64 + look.contradictory;
        let is_learning = forecast.next_round(FIRST, target.recall).is_some();
        let (by_score, samples, audit) = if is_learning {
            let draw = AuditDraw::fitting(look.population, 0);
            let accepted: u64 = look.accepted.iter().sum();
            let last = forecast.last_sample(target.recall);
            let by_score = LEARNED * (forecast.asked_with(last, target.recall) - last as f64);
            let audit = draw.rejected as u64 + (draw.accepted as u64).min(accepted);
            (by_score.ceil() as u64, (FIRST + last) as u64, audit)
        } else {
            let plan = ProofState::new(look, target, 1.0, 0).plan(target, 0);
            (plan.asked, plan.rejected + plan.accepted, 0)
        };
        let by_score = by_score + look.contradictory;
        let mut made = Self {
            conversations: look.conversations,
            turns: look.population,
            by_score,
            samples,
            audit,
            without_promise,
            is_learning,
        };
        // No turn is asked about twice.
        made.audit = made.audit.min(made.turns.saturating_sub(made.by_score + made.samples));
        made.by_score = made.by_score.min(made.turns.saturating_sub(made.samples));
        made
    }

    /// Turns in all.
    pub const fn asked(&self) -> u64 {
        self.by_score + self.samples + self.audit
    }

    /// The requests that so many turns take.
    pub const fn requests(turns: u64, turns_per_request: u64) -> u64 {
        if turns_per_request > 1 { turns.div_ceil(turns_per_request) } else { turns }
    }
}
