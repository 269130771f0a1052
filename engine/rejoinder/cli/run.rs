//! `rejoinder run`: the whole chain over chat logs.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rejoinder_core::Purpose;
use rejoinder_read::{Duplicates, Format};
use rejoinder_run::folder::{self, RunInput};
use rejoinder_run::judging::settings;
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, stages};
use rejoinder_scan::Engine;
use rejoinder_scan::config::{EffectiveConfig, UnitName};

use super::{Threads, absolute, asking, print, print_json, signals};
use crate::failure::{Exit, Failure};
use crate::report::remarks;
use crate::report::summary::Summary;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Files (.jsonl, .json, .csv, also .gz and .zst, .parquet, .zip), folders, globs, or - for standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    /// Folder for the results [default: runs/0001, runs/0002, …]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    threads: Threads,
    /// What the feedback is for: all, sft, kto, or categories such as UR2,UR5; needs a learned score
    #[arg(long = "for", value_name = "PURPOSE")]
    purpose: Option<Purpose>,
    /// Share of that feedback that must be found: ask the judge about a sample first, cut by it, and audit at the end
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["offline", "judge_all"])]
    recall: Option<f64>,
    /// How surely [default: 0.95]
    #[arg(long, value_name = "SHARE", requires = "recall")]
    confidence: Option<f64>,
    /// What the samples of a kept recall depend on [default: drawn at random, and kept]
    #[arg(long, value_name = "N", requires = "recall")]
    seed: Option<u64>,
    /// Leave the judge for later, even if one is configured
    #[arg(long)]
    offline: bool,
    /// End with exit code 6 if there were bad records
    #[arg(long)]
    strict: bool,
    /// Print one JSON object instead of the summary
    #[arg(long)]
    json: bool,
}

/// What flags may set in the config.
#[derive(Debug, Args)]
pub(super) struct SettingsArgs {
    /// Config file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Shape of the records, such as openai, sharegpt or langfuse; `inspect --why` names all [default: told by the content]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Read every record by itself: join no calls of a session, no pieces, nothing that repeats
    #[arg(long)]
    no_join: bool,
    /// Names a key of the input's shape: id, messages, role, content, or roles.NAME
    #[arg(long, value_name = "KEY=NAME")]
    map: Vec<String>,
    /// Leave out conversations in other languages: ISO 639 codes, such as en,de, and und
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    lang: Vec<String>,
    /// Leave out conversations that stand in the input before: exact, or near (but for case, punctuation, spacing)
    #[arg(long, value_name = "KIND", value_parser = ["keep", "exact", "near"])]
    duplicates: Option<String>,
    /// Leave out conversations with fewer messages (4 = the paper's choice)
    #[arg(long, value_name = "N")]
    min_messages: Option<usize>,
    /// Folder to search for plugins given by name; may be repeated
    #[arg(long, value_name = "DIR")]
    plugin_dir: Vec<PathBuf>,
    /// Greatest number of HTTP requests to the judge
    #[arg(long, value_name = "N")]
    calls: Option<u64>,
    /// Ask the judge about every conversation, whole, whatever rules and plugins say: the paper's method, to compare with
    #[arg(long)]
    judge_all: bool,
}

impl SettingsArgs {
    /// Rules and plugins as the config in force has them.
    pub(super) fn engine(&self) -> Result<Engine, Failure> {
        Ok(Engine::of(&self.effective()?)?)
    }

    /// The config in force, with the origin of each value: the file's, or the default, under the environment, under the
    /// flags.
    pub(super) fn effective(&self) -> Result<EffectiveConfig, Failure> {
        let mut effective = EffectiveConfig::load(self.config.as_deref())?;
        for entry in &self.map {
            let (key, name) = entry.split_once('=').ok_or_else(|| {
                Failure::usage(format!("--map {entry}: expected KEY=NAME, such as messages=history"))
            })?;
            let map = &mut effective.config.input.map;
            let name = name.to_owned();
            match key.split_once('.') {
                Some(("roles", source)) => {
                    map.roles.insert(source.to_owned(), name);
                }
                _ => match key {
                    "id" => map.id = Some(name),
                    "messages" => map.messages = Some(name),
                    "role" => map.role = Some(name),
                    "content" => map.content = Some(name),
                    _ => {
                        return Err(Failure::usage(format!(
                            "--map {entry}: the keys are id, messages, role, content and roles.NAME"
                        )));
                    }
                },
            }
            effective.set_by_flag(format!("input.map.{key}"), "--map");
        }
        if let Some(format) = self.format {
            effective.config.input.format = Some(format);
            effective.set_by_flag("input.format", "--format");
        }
        if self.no_join {
            effective.config.input.join = false;
            effective.set_by_flag("input.join", "--no-join");
        }
        if !self.lang.is_empty() {
            effective.config.input.lang.clone_from(&self.lang);
            effective.set_by_flag("input.lang", "--lang");
        }
        if let Some(kind) = &self.duplicates {
            effective.config.input.duplicates = match kind.as_str() {
                "exact" => Duplicates::Exact,
                "near" => Duplicates::Near,
                _ => Duplicates::Keep,
            };
            effective.set_by_flag("input.duplicates", "--duplicates");
        }
        if let Some(messages) = self.min_messages {
            effective.config.input.min_messages = messages;
            effective.set_by_flag("input.min-messages", "--min-messages");
        }
        if let Some(calls) = self.calls {
            effective.config.budget.calls = Some(calls);
            effective.set_by_flag("budget.calls", "--calls");
        }
        if self.judge_all {
            effective.config.judge.all = true;
            effective.config.judge.unit = UnitName::Conversation;
            effective.set_by_flag("judge.all", "--judge-all");
            effective.set_by_flag("judge.unit", "--judge-all");
        }
        for dir in &self.plugin_dir {
            effective.config.plugin_dirs.push(absolute(dir)?);
            effective.set_by_flag("plugin-dirs", "--plugin-dir");
        }
        effective.config.input.check().map_err(|problem| Failure::usage(problem.message))?;
        Ok(effective)
    }
}

