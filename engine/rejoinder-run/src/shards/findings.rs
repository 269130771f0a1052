//! What the shards of a job have found out about their judge. The form of requests, and so the keys of replies, follows from the
//! findings: all shards go by those of the first that has asked.

use std::fs;
use std::path::{Path, PathBuf};

use rejoinder_judge::{JudgeConfig, ServerCapabilities};

use crate::error::RunError;
use crate::folder::RunDir;

/// Name of the file in the job's folder.
pub(super) const FILE: &str = "judge.json";

/// What the job of a shard knows of a judge; `None` where the run is no shard, or no shard has asked this judge.
pub(crate) fn agreed(run: &RunDir, client: &JudgeConfig) -> Result<Option<ServerCapabilities>, RunError> {
    let Some(file) = file_of(run) else { return Ok(None) };
    Ok(read(&file)?.filter(|findings| findings.are_about(client)))
}

/// Keeps what a shard has found out about a judge, for all shards of its job; where another shard has been faster, its findings count.
pub(crate) fn agree(
    run: &RunDir,
    client: &JudgeConfig,
    findings: ServerCapabilities,
) -> Result<ServerCapabilities, RunError> {
    let Some(file) = file_of(run) else { return Ok(findings) };
    let own = run.path.join(FILE);
    let failed = |e: std::io::Error| RunError::io(format!("cannot write {}", file.display()), &e);
    let json = serde_json::to_vec_pretty(&findings).expect("findings are plain data");
    fs::write(&own, json).map_err(failed)?;
    // A link is made whole, and only where nothing is yet.
    let kept = match fs::hard_link(&own, &file) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => fs::rename(&own, &file),
        _ => fs::remove_file(&own),
    };
    kept.map_err(failed)?;
    Ok(agreed(run, client)?.unwrap_or(findings))
}

fn file_of(run: &RunDir) -> Option<PathBuf> {
    Some(run.job_folder()?.join(FILE))
}

fn read(file: &Path) -> Result<Option<ServerCapabilities>, RunError> {
    match fs::read(file) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        read => {
            let json = read.map_err(|e| RunError::io(format!("cannot read {}", file.display()), &e))?;
            let unreadable = |e| RunError::io(format!("{} is unreadable", file.display()), &e);
            serde_json::from_slice(&json).map(Some).map_err(|e: serde_json::Error| unreadable(e))
        }
    }
}
