//! The guards of rules, checked on a corpus or on the input of a run.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use clap::Args;
use rejoinder_core::{Answer, RecordId};
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_read::InputFile;
use rejoinder_run::guards::{GuardPrices, GuardedCorpus, check};
use rejoinder_run::judging::Judge;
use rejoinder_run::labels::Unlabelled;
use rejoinder_run::training::{TrainingLabels, TrainingSource};
use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::Engine;

use super::beside::put_beside;
use crate::cli::args::LABELS;
use crate::cli::label_args::{LabelArgs, label_reader};
use crate::cli::settings::{ConfigFileArgs, ConfigFlags, PluginFolderArgs, ScoreArgs, effective_config};
use crate::cli::terminal::remark;
use crate::cli::{InputRoot, Threads, described, find_input};
use crate::failure::Failure;
use rejoinder_report::numbers::counted;
use rejoinder_report::rule_author::guards::GuardRow;

/// Heading of what guards are checked on.
const GUARDS: &str = "Guards";

#[derive(Debug, Args)]
pub(super) struct GuardArgs {
    /// Check the guards on chat logs, or on one run's folder; repeatable
    ///
    /// The rule files stand beside the packs of the config, or of the run; of a run what its judge said counts. [input] of the config
    /// says how chat logs are read. Nobody is asked.
    #[arg(long, value_name = "CORPUS|RUN", help_heading = GUARDS)]
    pub(super) on: Vec<String>,
    #[command(flatten)]
    input: InputRoot,
    /// Read the labels in each record's `labels` column
    #[arg(long, requires = "on", help_heading = LABELS)]
    labels: bool,
    #[command(flatten)]
    labelled: LabelArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    #[command(flatten)]
    score: ScoreArgs,
    #[command(flatten)]
    threads: Threads,
}

/// The later turns on which guards are checked, with what is known of them.
struct Turns {
    engine: Engine,
    files: Vec<InputFile>,
    asked_before: HashSet<RecordId>,
    judged: HashMap<RecordId, Answer>,
    asked: TurnSelection,
    judge: Judge,
}

impl GuardArgs {
    /// Refuses flags about the turns where no turns are named, and runs beside other turns.
    pub(super) fn refuse_unfit(&self) -> Result<(), Failure> {
        if self.on.is_empty() && self.labelled.is_given() {
            return Err(Failure::usage("flags about labels need --on CORPUS|RUN, whose labels are meant"));
        }
        if self.on.len() > 1
            && let Some(run) = self.on.iter().find(|path| RunDir::is_run(Path::new(path)))
        {
            return Err(Failure::usage(format!(
                "{run} is a run: guards are checked on one run, or on chat logs"
            )));
        }
        Ok(())
    }

    /// The run's folder, where one is named.
    pub(super) fn run_folder(&self) -> Option<&Path> {
        let [one] = &*self.on else { return None };
        Some(Path::new(one)).filter(|path| RunDir::is_run(path))
    }

    /// The packs of the config, or of the run.
    pub(super) fn packs_in_force(&self) -> Result<Vec<String>, Failure> {
        match self.run_folder() {
            Some(path) => Ok(RunDir::open(path)?.config().rules.packs),
            None => Ok(effective_config(&self.config, &[])?.config.rules.packs),
        }
    }

    /// How the guards in force stand, with the rule files `files` beside the packs of the config or the run.
    pub(super) fn check(&self, files: &[String]) -> Result<Vec<GuardRow>, Failure> {
        let Turns { engine, files, asked_before, judged, asked, judge } = match self.run_folder() {
            Some(path) => self.of_run(path, files)?,
            None => self.of_corpus(files)?,
        };
        if engine.rules.guards().all().is_empty() {
            remark("no rule in force has a guard, and no file: write [guard] or [rule.guard]");
            return Ok(Vec::new());
        }
        let reader = label_reader(&self.labelled, self.labels)?;
        let corpus = GuardedCorpus {
            engine: &engine,
            files: &files,
            reader: &reader,
            asked_before: &asked_before,
            judged: &judged,
            asked,
        };
        let (turns, unlabelled) = corpus.count(self.threads.get())?;
        remark_without_labels(&unlabelled);
        let results = check(&turns, GuardPrices { form: &judge.form, price: &judge.client.price });
        Ok(results.iter().map(GuardRow::from).collect())
    }

    fn of_corpus(&self, files: &[String]) -> Result<Turns, Failure> {
        let flags: [&dyn ConfigFlags; 2] = [&self.plugins, &self.score];
        let mut effective = effective_config(&self.config, &flags)?;
        put_beside(&mut effective.config.rules, files)?;
        let engine = Engine::of(&effective)?;
        let input = described(&self.on, &engine.config.input)?;
        let judge = Judge::expected(&engine.config.judge, None)?;
        Ok(Turns {
            engine: engine.for_corpus(&input)?,
            files: input,
            asked_before: HashSet::new(),
            judged: HashMap::new(),
            asked: TurnSelection::Unknown,
            judge,
        })
    }

    fn of_run(&self, path: &Path, files: &[String]) -> Result<Turns, Failure> {
        let run = find_input(&self.input, RunDir::open(path)?.whole()?)?;
        let engine = match files.is_empty() {
            true => run.engine()?,
            false => {
                let mut config = run.config();
                put_beside(&mut config.rules, files)?;
                Engine::in_role(config, &run.manifest.score).map_err(RunError::from)?
            }
        };
        let judge = Judge::expected(&run.manifest.config.judge, run.manifest.judge.as_ref())?;
        let asked_before = run.asked()?;
        // With other rules than the run's, what waited in the run is no sample of what waits or is accepted.
        let asked = match files.is_empty() || run.config().judge.all {
            true => TurnSelection::Independent,
            false => TurnSelection::Chosen,
        };
        let source = TrainingSource::of_run(path.display().to_string(), run)?;
        let judged = match source.labels {
            TrainingLabels::Judge(answers) => answers,
            TrainingLabels::Read | TrainingLabels::None => HashMap::new(),
        };
        Ok(Turns { engine, files: source.files, asked_before, judged, asked, judge })
    }
}

fn remark_without_labels(Unlabelled { records, first }: &Unlabelled) {
    if let Some(first) = first {
        let records = counted(*records, "record");
        remark(&format!(
            "{records} without usable labels: they count for the shares and say nothing of precision; the first: {first}"
        ));
    }
}
