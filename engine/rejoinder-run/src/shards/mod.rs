//! A run in shards: several processes, on as many machines as there are, each scan a range of one input, and a merge makes the one run
//! that one process would have made of the whole.
//!
//! A [`Job`] is a folder that says what is run and where the input is cut. A shard is a run's folder like any other, over one range of
//! the input; it keeps a seam for each chunk beside its parts. [`merge`] cuts the parts at the seams and sends all chunks of all
//! shards, in input order, through the writer that a scan uses: the parts of the merged run are those of one run by construction.

mod cuts;
mod error;
mod findings;
mod job;
mod merge;
mod number;
mod run_shard;
mod seam;
mod shard;
mod survey;
#[cfg(test)]
mod tests;

pub use cuts::Cut;
pub use error::{ShardError, ShardProblem};
pub(crate) use findings::{agree, agreed};
pub(crate) use job::FILE as JOB;
pub use job::{Job, JobPlan};
pub(crate) use merge::remove_shards;
pub use merge::{MergedJob, merge};
pub use number::{ShardNumber, ShardNumberError};
pub use run_shard::RunShard;
pub(crate) use seam::Seam;
pub use shard::{ShardStart, begin};
