//! What the cut that ships with the score does on labelled turns: without hindsight, since it was chosen on other labels.

use rejoinder_cascade::{Decision, DecisionReason};
use rejoinder_run::recall::{LabelledTurn, LabelledTurns, PricedJudges, RecallTarget, is_open};
use rejoinder_scan::Engine;
use serde::Serialize;

use crate::form_bills::share;

/// The figures of the shipped cut.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ShippedCut {
    /// From which score on the judge is asked.
    pub from: f64,
    /// Share of the wanted feedback that is asked about, or accepted without asking.
    pub recall: f64,
    /// Share of all later turns that is asked about.
    pub turn_share: f64,
    /// Input tokens of the requests, as a share of the paper's.
    pub token_share: f64,
}

impl ShippedCut {
    /// The figures, where the score's model has a cut for this purpose and recall.
    pub fn of(
        engine: &Engine,
        judges: &PricedJudges,
        labelled: &LabelledTurns,
        target: &RecallTarget,
    ) -> Option<Self> {
        let cut = engine.shipped.rejecting(target.purpose, target.recall)?;
        let turns = &labelled.turns;
        let is_asked = |turn: &LabelledTurn| match is_open(turn.ground) {
            true => turn.score >= cut.score,
            false => turn.ground.decision() == Decision::Undecided,
        };
        let is_found = |turn: &LabelledTurn| match turn.ground {
            DecisionReason::Accepted(category) => target.purpose.wants(category),
            _ => is_asked(turn),
        };
        let wanted: Vec<&LabelledTurn> = turns.iter().filter(|turn| target.is_positive(turn.label)).collect();
        let count = |turns: usize| turns as f64;
        let found = wanted.iter().filter(|turn| is_found(turn)).count();
        let cost = labelled.cost(&judges.here.form, |index| is_asked(&turns[index]));
        Some(Self {
            from: f64::from(cut.score),
            recall: share(count(found), count(wanted.len())),
            turn_share: share(count(turns.iter().filter(|turn| is_asked(turn)).count()), count(turns.len())),
            token_share: share(cost.input, labelled.cost_of_paper(judges).input),
        })
    }

    /// The figures in one line.
    pub fn line(&self) -> String {
        format!(
            "the cut that ships with the score, {:.3}, chosen on other labels: recall {:.3}, asking about {:.3} of the turns with {:.3} of \
             the paper's input tokens",
            self.from, self.recall, self.turn_share, self.token_share
        )
    }
}
