//! `rejoinder status`: how far a run or a job of shards is, beside whoever works on it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use rejoinder_report::run_status::{JobReport, RunStatusReport};
use rejoinder_run::status::{JobLook, RunLook, RunState};
use serde::Serialize;

use super::args::OUTPUT;
use super::{print, print_json, progress, terminal};
use crate::failure::{Exit, Failure};

/// The time between two looks.
const TICK: Duration = Duration::from_secs(1);
/// The time between two lines where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The run's folder, or that of a job of shards
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Go on telling until no process works on it any more
    #[arg(long, help_heading = OUTPUT)]
    follow: bool,
    /// Print one JSON object; with --follow a line a second
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

/// What was seen.
#[derive(Serialize)]
#[serde(untagged)]
enum Seen {
    Run(Box<RunStatusReport>),
    Job(JobReport),
}

pub(super) fn main(args: &StatusArgs) -> Result<Exit, Failure> {
    let mut seen = Seen::at(&args.run)?;
    if args.follow {
        seen = follow(args, seen)?;
    }
    match args.json {
        true => print_json(&seen)?,
        false => print(&seen.text())?,
    }
    Ok(Exit::Ok)
}

/// Tells what is seen as long as somebody is at work; returns what is seen then.
fn follow(args: &StatusArgs, mut seen: Seen) -> Result<Seen, Failure> {
    let mut told: Option<Instant> = None;
    while seen.is_at_work() {
        if args.json {
            print_json(&seen)?;
        } else if let Some((columns, _)) = terminal::screen() {
            let mut out = io::stdout().lock();
            write!(out, "\r{}\x1b[K", progress::cut(&seen.line(), columns.saturating_sub(1)))?;
            out.flush()?;
        } else if told.is_none_or(|told| told.elapsed() >= BETWEEN_LINES) {
            told = Some(Instant::now());
            print(&format!("{}\n", seen.line()))?;
        }
        std::thread::sleep(TICK);
        seen = Seen::at(&args.run)?;
    }
    if terminal::screen().is_some() && !args.json {
        print("\r\x1b[K")?;
    }
    Ok(seen)
}

impl Seen {
    fn at(path: &Path) -> Result<Self, Failure> {
        Ok(match JobLook::is_job(path) {
            true => Self::Job(JobReport::of(&JobLook::at(path)?)),
            false => Self::Run(Box::new(RunStatusReport::of(&RunLook::at(path)?))),
        })
    }

    fn is_at_work(&self) -> bool {
        match self {
            Self::Run(run) => matches!(run.state, RunState::Running | RunState::Silent),
            Self::Job(job) => job.is_running(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Run(run) => run.text(),
            Self::Job(job) => job.text(),
        }
    }

    fn line(&self) -> String {
        match self {
            Self::Run(run) => run.line(),
            Self::Job(job) => job.line(),
        }
    }
}
