//! Why a job of shards cannot be gone on with or merged, with what to do next.

use rejoinder_run::shards::{ShardError, ShardNumber, ShardProblem};

use crate::failure::Failure;

impl From<ShardError> for Failure {
    fn from(error: ShardError) -> Self {
        let fact = error.to_string();
        match error {
            ShardError::NoJob(folder) => Self::usage(format!(
                "{fact}; the first shard begins one: rejoinder run INPUT --shard 1/N --out {}",
                folder.display()
            )),
            ShardError::Unusable { .. } => Self::invalid(fact),
            ShardError::Different { .. } => {
                Self::invalid(format!("{fact}\nbring it back, or begin another job: another --out"))
            }
            ShardError::Foreign(_) => Self::invalid(format!("{fact}; move it away, or give another --out")),
            ShardError::NotReady { folder, shards, problems } => {
                Self::invalid(not_ready(&folder.display().to_string(), shards, &problems))
            }
        }
    }
}

/// Names each shard that cannot be merged, and what makes it one that can.
fn not_ready(job: &str, shards: u32, problems: &[(ShardNumber, ShardProblem)]) -> String {
    let mut message = format!("{} of {shards} shards in {job} cannot be merged:", problems.len());
    for (shard, problem) in problems {
        message += &format!("\n  shard {shard} {problem}");
        match problem {
            ShardProblem::Missing | ShardProblem::Unfinished => {}
            ShardProblem::AtWork(_) => message += "; wait until it has ended",
            ShardProblem::Foreign | ShardProblem::Different(_) | ShardProblem::Unreadable(_) => {
                message += &format!("; move {job}/shards/{} away", shard.folder());
            }
        }
    }
    let is_at_work = |problem: &ShardProblem| matches!(problem, ShardProblem::AtWork(_));
    let mut left = problems.iter().filter(|(_, problem)| !is_at_work(problem)).map(|(shard, _)| shard);
    if let Some(first) = left.next() {
        let which = if left.next().is_none() { first.to_string() } else { format!("K/{shards}") };
        message += &format!(
            "\nmake what is missing with the inputs and flags of the other shards: rejoinder run INPUT --shard {which} --out {job}"
        );
    }
    message
}
