//! What is tried on what, and what is printed.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rejoinder_authoring::change::AnswerSource;
use rejoinder_authoring::trial::{Obstacles, Trial, TrialResult};
use rejoinder_core::Purpose;
use rejoinder_rules::PackError;
use rejoinder_run::RunError;
use rejoinder_run::judging::Judge;
use rejoinder_run::labels::LabelReader;
use rejoinder_run::plan::Planning;
use rejoinder_scan::config::CascadeSection;
use rejoinder_scan::{Config, Engine, ScanError};

use super::super::measured::MeasuredInput;
use super::keep;
use super::rule_flags::{RULE, RuleFlags};
use super::tried::TriedRule;
use crate::cli::args::{LABELS, OUTPUT, RECALL};
use crate::cli::label_args::{LabelArgs, nothing_labelled, remark_unlabelled};
use crate::cli::settings::{ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, ScoreArgs};
use crate::cli::{InputRoot, Threads, print, print_json, terminal};
use crate::failure::{Exit, Failure};
use rejoinder_report::rule_author::trial::{ShownHit, TrialReport, TrialScope};

#[derive(Debug, Args)]
pub(in crate::cli::rules) struct TryArgs {
    /// The phrase, then chat logs or a run's folder
    ///
    /// With --any, --regex or --rule the phrase is left out, and all are logs. A run brings its input, its config and the answers of
    /// its judge.
    #[arg(required = true, value_name = "[PHRASE] RUN|LOGS")]
    inputs: Vec<String>,
    #[command(flatten)]
    rule: RuleFlags,
    /// Try a rule of a file or shipped pack, such as en:ID
    ///
    /// Where the rule is in force, it is tried against all others.
    #[arg(long = "rule", value_name = "FILE:ID", conflicts_with_all = ["any", "regex", "category", "route"], help_heading = RULE)]
    place: Option<String>,
    /// Append the rule to this file, with tests to fill in
    ///
    /// The file is made if it is not there; what stands in it stays as it is.
    #[arg(long, value_name = "FILE", conflicts_with = "place", help_heading = OUTPUT)]
    write: Option<PathBuf>,
    #[command(flatten)]
    input: InputRoot,
    /// What the feedback is for: all, sft, kto, or UR2,UR5
    #[arg(long = "for", value_name = "PURPOSE", help_heading = RECALL)]
    purpose: Option<Purpose>,
    /// Compare with the labels in each record's `labels` column
    #[arg(long, help_heading = LABELS)]
    labels: bool,
    #[command(flatten)]
    labelled: LabelArgs,
    /// Hits to show; with labels so many right and so many wrong
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = OUTPUT)]
    examples: usize,
    /// The seed of the shown hits
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = OUTPUT)]
    seed: u64,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    #[command(flatten)]
    score: ScoreArgs,
    #[command(flatten)]
    threads: Threads,
}

impl TryArgs {
    /// The phrase, if there is one, and the logs.
    fn split(&self) -> Result<(Option<&str>, &[String]), Failure> {
        let all = self.inputs.as_slice();
        let [first, rest @ ..] = all else { return Ok((None, all)) };
        let is_there = Path::new(first).exists();
        let without_phrase =
            self.place.is_some() || self.rule.has_words() || (is_there && self.rule.has_conditions());
        match (without_phrase, rest.is_empty()) {
            (true, _) => Ok((None, all)),
            (false, true) if is_there => Err(Failure::usage(format!(
                "what is to be tried? `rejoinder rules try 'the phrase' {first}`, or --regex REGEX, or --rule FILE:ID"
            ))),
            (false, true) => Err(Failure::usage(format!(
                "on what is `{first}` to be tried? name chat logs or a run's folder behind it"
            ))),
            (false, false) => Ok((Some(first), rest)),
        }
    }
}

