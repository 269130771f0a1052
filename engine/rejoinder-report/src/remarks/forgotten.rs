//! That conversations were forgotten after they were read.

use rejoinder_run::folder::Removal;

use super::remark::Remark;
use crate::numbers::{counted, were};

/// What was forgotten of a run, and whether that was interrupted; nothing of a run that is whole.
pub fn forgotten(removed: &[Removal], is_under_way: bool, run: &str) -> Vec<Remark> {
    let told = removed.iter().map(|Removal { on, conversations, turns }| {
        let turns = counted(*turns, "turn");
        format!(
            "{} forgotten on {on}, with {turns} that had been accepted or had waited",
            were(*conversations, "conversation")
        )
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let stay = "Conversations read and turns rejected are those of before, and so are the divisions of accepted turns.";
    let removed = (!removed.is_empty()).then(|| Remark::new("forgotten", format!("{told}. {stay}")));
    let interrupted = is_under_way.then(|| {
        Remark::new(
            "forgetting",
            format!("A conversation is only half forgotten: rejoinder forget {run} goes on."),
        )
    });
    removed.into_iter().chain(interrupted).collect()
}
