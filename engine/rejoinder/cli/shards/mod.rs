//! A run in shards: `rejoinder run --shard K/N`, and `rejoinder merge`.

mod failure;
mod merge;
mod run;

pub(super) use merge::{MergeArgs, main as merge};
pub(super) use run::{ShardEnd, ShardRun, main as run};
