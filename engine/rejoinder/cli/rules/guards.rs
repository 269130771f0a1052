//! The guards of rules, checked on a corpus or on the input of a run.

use clap::Args;
use rejoinder_authoring::change::PacksBeside;
use rejoinder_core::diagnostic::{Diagnostic, SourceText};
use rejoinder_run::guards::{GuardPrices, GuardResult, GuardStanding, GuardedCorpus, check};
use rejoinder_run::labels::Unlabelled;

use super::files::unusable;
use super::measured::MeasuredInput;
use crate::cli::args::LABELS;
use crate::cli::label_args::LabelArgs;
use crate::cli::settings::{ConfigFileArgs, ConfigFlags, PluginFolderArgs, ScoreArgs};
use crate::cli::terminal::remark;
use crate::cli::{InputRoot, Threads};
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

/// Guards that are checked, and what they are checked on.
pub(super) struct GuardBench<'a> {
    args: &'a GuardArgs,
    input: MeasuredInput,
}

impl GuardArgs {
    /// What the guards are to be checked on; `None` where nothing is named.
    ///
    /// # Errors
    /// If it cannot be read, or there are flags about labels and nothing is named that has some.
    pub(super) fn bench(&self) -> Result<Option<GuardBench<'_>>, Failure> {
        if self.on.is_empty() {
            return match self.labelled.is_given() {
                true => {
                    Err(Failure::usage("flags about labels need --on CORPUS|RUN, whose labels are meant"))
                }
                false => Ok(None),
            };
        }
        let flags: [&dyn ConfigFlags; 2] = [&self.plugins, &self.score];
        let input = MeasuredInput::of(&self.on, &self.input, &self.config, &flags, None)?;
        Ok(Some(GuardBench { args: self, input }))
    }
}

impl GuardBench<'_> {
    /// The packs of the config, or of the run.
    pub(super) fn packs_in_force(&self) -> &[String] {
        &self.input.config.rules.packs
    }

    /// How the guards in force stand, with the rule files `files` beside the packs of the config or the run.
    ///
    /// # Errors
    /// If the rules cannot be used, or the input cannot be read.
    pub(super) fn check(&self, files: &[String]) -> Result<Vec<GuardResult>, Failure> {
        let Self { args, input } = self;
        let engine = match files {
            [] => input.engine()?,
            files => {
                let beside = PacksBeside::of(&input.config, files).map_err(unusable)?;
                let (rules, _) = beside.with(&input.config, files).map_err(unusable)?;
                input.engine_with(rules)?
            }
        };
        if engine.rules.guards().all().is_empty() {
            remark("no rule in force has a guard, and no file: write [guard] or [rule.guard]");
            return Ok(Vec::new());
        }
        let labels = input.labels(&args.labelled, args.labels)?;
        let corpus = GuardedCorpus {
            engine: &engine,
            files: &input.files,
            known: labels.known(files.is_empty()),
            asked_before: &input.asked_before,
        };
        let (turns, unlabelled) = corpus.count(args.threads.get())?;
        remark_without_labels(&unlabelled);
        Ok(check(&turns, GuardPrices { form: &input.judge.form, price: &input.judge.client.price }))
    }
}

/// What is wrong where a guard is broken; nothing about one that is kept or not proven.
pub(super) fn finding(result: &GuardResult) -> Option<Diagnostic> {
    if result.standing != GuardStanding::Broken {
        return None;
    }
    let row = GuardRow::from(result);
    let text = format!("{} = {}", row.limit, row.wanted);
    // The place is that of the limit's value.
    let value = row.wanted.to_string();
    let source = SourceText { name: &result.file, text: &value };
    let [line, column] = result.line_column;
    let finding = source.diagnostic_in_line(
        line,
        "G001",
        0..value.len(),
        format!("a guard of {} is broken: {text}, and {}", row.subject(), row.says),
        "mend the rules, or loosen the limit",
    );
    Some(Diagnostic { column, ..finding })
}

fn remark_without_labels(Unlabelled { records, first }: &Unlabelled) {
    if let Some(first) = first {
        let records = counted(*records, "record");
        remark(&format!(
            "{records} without usable labels: they count for the shares and say nothing of precision; the first: {first}"
        ));
    }
}
