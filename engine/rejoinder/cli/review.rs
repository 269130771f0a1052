//! `rejoinder review`: turns of a run, one at a time, in a browser on this machine, and a person's labels back.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use clap::Args;
use rejoinder_core::Category;
use rejoinder_review::{ReviewRequest, ReviewServer, ReviewSession};
use rejoinder_run::RunDir;
use rejoinder_run::recall::CALIBRATION_TURNS;
use rejoinder_run::reviewing::{REVIEW_TURNS, ReviewDraw};
use rejoinder_scan::StopFlag;
use serde::Serialize;

use super::args::{DRAW, OUTPUT, TURNS};
use super::terminal::remark;
use super::{InputRoot, Threads, find_input, print, print_json, signals};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::thousands;

#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    input: InputRoot,
    #[command(flatten)]
    kind: KindArgs,
    /// How many turns, drawn at random [default: 200]
    #[arg(long, value_name = "N", conflicts_with = "audit", help_heading = DRAW)]
    sample: Option<NonZeroUsize>,
    /// Another seed draws other turns [default: as drawn before, or 0]
    #[arg(long, value_name = "N", help_heading = DRAW)]
    seed: Option<u64>,
    /// Whose labels these are
    ///
    /// Each reader has a file of labels; all read the same turns in the same order.
    #[arg(long, value_name = "NAME", default_value = "reader", help_heading = OUTPUT)]
    reader: String,
    /// Show what the program thinks before you decide
    ///
    /// Else it is shown once you have decided about the turn.
    #[arg(long, help_heading = OUTPUT)]
    open: bool,
    /// The port of the page [default: one that is free]
    #[arg(long, value_name = "N", help_heading = OUTPUT)]
    port: Option<u16>,
    /// Open no browser
    #[arg(long, help_heading = OUTPUT)]
    no_browser: bool,
    /// Print one JSON object with the page's address
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

/// Which turns are read; by default a sample of all.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct KindArgs {
    /// Turns in which the run found feedback of these categories (UR1 … UR5)
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',', help_heading = TURNS)]
    category: Vec<Category>,
    /// Turns that rules and plugins accepted
    #[arg(long, help_heading = TURNS)]
    accepted: bool,
    /// Turns that rules and plugins rejected, or never marked
    #[arg(long, help_heading = TURNS)]
    rejected: bool,
    /// Turns that wait for the judge
    #[arg(long, alias = "undecided", help_heading = TURNS)]
    waiting: bool,
    /// Turns that the judge settled
    #[arg(long, help_heading = TURNS)]
    judged: bool,
    /// Turns about which rules, score and judge disagree most
    #[arg(long, help_heading = TURNS)]
    disputed: bool,
    /// The turns of the run's audit, so that you are its oracle
    #[arg(long, help_heading = TURNS)]
    audit: bool,
    /// The turns that `calibrate --label-file` asks about
    #[arg(long, help_heading = TURNS)]
    calibration: bool,
}

impl ReviewArgs {
    fn draw(&self) -> ReviewDraw {
        let kind = &self.kind;
        let of = |usual: usize| self.sample.map_or(usual, NonZeroUsize::get);
        let size = of(REVIEW_TURNS);
        match kind {
            _ if !kind.category.is_empty() => {
                ReviewDraw::Categories { categories: kind.category.clone(), size }
            }
            KindArgs { accepted: true, .. } => ReviewDraw::Accepted { size },
            KindArgs { rejected: true, .. } => ReviewDraw::Rejected { size },
            KindArgs { waiting: true, .. } => ReviewDraw::Waiting { size },
            KindArgs { judged: true, .. } => ReviewDraw::Judged { size },
            KindArgs { disputed: true, .. } => ReviewDraw::Disputed { size },
            KindArgs { audit: true, .. } => ReviewDraw::Audit { rejected: None, accepted: None },
            KindArgs { calibration: true, .. } => ReviewDraw::Calibration { size: of(CALIBRATION_TURNS) },
            _ => ReviewDraw::Uniform { size },
        }
    }
}

/// Where the page is, for programs.
#[derive(Serialize)]
struct Begun<'a> {
    address: &'a str,
    turns: usize,
    labels_file: String,
}

pub(super) fn main(args: &ReviewArgs) -> Result<Exit, Failure> {
    let run = find_input(&args.input, RunDir::open(&args.run)?.whole()?)?;
    let engine = run.engine()?;
    let draw = args.draw();
    let from = draw.from();
    let request = ReviewRequest { draw, seed: args.seed, reader: args.reader.clone(), is_open: args.open };
    let Some(session) = ReviewSession::open(run, engine, request, args.threads.get())? else {
        return nothing(args, &from);
    };
    let port = args.port;
    let server = ReviewServer::bind(port).map_err(|e| match port {
        Some(port) => {
            Failure::io(format!("cannot listen at port {port} of 127.0.0.1; leave --port away"), &e)
        }
        None => Failure::io("cannot listen at 127.0.0.1", &e),
    })?;
    let stop = StopFlag::default();
    signals::stop_on_interrupt(&stop)?;
    let session = Arc::new(session);
    begin(args, &session, &server.address())?;
    server.serve(&session, &stop).map_err(|e| Failure::io("cannot serve the page", &e))?;
    end(&session)
}

/// No turn fits: said as `show` says it.
fn nothing(args: &ReviewArgs, from: &str) -> Result<Exit, Failure> {
    if args.json {
        print_json(&serde_json::json!({ "address": null, "turns": 0 }))?;
    } else {
        print(&format!("0 of 0 turns: there is nothing to read among {from}\n"))?;
    }
    Ok(Exit::Ok)
}

fn begin(args: &ReviewArgs, session: &ReviewSession, address: &str) -> Result<(), Failure> {
    let sample = session.sample();
    let turns = sample.turns.len();
    let file = session.labels_file().display().to_string();
    if args.json {
        print_json(&Begun { address, turns, labels_file: file })?;
    } else {
        print(&format!("{address}\n"))?;
        let labelled = session.labelled();
        let done = if labelled > 0 {
            format!(" {} have your label.", thousands(labelled as u64))
        } else {
            String::new()
        };
        remark(&format!(
            "{} of {}: {}.{done} Labels go to {file} as you make them. Ctrl-C stops; the same command goes on.",
            thousands(turns as u64),
            thousands(sample.fitting),
            sample.draw.from()
        ));
    }
    if !args.no_browser && !args.json {
        open_browser(address);
    }
    Ok(())
}

fn end(session: &ReviewSession) -> Result<Exit, Failure> {
    let labelled = session.labelled() as u64;
    let of = thousands(session.sample().turns.len() as u64);
    let file = session.labels_file().display();
    let next = match session.next_commands() {
        commands if labelled > 0 => format!("; next:\n  {}", commands.join("\n  ")),
        _ => String::new(),
    };
    remark(&format!("{} of {of} turns have your label, in {file}{next}", thousands(labelled)));
    Ok(Exit::Ok)
}

/// Opens a browser if there is one. The address is printed anyway, so a failure is no news.
fn open_browser(address: &str) {
    let programs: &[&str] = if cfg!(target_os = "macos") {
        &["open"]
    } else if cfg!(windows) {
        &["explorer"]
    } else if std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some() {
        &["xdg-open"]
    } else {
        &[]
    };
    for program in programs {
        let mut command = Command::new(program);
        command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = command.spawn();
    }
}
