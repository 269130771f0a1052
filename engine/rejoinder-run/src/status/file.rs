//! The file in which a process says how far a run is.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::figures::RunFigures;
use crate::folder::machine;

/// Name of the file in a run's folder.
pub const FILE: &str = "status.json";
/// The file has a few hundred bytes; nothing longer is one.
const MOST_BYTES: u64 = 1 << 16;
/// Version of the file's schema. It grows when a field changes its meaning or goes; readers leave out fields that they do not know.
pub const FORMAT: u32 = 1;

/// What a process says of its work on a run. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStatus {
    /// [`FORMAT`] of the program that wrote the file.
    pub format: u32,
    /// Version of the engine.
    pub engine: String,
    /// The verb that works on the run, such as `judge`.
    pub verb: String,
    /// The process's number.
    pub process: u32,
    /// The name of the process's machine.
    pub machine: String,
    /// When the work began.
    pub begun: u64,
    /// When this was written.
    pub written: u64,
    /// Whether the process was told to stop, and finishes what is under way.
    pub stopping: bool,
    /// How far the work is.
    #[serde(flatten)]
    pub figures: RunFigures,
    /// How the work ended; `None` while it goes on.
    pub ended: Option<EndOfWork>,
}

/// How a process has ended its work on a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndOfWork {
    /// The exit code of the command.
    pub exit_code: u8,
    /// Why the work ended.
    pub reason: EndReason,
    /// The command that goes on, as it was typed in the folder of the process; `None` where nothing can.
    pub next: Option<String>,
}

/// Why the work on a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// It was done.
    Done,
    /// The budget is spent.
    BudgetSpent,
    /// The judge cannot be reached, refuses, or says nothing.
    JudgeUnavailable,
    /// Somebody wanted it to stop.
    Interrupted,
    /// Config, rules or inputs are invalid or have changed.
    Refused,
    /// Reading, writing or a plugin failed.
    Failed,
}

impl RunStatus {
    /// The first words of this process about a verb that begins to work.
    pub(super) fn of_this_process(verb: &str) -> Self {
        let now = now();
        Self {
            format: FORMAT,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            verb: verb.to_owned(),
            process: std::process::id(),
            machine: machine(),
            begun: now,
            written: now,
            stopping: false,
            figures: RunFigures::default(),
            ended: None,
        }
    }

    /// Puts this in place of what the file in a run's folder says, as a whole. A folder that cannot be written gets no file: nobody's
    /// run fails for want of an onlooker.
    pub(super) fn write(&self, run: &Path) {
        let temporary = run.join("status.json.tmp");
        let mut json = serde_json::to_vec_pretty(self).expect("figures are plain data");
        json.push(b'\n');
        if fs::write(&temporary, &json).and_then(|()| fs::rename(&temporary, run.join(FILE))).is_err() {
            // Nothing half-written should stay behind.
            let _ = fs::remove_file(&temporary);
        }
    }

    /// What the file in a run's folder says; `None` where there is none, or none that this program can read.
    pub fn read(run: &Path) -> Option<Self> {
        let file = run.join(FILE);
        // What lies there may be anybody's: a pipe would keep the reader waiting, a link might never end.
        if !fs::metadata(&file).is_ok_and(|found| found.is_file() && found.len() <= MOST_BYTES) {
            return None;
        }
        let json = fs::read(file).ok()?;
        let status: Self = serde_json::from_slice(&json).ok()?;
        (status.format == FORMAT).then_some(status)
    }
}

/// The time now, in seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs()
}
