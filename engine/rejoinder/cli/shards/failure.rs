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
            ShardError::NotReady { folder, shards, problems } => {
                let job = folder.display();
                let mut message = format!("{} of {shards} shards in {job} cannot be merged:", problems.len());
                for (shard, problem) in &problems {
                    message += &format!(
                        "\n  shard {shard} {problem}\n    {}",
                        next(*shard, problem, &job.to_string())
                    );
                }
                message += "\nINPUT… are the inputs and flags of the other shards";
                Self::invalid(message)
            }
        }
    }
}

/// What makes a shard one that can be merged.
fn next(shard: ShardNumber, problem: &ShardProblem, job: &str) -> String {
    let command = format!("rejoinder run INPUT… --shard {shard} --out {job}");
    match problem {
        ShardProblem::Missing | ShardProblem::Unfinished => command,
        ShardProblem::AtWork(_) => "wait until it has ended".to_owned(),
        ShardProblem::Foreign | ShardProblem::Different(_) | ShardProblem::Unreadable(_) => {
            format!("move {job}/shards/{} away, then: {command}", shard.folder())
        }
    }
}
