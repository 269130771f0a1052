//! That conversations were forgotten after they were read.

use rejoinder_run::folder::ForgottenCount;

use super::remark::Remark;
use crate::numbers::{counted, were};

/// What was forgotten of a run; nothing of a run that is whole.
pub fn forgotten(removed: &[ForgottenCount]) -> Option<Remark> {
    let told = removed.iter().map(|ForgottenCount { on, conversations, turns }| {
        let turns = counted(*turns, "turn");
        format!(
            "{} forgotten on {on}, with {turns} that had been accepted or had waited",
            were(*conversations, "conversation")
        )
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let stay = "Conversations read and turns rejected are those of before, and so are the divisions of accepted turns.";
    (!removed.is_empty()).then(|| Remark::new("forgotten", format!("{told}. {stay}")))
}
