//! Flags that several verbs take.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use rejoinder_scan::default_threads;

/// How many threads scan.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Threads {
    /// Threads that scan [default: one a core]
    #[arg(long, value_name = "N")]
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
    /// Folder under which the run's input files lie now, if they were moved: each is looked for by its path or the end of it,
    /// and must hold what it did
    #[arg(long, value_name = "DIR")]
    pub(super) input_root: Option<PathBuf>,
}
