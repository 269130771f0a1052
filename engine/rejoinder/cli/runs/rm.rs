//! Removes runs, once somebody has said yes.

use std::collections::HashSet;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use rejoinder_report::numbers::counted;
use rejoinder_report::run_list::RemovalReport;
use rejoinder_run::run_list::{Removal, RemovalError};
use serde::Serialize;

use crate::cli::args::OUTPUT;
use crate::cli::{print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct RmArgs {
    /// The runs' folders
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Ask nobody
    #[arg(long, short, help_heading = REMOVAL)]
    yes: bool,
    /// Say what would go, and remove nothing
    #[arg(long, conflicts_with = "yes", help_heading = REMOVAL)]
    dry_run: bool,
    /// Also a run that others need, or whose figures cannot be told
    ///
    /// Others go on from the run, or take replies from its file. Which others do so is looked up among the runs in the same folder. Never a folder that is no run, and never a run that a process works on.
    #[arg(long, help_heading = REMOVAL)]
    force: bool,
    /// Print one JSON object instead of the text
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

/// Heading of the flags about removing.
const REMOVAL: &str = "Removal";

/// What is removed, or would be.
#[derive(Serialize)]
struct RemovedRuns {
    runs: Vec<RemovalReport>,
}

pub(super) fn main(args: &RmArgs) -> Result<Exit, Failure> {
    // All runs are looked at, and held, before the first one goes.
    let mut removals = Vec::new();
    let mut named = HashSet::new();
    for run in &args.runs {
        if named.insert(std::path::absolute(run).unwrap_or_else(|_| run.clone())) {
            removals.push(Removal::of(run, args.force)?);
        }
    }
    if args.dry_run {
        tell(args, removals.iter().map(|removal| RemovalReport::of(removal, false)).collect())?;
        return Ok(Exit::Ok);
    }
    if !args.yes && !is_wanted(&removals)? {
        return Err(Failure::new(Exit::Interrupted, "nothing was removed"));
    }
    let mut removed = Vec::new();
    for removal in removals {
        let report = RemovalReport::of(&removal, true);
        removal.remove()?;
        removed.push(report);
    }
    tell(args, removed)?;
    Ok(Exit::Ok)
}

fn tell(args: &RmArgs, runs: Vec<RemovalReport>) -> Result<(), Failure> {
    match args.json {
        true => print_json(&RemovedRuns { runs }),
        false => print(&runs.iter().map(RemovalReport::text).collect::<String>()),
    }
}

/// Asks on the terminal whether the runs shall go.
fn is_wanted(removals: &[Removal]) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to ask on: --yes removes without asking, --dry-run says what would go",
        ));
    }
    let mut question = String::new();
    for removal in removals {
        question += &RemovalReport::of(removal, false).text();
    }
    question += &format!("Remove {}? [y/N] ", counted(removals.len() as u64, "run"));
    let mut terminal = io::stderr().lock();
    terminal.write_all(question.as_bytes()).and_then(|()| terminal.flush())?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

impl From<RemovalError> for Failure {
    fn from(error: RemovalError) -> Self {
        let fact = error.to_string();
        match error {
            RemovalError::Run(error) => error.into(),
            RemovalError::Link(_, to) => {
                Self::usage(format!("{fact}; to remove the run, name {}", to.display()))
            }
            RemovalError::NoRun(_) => Self::usage(fact),
            RemovalError::Job(path) => Self::usage(format!(
                "{fact}: merge it first (rejoinder merge {}), or remove its shards one by one",
                path.display()
            )),
            RemovalError::Unreadable(..) => {
                Self::invalid(format!("{fact}\n--force removes it all the same; nothing was removed"))
            }
            RemovalError::Named { .. } => Self::invalid(format!(
                "{fact}: what they hold cannot be told in full without it. --force removes it all the same; nothing was removed"
            )),
            RemovalError::Io(..) => Self::new(Exit::Io, fact),
        }
    }
}
