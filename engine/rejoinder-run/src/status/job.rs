//! A job of shards: a folder whose shards are runs of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::run_look::RunLook;
use crate::error::RunError;
use crate::folder::RunDir;
use crate::shards::{JOB, SHARDS};

/// A job as it is now.
pub struct JobLook {
    /// The job's folder.
    pub path: PathBuf,
    /// The number of shards that the job was cut into; `None` while no shard has begun.
    pub of: Option<u32>,
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
        path.join(JOB).is_file() && !RunDir::is_run(path)
    }

    /// Looks at a job.
    pub fn at(path: &Path) -> Self {
        let entries = std::fs::read_dir(path.join(SHARDS)).into_iter().flatten().flatten();
        let named = entries.filter_map(|entry| {
            let (number, of) = shard_of(entry.file_name().to_str()?)?;
            Some((number, (of, entry.path())))
        });
        let named: BTreeMap<u32, (u32, PathBuf)> = named.collect();
        let of = named.values().map(|(of, _)| *of).next();
        let shards = named.into_iter().map(|(number, (_, path))| {
            let look = RunLook::at(&path);
            ShardLook { number, path, look }
        });
        Self { path: path.to_owned(), of, shards: shards.collect() }
    }
}

/// The number of a shard and of all shards, by the name of its folder: `003-of-064`.
fn shard_of(name: &str) -> Option<(u32, u32)> {
    let (number, of) = name.split_once("-of-")?;
    Some((number.parse().ok()?, of.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_told_by_their_names() {
        assert_eq!(shard_of("003-of-064"), Some((3, 64)));
        assert_eq!(["job.json", "3-of", "a-of-b"].map(shard_of), [None; 3]);
    }
}
