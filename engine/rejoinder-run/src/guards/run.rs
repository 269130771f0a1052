//! The guards of a run, checked by what the run has counted.

use std::collections::BTreeMap;

use rejoinder_core::Answer;

use super::check::{GuardPrices, check};
use super::figures::GuardResult;
use super::tally::{AnswerCounts, GuardTallies};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging::{self, Judge};
use crate::recall::audit::AuditSample;

impl RunDir {
    /// How the guards of the run's rules stand, by its scan, its judge's answers and its audit; empty where nothing is guarded.
    ///
    /// # Errors
    /// If the run cannot be read.
    pub fn guards(&self) -> Result<Vec<GuardResult>, RunError> {
        let mut counted = self.tallies()?.guards;
        if counted.is_empty() {
            return Ok(Vec::new());
        }
        count_audit(self, &mut counted)?;
        let judge = Judge::expected(&self.manifest.config.judge, self.manifest.judge.as_ref())?;
        Ok(check(&counted, GuardPrices { form: &judge.form, price: &judge.client.price }))
    }
}

/// Adds what the judge says of the accepted turns that the run's audit has drawn.
fn count_audit(run: &RunDir, counted: &mut GuardTallies) -> Result<(), RunError> {
    let (Some(sample), Some(judge)) = (AuditSample::of(run)?, judging::judge_of(run)?) else { return Ok(()) };
    let store = run.replies()?;
    let mut by_conversation: BTreeMap<(u32, u64, u32), AnswerCounts> = BTreeMap::new();
    for drawn in sample.turns.iter().filter(|drawn| drawn.accepted.is_some()) {
        let row = &drawn.turn.row;
        let Some(turn) = row.turns.first() else { continue };
        let coverage = row.coverage.first().into_iter().flatten();
        let mut coverage = coverage.peekable();
        if coverage.peek().is_none() {
            continue;
        }
        let answer: Answer = judging::answer(&judge, row, &store)?;
        for one in coverage {
            let key = (turn.id.shard, turn.id.ordinal, one.guard);
            by_conversation.entry(key).or_default().count(answer, &one.categories);
        }
    }
    for ((.., guard), answers) in by_conversation {
        if let Some(tally) = counted.tallies.get_mut(guard as usize) {
            tally.judge.accepted += answers.of_conversation();
        }
    }
    Ok(())
}
