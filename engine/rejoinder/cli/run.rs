//! `rejoinder run`: the whole chain over chat logs.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rejoinder_core::{Purpose, printable};
use rejoinder_run::folder::{self, RunInput};
use rejoinder_run::judging::settings;
use rejoinder_run::shards::ShardNumber;
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, stages};
use rejoinder_scan::Engine;
use rejoinder_scan::config::EffectiveConfig;

use super::after::{self, AfterArgs, config_after};
use super::args::{INPUT, INPUTS, INPUTS_LONG, JUDGE, OUTPUT, RECALL};
use super::settings::{
    AskingArgs, ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, ScoreArgs, effective_config,
};
use super::shards::{self, ShardEnd, ShardRun};
use super::work::at_work;
use super::{Threads, asking, print, print_json, print_page, report, signals, terminal};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::were;
use rejoinder_report::remarks;
use rejoinder_report::rule_author::guards::GuardCounts;
use rejoinder_report::shell::word;
use rejoinder_report::summary::Summary;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[arg(required_unless_present = "after", value_name = "INPUT", help = format!("{INPUTS}, or -"), long_help = format!("{INPUTS_LONG} - is standard input."))]
    inputs: Vec<String>,
    #[command(flatten)]
    after: AfterArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    #[command(flatten)]
    asking: AskingArgs,
    #[command(flatten)]
    score: ScoreArgs,
    /// Leave the judge for later, even if one is configured
    #[arg(long, help_heading = JUDGE)]
    offline: bool,
    /// What the feedback is for: all, sft, kto, or UR2,UR5
    ///
    /// Turns that may hold it are asked about, others are not: the learned score tells them apart.
    #[arg(long = "for", value_name = "PURPOSE", help_heading = RECALL)]
    purpose: Option<Purpose>,
    /// Share of that feedback that must be found
    ///
    /// The judge is asked about a sample first, the rest is cut by it, and the run audits itself at the end.
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["offline", "judge_all", "assumed_recall", "no_score", "without_judge"], help_heading = RECALL)]
    recall: Option<f64>,
    /// How surely [default: 0.95]
    #[arg(long, value_name = "SHARE", requires = "recall", help_heading = RECALL)]
    confidence: Option<f64>,
    /// What the samples depend on [default: drawn, and kept]
    #[arg(long, value_name = "N", requires = "recall", help_heading = RECALL)]
    seed: Option<u64>,
    /// Scan shard K of N alone, beside the processes of the others
    ///
    /// All name the same inputs, flags and --out, on one machine or many. The input is cut into N ranges; the budget is shared out. What
    /// is done is skipped, what was interrupted goes on. `rejoinder merge DIR` makes one run of all shards.
    #[arg(long, value_name = "K/N", help_heading = INPUT)]
    shard: Option<ShardNumber>,
    /// Folder for the results [default: runs/0001, runs/0002, …]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    /// Print one JSON object instead of the summary
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    /// Write report.html into the run's folder at the end
    #[arg(long, help_heading = OUTPUT)]
    report: bool,
    /// End with exit code 6 if there were bad records
    #[arg(long, help_heading = OUTPUT)]
    strict: bool,
    /// End with exit code 3 if a guard of the rules is broken
    ///
    /// The run is finished and kept all the same. Without the flag, a broken guard is a warning. Of shards, `merge` looks at the guards.
    #[arg(long, help_heading = OUTPUT)]
    strict_guards: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn main(args: &RunArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let earlier = args.after.earlier()?;
    let effective = config_of(args, earlier.as_ref())?;
    if let Some(shard) = args.shard {
        return run_shard(args, &effective, shard, begun);
    }
    let config = &effective.config;
    let searches_cut =
        config.cascade.recall.is_some() && (earlier.is_none() || config.cascade.cuts().is_none());
    if searches_cut && (settings::client(&config.judge)?.is_none() || args.offline) {
        return Err(Failure::usage(
            "a recall can be kept only with a judge that is asked about a sample: give --config FILE with [judge] base-url and \
             model, and no --offline",
        ));
    }
    let (mut run, engine) = match &earlier {
        None => begin(&effective, &args.inputs, args.out.as_deref())?,
        Some(earlier) => after::begin(earlier, &effective, &args.inputs, args.out.as_deref())?,
    };
    // Others may go on with it, too.
    drop(earlier);
    if let Some(seed) = args.seed {
        stages::keep_seed(&run, seed)?;
    }
    let watch = Watch::default();
    signals::stop_on_interrupt(&watch.stop)?;
    at_work(&run.path.clone(), "run", &watch, || {
        let ended = asking::with_operator(&watch, args.threads.get(), |operator| {
            stages::scan_and_ask(&mut run, engine, operator, args.offline)
        });
        let stopped = asking::outcome(&run, ended)?;
        finish(&run, end(args, stopped, begun))
    })
}

/// Runs one shard of the input.
fn run_shard(
    args: &RunArgs,
    effective: &EffectiveConfig,
    shard: ShardNumber,
    begun: Instant,
) -> Result<Exit, Failure> {
    if args.strict_guards {
        return Err(Failure::usage(
            "--strict-guards looks at a whole run, and a shard is a part of one: leave the flag out here, and say it when all shards \
             are done: rejoinder merge DIR --strict-guards",
        ));
    }
    let threads = args.threads.get();
    let (inputs, out, offline) = (&args.inputs, args.out.as_deref(), args.offline);
    let shard = ShardRun { shard, effective, inputs, out, offline, threads };
    shards::run(&shard, |run, ShardEnd { stopped, is_told }| match is_told && !args.json {
        true => Ok(Exit::Ok),
        false => finish(run, end(args, stopped, begun)),
    })
}