pub(super) fn main(args: &RunArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let effective = args.effective()?;
    let config = &effective.config;
    if config.cascade.recall.is_some() && (settings::client(&config.judge)?.is_none() || args.offline) {
        return Err(Failure::usage(
            "a recall can be kept only with a judge that is asked about a sample: give --config FILE with [judge] base-url and \
             model, and no --offline",
        ));
    }
    let (mut run, engine) = begin(&effective, &args.inputs, args.out.as_deref())?;
    if let Some(seed) = args.seed {
        stages::keep_seed(&run, seed)?;
    }
    let watch = Watch::default();
    signals::stop_on_interrupt(&watch.stop)?;
    let ended = asking::with_operator(&watch, args.threads.get(), |operator| {
        stages::scan_and_ask(&mut run, engine, operator, args.offline)
    });
    let stopped = asking::outcome(&run, ended)?;
    finish(&run, stopped, begun, args.json, args.strict)
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

impl RunArgs {
    fn effective(&self) -> Result<EffectiveConfig, Failure> {
        let mut effective = self.settings.effective()?;
        if let Some(purpose) = self.purpose {
            effective.config.purpose = purpose;
            effective.set_by_flag("for", "--for");
        }
        if let Some(recall) = self.recall {
            let cascade = &mut effective.config.cascade;
            cascade.recall = Some(recall);
            cascade.confidence = self.confidence.unwrap_or(cascade.confidence);
            effective.set_by_flag("cascade.recall", "--recall");
        }
        effective.config.check_flags()?;
        Ok(effective)
    }
}

/// Prints the summary and says how it ended: the common end of `run`, `resume` and `judge`. `stopped` is why asking ended
/// before its end.
pub(super) fn finish(
    run: &RunDir,
    stopped: Option<Failure>,
    begun: Instant,
    json: bool,
    strict: bool,
) -> Result<Exit, Failure> {
    let summary = Summary::of(run, begun.elapsed().as_secs_f64())?;
    match print_summary(run, &summary, json) {
        // Whoever read it may be gone; how the run ended is told all the same.
        Err(failure) if !failure.closed_pipe => return Err(failure),
        _ => {}
    }
    // Last of all, so that it is what the operator sees.
    if let Some(stopped) = stopped {
        return Err(stopped);
    }
    if strict && summary.quarantined > 0 {
        let place = run.path.join("quarantine");
        let message =
            format!("--strict: {} records were quarantined; see {}", summary.quarantined, place.display());
        return Err(Failure::new(Exit::BadInput, message));
    }
    match summary.nothing_read() {
        Some(why) => Err(Failure::new(Exit::Nothing, why)),
        None => Ok(Exit::Ok),
    }
}

/// Prints the summary, and for people what to do next.
fn print_summary(run: &RunDir, summary: &Summary, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(summary);
    }
    print(&summary.text())?;
    let path = run.path.display();
    let mut next = String::new();
    if summary.nothing_read().is_none() {
        next += &format!("read the feedback: rejoinder show {path} --accepted\n");
        next += &format!("training files:    rejoinder export kto {path}\n");
    }
    if summary.undecided > 0 {
        let config = if run.manifest.config.judge.base_url.is_none() {
            " --config FILE   ([judge] base-url = …)"
        } else {
            ""
        };
        next +=
            &format!("what waits:        rejoinder judge {path}{config}   (until then no export holds it)\n");
    }
    print(&next)?;
    print(&remarks::text(&summary.remarks))
}
