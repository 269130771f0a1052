//! The turns that have a row in a run's folder: accepted ones, and those that wait or waited for the judge.

use std::collections::{HashMap, HashSet};

use rejoinder_core::{Category, RecordId};
use rejoinder_judge::Finding;
use serde::Deserialize;

use super::draw::DrawnTurn;
use super::filter::TurnFilter;
use crate::error::RunError;
use crate::folder::{PartKind, RunDir};
use crate::judging;
use crate::outcome::TurnOutcome;

/// A turn that has a row.
pub(super) struct MarkedTurn {
    pub(super) turn: DrawnTurn,
    /// Ids of the rules that hit the turn.
    pub(super) rules: Vec<String>,
}

/// The fields of a feedback record that are needed.
#[derive(Deserialize)]
struct FeedbackHead {
    id: RecordId,
    category: Category,
    span_start: usize,
    span_end: usize,
    rules: Vec<String>,
}

/// The fields of a row of the spool that are needed.
#[derive(Deserialize)]
struct SpoolHead {
    turns: Vec<TurnHead>,
}

#[derive(Deserialize)]
struct TurnHead {
    id: RecordId,
    rules: Vec<String>,
}

/// Reads the rows of a run.
pub(super) struct MarkedTurns<'r> {
    run: &'r RunDir,
    parts: std::vec::IntoIter<u64>,
    found: HashMap<RecordId, Finding>,
    /// Whether accepted turns are read.
    accepted: bool,
    /// Whether waiting and judged turns are read.
    spooled: bool,
    /// The rows of a part that are still to be handed out, the last first.
    rows: Vec<MarkedTurn>,
}

impl<'r> MarkedTurns<'r> {
    /// The turns that may fit a filter; with `all`, every turn that has a row.
    pub(super) fn new(run: &'r RunDir, filter: &TurnFilter, all: bool) -> Result<Self, RunError> {
        let parts: Vec<u64> = run.parts()?.into_iter().map(|(part, _)| part).collect();
        let spooled = filter.wants_spooled();
        let found = if spooled { judging::findings(run)? } else { HashMap::new() };
        let accepted = all || Category::ALL.into_iter().any(|c| filter.fits(TurnOutcome::Accepted(c)));
        let spooled = all || spooled;
        Ok(Self { run, parts: parts.into_iter(), found, accepted, spooled, rows: Vec::new() })
    }

    /// The rows of a part, the last first.
    fn part(&self, part: u64) -> Result<Vec<MarkedTurn>, RunError> {
        let mut rows = Vec::new();
        if self.accepted {
            for row in self.run.rows(PartKind::Parts, part) {
                let FeedbackHead { id, category, span_start, span_end, rules } = row?;
                let span = Some((span_start, span_end));
                let outcome = TurnOutcome::Accepted(category);
                rows.push(MarkedTurn { turn: DrawnTurn { id, outcome, span }, rules });
            }
        }
        if self.spooled {
            for row in self.run.rows::<SpoolHead>(PartKind::Spool, part) {
                for TurnHead { id, rules } in row?.turns {
                    let (outcome, span) = self.settled(id);
                    rows.push(MarkedTurn { turn: DrawnTurn { id, outcome, span }, rules });
                }
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.turn.id));
        Ok(rows)
    }

    /// What the judge has said of a turn.
    fn settled(&self, id: RecordId) -> (TurnOutcome, Option<(usize, usize)>) {
        match self.found.get(&id) {
            Some(Finding::Feedback { category, start, end }) => {
                (TurnOutcome::Judged(Some(*category)), Some((*start, *end)))
            }
            Some(Finding::NoFeedback) => (TurnOutcome::Judged(None), None),
            Some(Finding::Unverified(_)) | None => (TurnOutcome::Undecided, None),
        }
    }
}

/// Hands those of some turns to `visit` that have a row in a run's folder, with what became of each. A later turn without a row was
/// rejected.
pub(crate) fn marked_among(
    run: &RunDir,
    ids: &HashSet<RecordId>,
    mut visit: impl FnMut(DrawnTurn),
) -> Result<(), RunError> {
    for row in MarkedTurns::new(run, &TurnFilter::default(), true)? {
        let turn = row?.turn;
        if ids.contains(&turn.id) {
            visit(turn);
        }
    }
    Ok(())
}

impl Iterator for MarkedTurns<'_> {
    type Item = Result<MarkedTurn, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.pop() {
                return Some(Ok(row));
            }
            let part = self.parts.next()?;
            match self.part(part) {
                Ok(rows) => self.rows = rows,
                Err(failure) => return Some(Err(failure)),
            }
        }
    }
}
