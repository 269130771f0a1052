//! Plugins' failures: written down with the part of the failing turn, counted over a run's whole life, and gathered in one
//! file for the operator, who needs the file most when so many failures stopped the run.

use std::collections::HashMap;

use rejoinder_ledger::part;
use rejoinder_scan::{Engine, FaultLog, FaultRow};

use crate::error::RunError;
use crate::folder::{PartKind, RunDir};

/// The file in the run's folder.
pub const FILE: &str = "faults.jsonl";

/// Counts the faults of committed parts towards each plugin's `max-faults`, so that the limit holds for the run and not
/// for each of its resumptions.
///
/// # Errors
/// If the parts cannot be read.
pub fn count_committed(run: &RunDir, engine: &Engine) -> Result<(), RunError> {
    let mut counts: HashMap<String, u32> = HashMap::new();
    for row in committed(run)? {
        *counts.entry(row.plugin).or_default() += 1;
    }
    for plugin in engine.registry.plugins() {
        plugin.add_earlier_faults(counts.get(plugin.name()).copied().unwrap_or(0));
    }
    Ok(())
}

/// Writes all faults, also of unfinished parts, into one file; without faults there is no file.
///
/// # Errors
/// If parts cannot be read or the file cannot be written.
pub fn gather(run: &RunDir, log: &FaultLog) -> Result<(), RunError> {
    let mut rows = committed(run)?;
    rows.extend(log.rows());
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
    part::write(&run.path.join(FILE), &lines).map_err(RunError::from)
}

fn committed(run: &RunDir) -> Result<Vec<FaultRow>, RunError> {
    let mut rows = Vec::new();
    for (index, stats) in run.parts()? {
        if stats.faults > 0 {
            for row in run.rows(PartKind::Faults, index) {
                rows.push(row?);
            }
        }
    }
    Ok(rows)
}
