//! A job of shards: a folder whose shards are runs of their own.

use std::path::{Path, PathBuf};

use super::run_look::RunLook;
use crate::error::RunError;
use crate::folder::RunDir;
use crate::shards::{JOB, Job, ShardNumber};

/// A job as it is now.
pub struct JobLook {
    /// The job's folder.
    pub path: PathBuf,
    /// The number of shards that the job was cut into.
    pub of: u32,
    /// The shards that have begun, by number.
    pub shards: Vec<ShardLook>,
}

/// A shard that has begun.
pub struct ShardLook {
    /// The shard's number, from 1.
    pub number: u32,
    /// The shard's folder.
    pub path: PathBuf,
    /// The shard as it is now, or why nothing can be told.
    pub look: Result<RunLook, RunError>,
}

impl JobLook {
    /// Whether a folder is a job whose shards are not merged yet.
    pub fn is_job(path: &Path) -> bool {
        path.join(JOB).is_file() && !RunDir::is_run(path) && !RunDir::is_removed_in_part(path)
    }

    /// Looks at a job.
    ///
    /// # Errors
    /// If the file of the job cannot be used.
    pub fn at(path: &Path) -> Result<Self, RunError> {
        let job = Job::open(path)?;
        let begun = ShardNumber::all(job.shards)
            .map(|shard| (shard.number(), job.shard_folder(shard)))
            .filter(|(_, path)| path.is_dir());
        let shards = begun.map(|(number, path)| {
            let look = RunLook::at(&path);
            ShardLook { number, path, look }
        });
        Ok(Self { path: path.to_owned(), of: job.shards, shards: shards.collect() })
    }
}
