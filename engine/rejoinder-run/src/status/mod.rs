//! How far a run is, told from outside: the process that works on a run writes the file `status.json` into its folder about once a
//! second, and whoever looks reads the file and the ledger, never the lock. The file holds figures and words of this program alone:
//! no text of a chat, and no words of a server.

mod crash;
mod figures;
mod file;
mod job;
mod meter;
mod pace;
mod run_look;
mod writer;

pub use crash::{CRASH_FILE, PluginCrash};
pub use figures::{
    AmountFigures, BusyPluginFigures, JudgeFigures, JudgeHealth, LimitFigures, PluginWorkName, RunFigures,
    ScanFigures, StageName,
};
pub use file::{EndOfWork, EndReason, FILE, FORMAT, RunStatus};
pub use job::{JobLook, ShardLook};
pub use meter::ProgressMeter;
pub use run_look::{JudgeNeed, NextStep, RunFacts, RunLook, RunState};
pub use writer::StatusWriter;
