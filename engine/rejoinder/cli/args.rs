//! Flags that several verbs take.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use rejoinder_scan::default_threads;

/// Headings of the flags in the help of a verb.
pub(super) const INPUT: &str = "Input";
pub(super) const CONFIG: &str = "Config";
pub(super) const JUDGE: &str = "Judge";
pub(super) const LABELS: &str = "Labels";
pub(super) const RECALL: &str = "Recall";
pub(super) const TURNS: &str = "Turns";
pub(super) const CONVERSATION: &str = "Conversation";
pub(super) const DRAW: &str = "Draw";
pub(super) const OUTPUT: &str = "Output";

/// What can be named as chat logs.
pub(super) const INPUTS: &str = "Chat logs: files, folders, globs (JSON lines, JSON, Parquet, CSV, .zip)";
/// The same in more words.
pub(super) const INPUTS_LONG: &str = "Chat logs: files, folders, globs\n\nJSON lines and JSON arrays, plain or compressed (.gz, .zst); \
Parquet; CSV with commas, semicolons or tabs; the .zip of a ChatGPT export. Tables and archives in a folder are read only where they \
are named. The content of a file tells its format.";

/// How many threads scan.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Threads {
    /// Threads that scan [default: one a core]
    #[arg(long, value_name = "N", help_heading = INPUT)]
    threads: Option<NonZeroUsize>,
}

impl Threads {
    pub(super) fn get(self) -> NonZeroUsize {
        self.threads.unwrap_or_else(default_threads)
    }
}

/// Where a run's input lies.
#[derive(Debug, Args)]
pub(super) struct InputRoot {
    /// Folder where the run's input files lie now
    ///
    /// If they were moved: each is looked for by its path or the end of it, and must hold what it did.
    #[arg(long, value_name = "DIR", help_heading = INPUT)]
    pub(super) input_root: Option<PathBuf>,
}
