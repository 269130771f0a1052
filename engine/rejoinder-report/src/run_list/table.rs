//! The folders in a folder of runs, as a table that fits a narrow terminal.

use std::fmt::Write as _;
use std::path::Path;
use std::time::SystemTime;

use rejoinder_run::run_list::RunEntry;
use serde::Serialize;

use super::row::RunRow;
use crate::numbers::{counted, duration, size, thousands};
use crate::progress::joined;
use crate::run_status::{flat, lines_of};

/// Columns of a run's name; a longer one has a line of its own.
const NAME: usize = 14;
/// Columns of a page.
const COLUMNS: usize = 80;

/// What lies in a folder of runs, as `runs list --json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct RunList {
    /// The folder.
    pub folder: String,
    /// The bytes of all files in it.
    pub bytes: u64,
    /// A row a folder.
    pub runs: Vec<RunRow>,
}

impl RunList {
    /// What looks at the folders in a folder tell.
    pub fn of(folder: &Path, entries: &[RunEntry]) -> Self {
        let runs: Vec<RunRow> = entries.iter().map(RunRow::of).collect();
        let bytes = runs.iter().map(|run| run.bytes).sum();
        Self { folder: folder.display().to_string(), bytes, runs }
    }

    /// The table, as it is read `now`.
    pub fn text(&self, now: SystemTime) -> String {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut text = String::new();
        if !self.runs.is_empty() {
            let _ = writeln!(
                text,
                "{:<NAME$}{:<10}{:>12}{:>15}{:>11}{:>9}{:>9}",
                "run", "state", "changed", "conversations", "feedback", "calls", "size"
            );
        }
        for row in &self.runs {
            write_row(&mut text, row, now);
        }
        let folders = counted(self.runs.len() as u64, "folder");
        let _ = writeln!(text, "{folders} in {}, {}", flat(&self.folder), size(self.bytes as f64));
        text
    }
}

fn write_row(text: &mut String, row: &RunRow, now: u64) {
    let mut name = flat(&row.name);
    if name.chars().count() >= NAME {
        let _ = writeln!(text, "{name}");
        name.clear();
    }
    let changed = row.changed.map(|changed| duration(now.saturating_sub(changed) as f64)).unwrap_or_default();
    let figures = match (&row.run, &row.job) {
        (Some(run), _) => [run.conversations, run.feedback, run.spent.calls].map(thousands),
        (None, Some(job)) => [job.conversations, job.feedback, job.spent.calls].map(thousands),
        (None, None) => [const { String::new() }; 3],
    };
    let [conversations, feedback, calls] = figures;
    let _ = writeln!(
        text,
        "{name:<NAME$}{:<10}{changed:>12}{conversations:>15}{feedback:>11}{calls:>9}{:>9}",
        row.state(),
        size(row.bytes as f64)
    );
    for line in lines_of(&joined(&row.notes()), COLUMNS - NAME) {
        let _ = writeln!(text, "{:<NAME$}{line}", "");
    }
}
