//! What a run knows of being a shard: its range of the input, and its share of the budget.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rejoinder_ledger::SpendingLimits;
use rejoinder_read::Position;
use serde::{Deserialize, Serialize};

use super::cuts::Cut;
use super::job::FILE as JOB;
use super::number::ShardNumber;
use crate::folder::RunDir;
use crate::judging::settings;

/// The part that a run has in a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunShard {
    /// The id of the job.
    pub job: String,
    /// Which shard the run is.
    pub shard: ShardNumber,
    /// Where the shard's range of the input begins.
    pub from: Cut,
    /// Where the shard's range of the input ends.
    pub until: Cut,
}

/// The part of its input that a run scans.
pub(crate) struct InputRange {
    /// Where the range begins.
    pub(crate) from: Position,
    /// Where the range ends; `None` at the end of the input.
    pub(crate) until: Option<Position>,
    /// The bytes of the input, as stored, before the range and up to its end.
    pub(crate) stored_bytes: Range<u64>,
}

impl RunShard {
    /// Whether the shard's range holds nothing.
    pub fn is_empty(&self) -> bool {
        self.from.at >= self.until.at
    }

    /// Whether the shard's range holds some of an input file.
    pub(crate) fn touches(&self, file: u32) -> bool {
        !self.is_empty()
            && self.from.at < Position::of_file(file + 1)
            && Position::of_file(file) < self.until.at
    }

    /// The shard's share of limits, by stored bytes; `all` is the size of the input. The shares of all shards add up to the whole.
    fn share(&self, limits: SpendingLimits, all: u64) -> SpendingLimits {
        let up_to = |limit: u64, cut: Cut| match all {
            // Of an input without a byte the last shard has all.
            0 => limit * u64::from(self.until == cut && self.shard.number() == self.shard.of()),
            _ => (u128::from(limit) * u128::from(cut.stored_bytes) / u128::from(all)) as u64,
        };
        let share =
            |limit: Option<u64>| limit.map(|limit| up_to(limit, self.until) - up_to(limit, self.from));
        let SpendingLimits { calls, tokens, money, gpu } = limits;
        SpendingLimits { calls: share(calls), tokens: share(tokens), money: share(money), gpu: share(gpu) }
    }
}

impl RunDir {
    /// The part of the input that the run scans.
    pub(crate) fn input_range(&self) -> InputRange {
        match &self.manifest.shard {
            None => InputRange { from: Position::default(), until: None, stored_bytes: 0..self.input_size() },
            Some(shard) => InputRange {
                from: shard.from.at,
                until: Some(shard.until.at),
                stored_bytes: shard.from.stored_bytes..shard.until.stored_bytes,
            },
        }
    }

    /// What the run may spend over its whole life: the budget of its config, or a shard's share of it.
    pub fn limits(&self) -> SpendingLimits {
        let limits = settings::limits(&self.manifest.config.budget);
        match &self.manifest.shard {
            None => limits,
            Some(shard) => shard.share(limits, self.input_size()),
        }
    }

    /// The folder of the job that the run is a shard of; `None` for a run that is no shard.
    pub fn job_folder(&self) -> Option<PathBuf> {
        // The folder of a shard lies in that of all shards, which lies in the job's.
        let of =
            |path: &Path| path.parent()?.parent().filter(|job| job.join(JOB).is_file()).map(Path::to_owned);
        self.manifest.shard.as_ref()?;
        of(&self.path).or_else(|| of(&std::path::absolute(&self.path).ok()?))
    }

    fn input_size(&self) -> u64 {
        self.manifest.inputs.iter().map(|file| file.size).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_shares_of_a_budget_add_up_to_the_whole(
            mut ends in prop::collection::vec(0_u64..1 << 40, 1..70),
            calls in 0_u64..1 << 50,
        ) {
            ends.sort_unstable();
            let all = *ends.last().unwrap();
            let cut = |stored_bytes: u64| Cut { at: Position::default(), stored_bytes };
            let limits = SpendingLimits { calls: Some(calls), ..SpendingLimits::default() };
            let mut sum = 0;
            for (shard, place) in ShardNumber::all(ends.len() as u32).zip(0..) {
                let before = if place == 0 { 0 } else { ends[place - 1] };
                let (job, from, until) = (String::new(), cut(before), cut(ends[place]));
                let share = RunShard { job, shard, from, until }.share(limits, all);
                prop_assert_eq!(share.tokens, None);
                sum += share.calls.unwrap();
            }
            prop_assert_eq!(sum, calls);
        }
    }
}