fn end(args: &RunArgs, stopped: Option<Failure>, begun: Instant) -> RunEnd {
    let report = args.report.then(|| args.threads.get());
    RunEnd { stopped, begun, json: args.json, strict: args.strict, strict_guards: args.strict_guards, report }
}

/// Makes the folder of a new run over inputs, and the engine that a config asks for.
///
/// # Errors
/// If something is wrong with config, rules, plugins or inputs; then there is no folder.
pub(super) fn begin(
    effective: &EffectiveConfig,
    inputs: &[String],
    out: Option<&Path>,
) -> Result<(RunDir, Engine), Failure> {
    let engine = Engine::of(effective)?;
    // What is wrong with the judge is told before there is a folder.
    settings::client(&engine.config.judge)?;
    if !inputs.iter().any(|input| input == "-") {
        return Ok(folder::begin(engine, RunInput::Files(&super::files(inputs)?), out)?);
    }
    if inputs.len() > 1 {
        return Err(Failure::usage("standard input (-) cannot be mixed with other inputs"));
    }
    Ok(folder::begin(engine, RunInput::Stream(&mut io::stdin().lock()), out)?)
}

/// The config in force, under the flags of this verb; that of a run that goes on with an earlier one holds what that has found out.
fn config_of(args: &RunArgs, earlier: Option<&RunDir>) -> Result<EffectiveConfig, Failure> {
    let flags: [&dyn ConfigFlags; 4] = [&args.reading, &args.plugins, &args.asking, args];
    match earlier {
        None => effective_config(&args.config, &flags),
        Some(earlier) => config_after(earlier, &args.config, &flags),
    }
}

impl ConfigFlags for RunArgs {
    fn put_over(&self, config: &mut EffectiveConfig) -> Result<(), Failure> {
        if let Some(purpose) = self.purpose {
            config.config.purpose = purpose;
            config.set_by_flag("for", "--for");
        }
        self.score.put_over(config)?;
        if let Some(recall) = self.recall {
            let cascade = &mut config.config.cascade;
            cascade.recall = Some(recall);
            cascade.confidence = self.confidence.unwrap_or(cascade.confidence);
            config.set_by_flag("cascade.recall", "--recall");
        }
        config.config.check_flags().map_err(|why| Failure::usage(why.to_string()))
    }
}

/// How a run has ended, and what is wanted of the end.
pub(super) struct RunEnd {
    /// Why asking ended before its end.
    pub(super) stopped: Option<Failure>,
    pub(super) begun: Instant,
    pub(super) json: bool,
    pub(super) strict: bool,
    /// Whether a broken guard is a failure.
    pub(super) strict_guards: bool,
    /// The threads that make a report; `None` where none is wanted.
    pub(super) report: Option<NonZeroUsize>,
}

/// Prints the summary and says how it ended: the common end of `run`, `resume` and `judge`.
pub(super) fn finish(run: &RunDir, end: RunEnd) -> Result<Exit, Failure> {
    let RunEnd { stopped, begun, json, strict, strict_guards, report } = end;
    let summary = Summary::of(run, begun.elapsed().as_secs_f64())?;
    match print_summary(run, &summary, json) {
        // Whoever read it may be gone; how the run ended is told all the same.
        Err(failure) if !failure.closed_pipe => return Err(failure),
        _ => {}
    }
    if let Some(threads) = report {
        report::write_page(run, threads)?;
    }
    // Last of all, so that it is what the operator sees.
    if let Some(stopped) = stopped {
        return Err(stopped);
    }
    if strict && summary.quarantined > 0 {
        let place = run.path.join("quarantine");
        let message =
            format!("--strict: {} quarantined; see {}", were(summary.quarantined, "record"), place.display());
        return Err(Failure::new(Exit::BadInput, message));
    }
    let broken = GuardCounts::of(&summary.guards).broken;
    if strict_guards && broken > 0 {
        let folder = word(&run.path);
        let message = format!(
            "--strict-guards: {} broken; the run is finished, and kept in {folder}; each guard: rejoinder rules test --on {folder}",
            were(broken as u64, "limit")
        );
        return Err(Failure::new(Exit::CheckFailed, message));
    }
    match summary.nothing_read() {
        // Other shards may hold conversations.
        Some(_) if run.manifest.shard.is_some() => Ok(Exit::Ok),
        Some(why) => Err(Failure::new(Exit::Nothing, why)),
        None => Ok(Exit::Ok),
    }
}

/// Prints the summary, and for people what to do next; nothing for people who want quiet.
fn print_summary(run: &RunDir, summary: &Summary, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(summary);
    }
    if terminal::is_quiet() {
        return Ok(());
    }
    print_page(&summary.text())?;
    if let Some(job) = run.job_folder() {
        print(&printable(&format!("once all shards are done: rejoinder merge {}\n", word(&job))))?;
        return print_page(&remarks::text(&summary.remarks));
    }
    let path = word(&run.path);
    let mut next = String::new();
    if summary.nothing_read().is_none() {
        next += &format!("read the feedback: rejoinder show {path} --accepted\n");
        next += &format!("training files:    rejoinder export kto {path}\n");
    }
    if summary.undecided > 0 {
        let (flags, file) = match run.manifest.config.judge.base_url {
            None => (" --config FILE", "FILE holds [judge] base-url = …; "),
            Some(_) => ("", ""),
        };
        next += &format!("what waits:        rejoinder judge {path}{flags}\n");
        next += &format!("                   ({file}until then no export holds it)\n");
    }
    print(&printable(&next))?;
    print_page(&remarks::text(&summary.remarks))
}