pub(in crate::cli::rules) fn main(args: &TryArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let (phrase, inputs) = args.split()?;
    // What is wrong with the rule is told before anything is read.
    let drafted = match &args.place {
        Some(_) => None,
        None => Some(TriedRule::drafted(&args.rule, phrase)?),
    };
    if let (Some(drafted), Some(path)) = (&drafted, &args.write) {
        keep::check_target(path)?;
        if drafted.is_counted_alone {
            return Err(Failure::usage(
                "--write keeps a rule that decides something: say --category UR1 … UR5, or --route reject, or --route score with --weight",
            ));
        }
    }
    let flags: [&dyn ConfigFlags; 3] = [&args.reading, &args.plugins, &args.score];
    let input = MeasuredInput::of(inputs, &args.input, &args.config, &flags, args.purpose)?;
    let tried = match (drafted, &args.place) {
        (Some(drafted), _) => drafted,
        (None, place) => TriedRule::named(place.as_deref().unwrap_or_default(), &input.config)?,
    };
    let labels = input.labels(&args.labelled, args.labels)?;
    let config = match tried.is_counted_alone {
        // What is only counted is found by rules alone.
        true => Config { cascade: CascadeSection::without_score(), ..input.config.clone() },
        false => tried.beside(&input.config),
    };
    let [packs_with, packs_without] = tried.packs();
    let with = Engine::build_with(config.clone(), packs_with).map_err(|error| tried.refused(error))?;
    let (with, without) = match tried.is_counted_alone {
        true => (with, None),
        false => {
            let without = input.fitted(Engine::build_with(config.clone(), packs_without)?)?;
            (input.fitted(with)?, Some(without))
        }
    };
    let id = &tried.pack.content.rules[0].id;
    let rule = with.rules.rules().iter().position(|rule| rule.id == *id);
    let rule = rule.ok_or_else(|| {
        Failure::usage(format!("a rule in force is called `{id}`, too: give it another id"))
    })?;
    let judge = &input.judge;
    let paper = Judge::papers()?.form;
    let trial = Trial {
        without: without.as_ref(),
        with: &with,
        rule: rule as u32,
        files: &input.files,
        threads: args.threads.get(),
        asked_before: &input.asked_before,
        planning: Planning { forms: &[&judge.form], paper: &paper, known: None },
        answers: labels.source(),
        filters: labels.filters(),
        samples: args.examples,
        seed: args.seed,
    };
    let result: TrialResult<ShownHit> = trial.run(ShownHit::of)?;
    if let Some(failure) = labels.nothing_left(result.tally.turns) {
        return Err(failure);
    }
    remark_unlabelled(&result.unlabelled);
    if let Some(AnswerSource::Labels(reader)) = trial.answers
        && result.tally.answers.labelled == 0
        && result.tally.turns > 0
    {
        return Err(nothing_labelled(&reader.source));
    }
    let obstacles = match result.tally.hits {
        0 => obstacles(&tried, &config, &input, args.threads.get(), labels.filters())?,
        _ => None,
    };
    let scope = TrialScope {
        rule: with.rules.rule(rule as u32),
        rule_name: tried.name.clone(),
        without: without.as_ref(),
        with: &with,
        form: &judge.form,
        judge: &judge.client,
        oracle: labels.words(),
        part: labels.part(),
        warnings: tried.warnings(),
        obstacles,
        seconds: begun.elapsed().as_secs_f64(),
    };
    let report = TrialReport::new(result, &scope);
    match args.json {
        true => print_json(&report)?,
        false => print(&report.text(terminal::styles()))?,
    }
    if let (Some(path), Some(draft)) = (&args.write, &tried.draft) {
        keep::write(draft, scope.rule, args.rule.words(phrase), path, &input.config)?;
    }
    Ok(Exit::Ok)
}

/// Why the rule hits nothing; `None` where that cannot be told, since it asks for other rules, which are not there by themselves.
fn obstacles(
    tried: &TriedRule,
    config: &Config,
    input: &MeasuredInput,
    threads: NonZeroUsize,
    filters: &LabelReader,
) -> Result<Option<Obstacles>, Failure> {
    match Obstacles::of(&tried.pack, config, &input.files, threads, filters) {
        Ok(found) => Ok(Some(found)),
        Err(RunError::Scan(ScanError::Rules(PackError::Invalid(_)))) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
