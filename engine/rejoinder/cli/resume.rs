//! `rejoinder resume`: goes on with a run that was killed, ran out of budget or lost its judge.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use rejoinder_run::status::PluginCrash;
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, scan, stages};
use rejoinder_scan::config::Isolation;

use super::args::{CONFIG, JUDGE, OUTPUT};
use super::run::{RunEnd, finish};
use super::run_config::config_for;
use super::terminal::remark;
use super::work::at_work;
use super::{InputRoot, Threads, asking, find_input, signals};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(flatten)]
    input: InputRoot,
    /// Config file in place of the run's own config
    ///
    /// Only [judge], [budget], where plugins run and how many failures of them are borne may differ from what the run began with.
    /// A rejoinder.toml in the current folder is not used where it is not named.
    #[arg(long, value_name = "FILE", help_heading = CONFIG)]
    config: Option<PathBuf>,
    /// How many failures of each plugin are borne in all
    #[arg(long, value_name = "N", help_heading = CONFIG)]
    max_faults: Option<u32>,
    /// Run all plugins in processes of their own from here on
    ///
    /// There a crash or a hang of a plugin costs a turn, and not the run.
    #[arg(long, help_heading = CONFIG)]
    isolate: bool,
    /// Greatest number of requests over the run's whole life
    #[arg(long, value_name = "N", help_heading = JUDGE)]
    calls: Option<u64>,
    /// Leave the judge for later, even if one is configured
    #[arg(long, help_heading = JUDGE)]
    offline: bool,
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
    /// The run is finished and kept all the same. Without the flag, a broken guard is a warning.
    #[arg(long, help_heading = OUTPUT)]
    strict_guards: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn main(args: &ResumeArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let mut run = find_input(&args.input, RunDir::open_to_change(&args.run)?)?;
    let mut config = config_for(&run, args.config.as_deref(), args.calls)?;
    run.manifest.keep_findings(&mut config);
    if let Some(max_faults) = args.max_faults {
        config.plugins.iter_mut().for_each(|plugin| plugin.max_faults = max_faults);
    }
    if args.isolate {
        config.plugins.iter_mut().for_each(|plugin| plugin.isolation = Some(Isolation::Process));
    }
    if let Some(crash) = PluginCrash::read(&run.path) {
        let now = match args.isolate {
            true => "plugins run in processes of their own now",
            false => "with --isolate plugins run in processes of their own, where a crash costs one turn",
        };
        remark(&format!("{}; {now}", crash.text()));
    }
    run.adopt(config)?;
    let watch = Watch::default();
    let engine = if scan::is_complete(&run)? { None } else { Some(run.engine()?) };
    signals::stop_on_interrupt(&watch.stop)?;
    at_work(&run.path.clone(), "resume", &watch, || {
        let ended = asking::with_operator(&watch, args.threads.get(), |operator| match engine {
            Some(engine) => stages::scan_and_ask(&mut run, engine, operator, args.offline),
            None if args.offline => Ok(None),
            None => stages::ask_and_audit(&mut run, operator),
        });
        let stopped = asking::outcome(&run, ended)?;
        let end = RunEnd {
            stopped,
            begun,
            json: args.json,
            strict: args.strict,
            strict_guards: args.strict_guards,
            report: args.report.then(|| args.threads.get()),
        };
        finish(&run, end)
    })
}
