//! Plugins' failures: written down with the part that they fell into, counted over a run's whole life, and gathered in one
//! file for the operator, who wants to see them most when they were so many that the run stopped.

use std::collections::HashMap;
use std::sync::PoisonError;

use rejoinder_core::RecordId;
use rejoinder_ledger::part;
use serde::{Deserialize, Serialize};

use crate::failure::{Exit, Failure};
use crate::pipeline::engine::Engine;
use crate::pipeline::run_dir::{Kind, RunDir};

/// The file in the run's folder.
pub const FILE: &str = "faults.jsonl";

/// A plugin's failure, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRow {
    /// The turn it failed on.
    pub id: RecordId,
    /// The plugin.
    pub plugin: String,
    /// What it said.
    pub message: String,
}

/// Counts the faults of committed parts towards each plugin's `max-faults`, so that the limit holds for the run and not
/// for each of its resumptions.
///
/// # Errors
/// If the parts cannot be read.
pub fn count_committed(run: &RunDir, engine: &Engine) -> Result<(), Failure> {
    let mut counts: HashMap<String, u32> = HashMap::new();
    for row in committed(run)? {
        *counts.entry(row.plugin).or_default() += 1;
    }
    for plugin in engine.registry.plugins() {
        plugin.add_earlier_faults(counts.get(plugin.name()).copied().unwrap_or(0));
    }
    Ok(())
}

/// Writes all faults, those of unfinished parts too, into one file; none where there are none.
///
/// # Errors
/// If parts cannot be read or the file cannot be written.
pub fn gather(run: &RunDir, engine: &Engine) -> Result<(), Failure> {
    let mut rows = committed(run)?;
    rows.extend_from_slice(&engine.faults.lock().unwrap_or_else(PoisonError::into_inner));
    rows.sort();
    rows.dedup();
    if rows.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for row in &rows {
        serde_json::to_writer(&mut lines, row).expect("a row is plain data");
        lines.push(b'\n');
    }
    part::write(&run.path.join(FILE), &lines).map_err(|e| Failure::new(Exit::Io, e.to_string()))
}

fn committed(run: &RunDir) -> Result<Vec<FaultRow>, Failure> {
    let mut rows = Vec::new();
    for (index, stats) in run.parts()? {
        if stats.faults > 0 {
            for row in run.rows(Kind::Faults, index) {
                rows.push(row?);
            }
        }
    }
    Ok(rows)
}
