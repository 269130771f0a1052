//! Asks about what waits, perhaps days after the scan and with another config, or by files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};
use rejoinder_core::printable;
use rejoinder_judge::ServerCapabilities;

use super::{compare, test};
use crate::cli::args::{JUDGE, OUTPUT};
use crate::cli::examples;
use crate::cli::run::{RunEnd, finish};
use crate::cli::run_config::RunJudgeArgs;
use crate::cli::terminal::remark;
use crate::cli::work::at_work;
use crate::cli::{asking, signals};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::{counted, thousands};
use rejoinder_run::judging::{self, Judge, UselessReply, settings};
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, stages};
use rejoinder_scan::default_threads;

/// Heading of the flags about batch files.
const BATCH: &str = "Batch files";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(in crate::cli) struct JudgeArgs {
    #[command(subcommand)]
    verb: Option<JudgeVerb>,
    /// The run's folder
    #[arg(value_name = "RUN", required = true)]
    run: Option<PathBuf>,
    #[command(flatten)]
    judge: RunJudgeArgs,
    /// Ask again about turns whose stored reply is of no use
    ///
    /// Several kinds with commas.
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_enum, help_heading = JUDGE, hide_possible_values = true)]
    ask_again: Vec<ReplyKindName>,
    /// Ask nobody, and write what waits as a batch file
    ///
    /// In OpenAI's Batch format, for `vllm run-batch` and batch services.
    #[arg(long, value_name = "FILE", conflicts_with = "import_batch", help_heading = BATCH)]
    export_batch: Option<PathBuf>,
    /// Ask nobody, and read results of such files; repeatable
    ///
    /// In any order and as far as they go.
    #[arg(long, value_name = "FILE", help_heading = BATCH)]
    import_batch: Vec<PathBuf>,
    /// Write report.html into the run's folder at the end
    #[arg(long, help_heading = OUTPUT)]
    report: bool,
    /// Print one JSON object instead of the summary
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum JudgeVerb {
    /// Try a judge out with a handful of requests
    ///
    /// Key, model, what the judge obeys, what a request takes.
    #[command(before_long_help = examples::JUDGE_TEST)]
    Test(test::TestArgs),
    /// Compare cheaper forms of asking with the dearest one
    ///
    /// Asks about a sample of a run's turns in each form, within the run's budget: how far the answers agree, and what a turn takes.
    #[command(before_long_help = examples::JUDGE_COMPARE)]
    Compare(compare::CompareArgs),
}

/// Which stored replies are asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReplyKindName {
    /// Those without text
    Empty,
    /// Those that are not in the form that was asked for, or quote what is not there
    Unreadable,
    /// Refusals of the server
    Refused,
    /// Those that say that the prompt is longer than the model's context
    TooLong,
}

impl From<ReplyKindName> for UselessReply {
    fn from(kind: ReplyKindName) -> Self {
        match kind {
            ReplyKindName::Empty => Self::Empty,
            ReplyKindName::Unreadable => Self::Unreadable,
            ReplyKindName::Refused => Self::Refused,
            ReplyKindName::TooLong => Self::TooLong,
        }
    }
}

pub(in crate::cli) fn main(args: &JudgeArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    match &args.verb {
        Some(JudgeVerb::Test(args)) => return test::main(args),
        Some(JudgeVerb::Compare(args)) => return compare::main(args),
        None => {}
    }
    let path = args.run.as_deref().ok_or_else(|| Failure::usage("name the run's folder"))?;
    let mut run = asking::scanned_run(path)?;
    let config = args.judge.config_for(&run)?;
    if config.judge.base_url.is_none() {
        return Err(Failure::usage(
            "no judge is configured: give --config FILE with [judge] base-url = \"http://…/v1\" and model = \"…\"",
        ));
    }
    let by_files = args.export_batch.is_some() || !args.import_batch.is_empty();
    if !by_files {
        settings::client(&config.judge)?;
    }
    run.set_judge(&config)?;
    if !args.ask_again.is_empty() {
        let kinds: Vec<UselessReply> = args.ask_again.iter().map(|&kind| kind.into()).collect();
        let forgotten = match judging::judge_of(&run)? {
            Some(judge) => judging::forget(&run, &judge, &kinds)?,
            None => 0,
        };
        remark(&format!("asked for again: {}", counted(forgotten, "reply")));
    }
    if by_files {
        let judge = judge_for_files(&mut run)?;
        if let Some(path) = &args.export_batch {
            return export(&run, &judge, path);
        }
        import(&run, &judge, &args.import_batch)?;
        return finish(&run, end(args, None, begun));
    }
    let watch = Watch::default();
    signals::stop_on_interrupt(&watch.stop)?;
    at_work(path, "judge", &watch, || {
        let ended =
            asking::with_operator(&watch, default_threads(), |operator| stages::ask(&mut run, operator));
        let stopped = asking::outcome(&run, ended)?;
        finish(&run, end(args, stopped, begun))
    })
}

fn end(args: &JudgeArgs, stopped: Option<Failure>, begun: Instant) -> RunEnd {
    let report = args.report.then(default_threads);
    RunEnd { stopped, begun, json: args.json, strict: false, strict_guards: false, report }
}

/// The judge as far as it is known; of one that was never asked the config is believed.
fn judge_for_files(run: &mut RunDir) -> Result<Judge, Failure> {
    let client = settings::client_without_key(&run.manifest.config.judge)?;
    let client = client.ok_or_else(|| Failure::usage("no judge is configured"))?;
    let findings =
        judging::known_capabilities(run, &client).unwrap_or_else(|| ServerCapabilities::assumed(&client));
    let findings = findings.choosing_for(&client);
    let judge = Judge::new(client, &findings)?;
    run.set_findings(findings)?;
    Ok(judge)
}

fn export(run: &RunDir, judge: &Judge, path: &Path) -> Result<Exit, Failure> {
    let exported = judging::export(run, judge, path)?;
    remark(&format!(
        "{}, about {} input tokens, {}; {} were answered before or stand there twice",
        counted(exported.requests, "request"),
        thousands(exported.input_tokens),
        match exported.files.as_slice() {
            [] => "nothing to write".to_owned(),
            [file] => format!("in {}", file.display()),
            files => format!(
                "in {} files, {} to {}",
                files.len(),
                path.display(),
                files[files.len() - 1].display()
            ),
        },
        thousands(exported.stored)
    ));
    if exported.is_cut {
        let message = "the budget holds no more requests; the most worthwhile ones are written";
        return Err(Failure::new(Exit::Budget, message));
    }
    Ok(Exit::Ok)
}

fn import(run: &RunDir, judge: &Judge, paths: &[PathBuf]) -> Result<(), Failure> {
    let imported = judging::import(run, judge, paths)?;
    judging::collect(run, judge)?;
    remark(&format!(
        "{} read, {} known before, {} failed",
        counted(imported.replies, "reply"),
        thousands(imported.known),
        counted(imported.failed, "request")
    ));
    for reason in &imported.reasons {
        remark(&format!("failed: {}", printable(reason)));
    }
    for line in imported.unreadable.iter().take(5) {
        remark(&format!("skipped: {}", printable(line)));
    }
    if imported.unreadable.len() > 5 {
        remark(&format!("and {} more lines that are no results", imported.unreadable.len() - 5));
    }
    Ok(())
}
