//! `rejoinder audit`: a measured bound on what a run missed and on what it wrongly took.

use std::path::PathBuf;

use clap::Args;
use rejoinder_run::recall::AuditReport;
use rejoinder_run::recall::audit::{AuditDrawRequest, AuditSample};

use super::args::{DRAW, OUTPUT, RECALL};
use super::oracle::{OracleArgs, with_oracle};
use super::terminal::remark;
use super::{InputRoot, Threads, asking, find_input, print, print_json};
use crate::failure::{Exit, Failure};
use rejoinder_report::audit;
use rejoinder_report::numbers::counted;
use rejoinder_report::summary::certified_turns;

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// The run's folder, or one that was gathered over a data set
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    input: InputRoot,
    #[command(flatten)]
    oracle: OracleArgs,
    /// How sure all bounds together are
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, help_heading = RECALL)]
    confidence: f64,
    /// How often turns that share a request change an answer
    ///
    /// As `judge compare` measures it: the upper end of the share of turns whose letter differs in groups.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, help_heading = RECALL)]
    lean: f64,
    #[command(flatten)]
    size: DrawSizeArgs,
    /// What the draw depends on [default: drawn, and kept]
    #[arg(long, value_name = "N", help_heading = DRAW)]
    seed: Option<u64>,
    /// End with exit code 3 unless recall is surely so high
    #[arg(long, value_name = "SHARE", help_heading = RECALL)]
    min_recall: Option<f64>,
    /// Print one JSON object instead of the table
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

/// How many turns an audit draws.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = DRAW)]
pub(super) struct DrawSizeArgs {
    /// Rejected turns to draw [default: 300, or as drawn before]
    #[arg(long, value_name = "N")]
    rejected: Option<usize>,
    /// Accepted turns to draw [default: 100, or as drawn before]
    #[arg(long, value_name = "N")]
    accepted: Option<usize>,
}

pub(super) fn main(args: &AuditArgs) -> Result<Exit, Failure> {
    if !(0.0..1.0).contains(&args.lean) {
        return Err(Failure::usage("--lean is a share from 0 up to, but not including, 1"));
    }
    let mut run = find_input(&args.input, asking::run_to_audit(&args.run)?)?;
    let choice = args.oracle.choice(&run)?;
    let waiting = run.scan_stats()?.undecided - run.judge_stats()?.judged;
    if waiting > 0 {
        let first = match &run.manifest.gathered {
            None => format!("ask about them first: rejoinder judge {}", args.run.display()),
            Some(_) => {
                "ask about them where they were gathered, and give what the judge says along".to_owned()
            }
        };
        let turns = counted(waiting, "turn");
        remark(&format!("waiting for the judge, and counted as missed: {turns}; {first}"));
    }
    let sample = AuditSample::of_or_drawn(&run, args.threads.get(), draw_request(args.size, args.seed))?;
    let (answers, oracle) =
        with_oracle(choice, &mut run, args.threads, "audit", |oracle| oracle.ask(&sample.drawn()))?;
    let report = AuditReport::of(
        &run,
        &sample,
        args.oracle.purpose(&run),
        args.confidence,
        args.lean,
        oracle,
        &answers,
    )?;
    let file = report.write(&run)?;
    if args.json {
        print_json(&report)?;
    } else {
        print(&audit::text(&report))?;
    }
    remark(&format!("the certificate is in {}", file.display()));
    certified_turns(&run)?.iter().for_each(|says| remark(says));
    match args.min_recall {
        Some(recall) if report.recall() < recall => {
            Err(Failure::new(Exit::CheckFailed, format!("recall is not surely at least {recall}")))
        }
        _ => Ok(Exit::Ok),
    }
}

/// What the flags want of a draw.
pub(super) fn draw_request(size: DrawSizeArgs, seed: Option<u64>) -> AuditDrawRequest {
    AuditDrawRequest { rejected: size.rejected, accepted: size.accepted, seed }
}
