//! Counting turns for guards.

use std::collections::BTreeMap;

use rejoinder_cascade::Decision;
use rejoinder_core::Answer;
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_rules::Limit;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn};

use super::coverage::coverage;
use super::tally::{CoveredAnswers, GuardTallies, GuardTally};
use crate::spool_row::SpoolRow;

/// What is known of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnAnswers {
    /// What a label says.
    pub label: Answer,
    /// How the turn was chosen to be labelled.
    pub selection: TurnSelection,
    /// What a judge says.
    pub judge: Answer,
    /// How the turn was chosen to be asked about.
    pub asked: TurnSelection,
}

/// Counts the turns of an engine's scan for the guards in force.
#[derive(Clone, Debug)]
pub struct GuardCounter {
    counted: GuardTallies,
}

impl GuardCounter {
    /// No counts yet for the guards of an engine.
    pub fn new(engine: &Engine) -> Self {
        Self { counted: GuardTallies::new(engine.rules.guards().all()) }
    }

    /// Whether nothing is guarded.
    pub const fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }

    /// Whether some guard limits money, so that the rows of waiting turns are needed.
    pub fn needs_rows(&self) -> bool {
        let limits = self.counted.guards.iter().flat_map(|guard| &guard.guard.limits);
        limits.into_iter().any(|limit| matches!(limit.limit, Limit::MaxCostPer1000(_)))
    }

    /// Counts a conversation, with what is known of each of its turns; `rows` are the rows of its waiting turns, or none where no guard
    /// [needs rows](Self::needs_rows).
    pub fn conversation(
        &mut self,
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        rows: &[SpoolRow],
        known: impl Fn(&ScannedTurn) -> TurnAnswers,
    ) {
        if self.counted.is_empty() {
            return;
        }
        let mut answers: BTreeMap<u32, GuardTally> = BTreeMap::new();
        for turn in scanned.turns(conversation) {
            self.counted.turns += 1;
            let is_accepted = matches!(turn.decision(), Decision::Accepted(_));
            for one in coverage(engine, scanned, turn) {
                let tally = answers.entry(one.guard).or_default();
                match is_accepted {
                    true => tally.accepted += 1,
                    false => tally.waiting += 1,
                }
                let TurnAnswers { label, selection, judge, asked } = known(turn);
                let of = |answers: &mut CoveredAnswers, answer| match is_accepted {
                    true => answers.accepted.count(answer, &one.categories),
                    false => answers.waiting.count(answer, &one.categories),
                };
                let GuardTally { labels, judge: judged, chosen, .. } = tally;
                of(if selection.gives_recall() { labels } else { &mut chosen.labels }, label);
                of(if asked.gives_recall() { judged } else { &mut chosen.judge }, judge);
            }
        }
        for (guard, tally) in answers {
            self.counted.tallies[guard as usize] += tally.of_conversation();
        }
        rows.iter().for_each(|row| self.row(row));
    }

    /// Counts a question for each guard that covers one of its turns.
    fn row(&mut self, row: &SpoolRow) {
        let mut asking: Vec<u32> = row.coverage.iter().flatten().map(|one| one.guard).collect();
        asking.sort_unstable();
        asking.dedup();
        for guard in asking {
            let GuardTally { questions, shown_tokens, .. } = &mut self.counted.tallies[guard as usize];
            *questions += 1;
            *shown_tokens += row.shown_tokens;
        }
    }

    /// What was counted.
    pub fn end(self) -> GuardTallies {
        self.counted
    }
}
