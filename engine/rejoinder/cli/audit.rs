//! `rejoinder audit`: a measured bound on what a run missed and on what it wrongly took.

use std::path::PathBuf;

use clap::Args;
use rejoinder_core::Purpose;

use super::oracle::OracleArgs;
use super::terminal::remark;
use super::{Threads, print, print_json};
use crate::failure::{Exit, Failure};
use crate::pipeline::audit::{Draw, Sample};
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::scan;
use crate::report::audit::AuditReport;
use crate::report::summary::thousands;

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    oracle: OracleArgs,
    /// What the feedback is for: all, sft, kto, or categories such as UR2,UR5 [default: as the run's config says]
    #[arg(long = "for", value_name = "PURPOSE")]
    purpose: Option<Purpose>,
    /// How sure all bounds together are
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    confidence: f64,
    /// Rejected turns to draw [default: 300, or as drawn before]
    #[arg(long, value_name = "N")]
    rejected: Option<usize>,
    /// Accepted turns to draw [default: 100, or as drawn before]
    #[arg(long, value_name = "N")]
    accepted: Option<usize>,
    /// What the draw depends on [default: drawn at random, and kept]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// End with exit code 3 unless recall is surely at least so high
    #[arg(long, value_name = "SHARE")]
    min_recall: Option<f64>,
    #[command(flatten)]
    threads: Threads,
    /// Print one JSON object instead of the table
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &AuditArgs) -> Result<Exit, Failure> {
    let mut run = RunDir::open(&args.run)?;
    let shown = args.run.display();
    if !scan::is_complete(&run)? {
        return Err(Failure::usage(format!(
            "the scan of {shown} was interrupted; finish it first: rejoinder resume {shown}"
        )));
    }
    let waiting = run.scan_stats()?.undecided - run.judge_stats()?.judged;
    if waiting > 0 {
        remark(&format!(
            "{} turns still wait for the judge, and all of them count as missed; ask about them first: rejoinder judge {shown}",
            thousands(waiting)
        ));
    }
    let sample = sample(args, &run)?;
    let turns: Vec<_> = sample.turns.iter().map(|drawn| &drawn.turn).collect();
    let answers = args.oracle.ask(&mut run, &turns, "audit")?;
    let purpose = args.purpose.unwrap_or(run.manifest.config.purpose);
    let certificate = sample.certify(&run, purpose, args.confidence, &answers.labels)?;
    let unreadable = answers.unreadable();
    let report = AuditReport::new(
        &run.manifest,
        answers.oracle,
        purpose.to_string(),
        sample.draw,
        unreadable,
        certificate,
    );
    let file = report.write(&run)?;
    if args.json {
        print_json(&report)?;
    } else {
        print(&report.text())?;
    }
    remark(&format!("the certificate is in {}", file.display()));
    match args.min_recall {
        Some(recall) if report.recall() < recall => {
            Err(Failure::new(Exit::CheckFailed, format!("recall is not surely at least {recall}")))
        }
        _ => Ok(Exit::Ok),
    }
}

/// The sample of an earlier audit, or a new one: looking at another draw until one pleases would void the certificate.
fn sample(args: &AuditArgs, run: &RunDir) -> Result<Sample, Failure> {
    let asks = |of: Option<usize>, then: usize| of.is_some_and(|wanted| wanted != then);
    match Sample::of(run)? {
        Some(sample) => {
            let Draw { rejected, accepted, seed } = sample.draw;
            if asks(args.rejected, rejected)
                || asks(args.accepted, accepted)
                || args.seed.is_some_and(|wanted| wanted != seed)
            {
                return Err(Failure::usage(format!(
                    "this run was audited by a draw of {rejected} rejected and {accepted} accepted turns with seed {seed}; \
                     to draw again until a bound pleases would void it. Leave --rejected, --accepted and --seed away"
                )));
            }
            Ok(sample)
        }
        None => {
            let usual = Draw::new(args.seed.unwrap_or_else(|| fastrand::u64(..1 << 32)));
            let draw = Draw {
                rejected: args.rejected.unwrap_or(usual.rejected),
                accepted: args.accepted.unwrap_or(usual.accepted),
                ..usual
            };
            Sample::draw(run, args.threads.get(), draw)
        }
    }
}
