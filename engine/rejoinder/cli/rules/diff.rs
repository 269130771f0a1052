//! `rejoinder rules diff`: what a change of rules does to an input, turn by turn. Nobody is asked.

use std::time::Instant;

use clap::Args;
use rejoinder_authoring::change::{AnswerSource, Change, Comparison, RuleSides, SideRules};
use rejoinder_core::Purpose;
use rejoinder_run::guards::{GuardPrices, check};
use rejoinder_run::judging::Judge;
use rejoinder_run::plan::Planning;
use rejoinder_scan::Engine;

use super::files::unusable;
use super::measured::MeasuredInput;
use crate::cli::args::{LABELS, OUTPUT, RECALL};
use crate::cli::label_args::{LabelArgs, nothing_labelled, remark_unlabelled};
use crate::cli::settings::{ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, ScoreArgs};
use crate::cli::terminal::remark;
use crate::cli::{InputRoot, Threads, print, print_json, terminal};
use crate::failure::{Exit, Failure};
use rejoinder_report::dialogue::DialogueLook;
use rejoinder_report::remarks;
use rejoinder_report::rule_author::change::{ChangeReport, ChangeScope, ShownChange};
use rejoinder_report::rule_author::guards::{GuardCounts, GuardRow};
use rejoinder_report::styles::Styles;

/// Heading of what is compared.
const COMPARED: &str = "Input";

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The rules before: a rule file, a folder, a shipped pack, or `none`
    ///
    /// Beside OLD and NEW stand the packs of the config that share no rule with them.
    #[arg(value_name = "OLD")]
    old: String,
    /// The rules after, likewise
    #[arg(value_name = "NEW")]
    new: String,
    /// Chat logs, or a run's folder; may be repeated
    ///
    /// A run brings its input, its config and the answers of its judge.
    #[arg(long, required = true, num_args = 1.., value_name = "RUN|CORPUS", help_heading = COMPARED)]
    on: Vec<String>,
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
    /// Changed turns of each kind to show
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = OUTPUT)]
    examples: usize,
    /// The seed of the drawn turns and of the intervals
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = OUTPUT)]
    seed: u64,
    /// Show all rules; with --json list all changed turns
    #[arg(long, help_heading = OUTPUT)]
    all: bool,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    /// Print a comment for a pull request, without chat text
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    markdown: bool,
    /// Add the shown turns to the comment: chat text, which all can read
    #[arg(long, requires = "markdown", help_heading = OUTPUT)]
    samples: bool,
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

pub(super) fn main(args: &DiffArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let flags: [&dyn ConfigFlags; 3] = [&args.reading, &args.plugins, &args.score];
    let input = MeasuredInput::of(&args.on, &args.input, &args.config, &flags, args.purpose)?;
    let labels = input.labels(&args.labelled, args.labels)?;
    let sides = RuleSides::of(&input.config, &args.old, &args.new).map_err(unusable)?;
    let before = engine_of("OLD", &sides.before, &input)?;
    let after = engine_of("NEW", &sides.after, &input)?;
    let judge = &input.judge;
    let paper = Judge::papers()?.form;
    // A comment is no terminal.
    let styles = if args.markdown { Styles::default() } else { terminal::styles() };
    let look = DialogueLook { styles, full: false };
    let comparison = Comparison {
        before: &before,
        after: &after,
        files: &input.files,
        threads: args.threads.get(),
        asked_before: &input.asked_before,
        planning: Planning { forms: &[&judge.form], paper: &paper, known: None },
        answers: labels.source(),
        filters: labels.filters(),
        guarded: labels.known(false),
        samples: args.examples,
        seed: args.seed,
        lists_all: args.all,
    };
    let change: Change<ShownChange> = comparison.run(|before, after| ShownChange::of(before, after, look))?;
    if let Some(failure) = labels.nothing_left(change.tally.turns) {
        return Err(failure);
    }
    remark_unlabelled(&change.unlabelled);
    if let Some(missing) = remarks::rule_columns(&change.plans[1].rule_columns) {
        remark(&missing.text);
    }
    if let Some(AnswerSource::Labels(reader)) = comparison.answers
        && change.labels.as_ref().is_some_and(|found| found.turns + found.left_out == 0)
    {
        return Err(nothing_labelled(&reader.source));
    }
    let prices = GuardPrices { form: &judge.form, price: &judge.client.price };
    let guards: Vec<GuardRow> = check(&change.guards, prices).iter().map(GuardRow::from).collect();
    let is_broken = GuardCounts::of(&guards).broken > 0;
    let scope = ChangeScope {
        sides: &sides,
        engines: [&before, &after],
        form: &judge.form,
        judge: &judge.client,
        input: match labels.part() {
            Some(part) => format!("{}, records with {part}", args.on.join(", ")),
            None => args.on.join(", "),
        },
        oracle: labels.words(),
        guards,
        seconds: begun.elapsed().as_secs_f64(),
    };
    let report = ChangeReport::new(change, scope, args.all && args.json);
    match (args.json, args.markdown) {
        (true, _) => print_json(&report)?,
        (_, true) => print(&report.markdown(args.samples))?,
        _ => print(&report.text(args.all))?,
    }
    Ok(if is_broken { Exit::CheckFailed } else { Exit::Ok })
}

/// The engine with the rules of one side, fitted to the input.
fn engine_of(name: &str, side: &SideRules, input: &MeasuredInput) -> Result<Engine, Failure> {
    input.engine_with(side.section.clone()).map_err(|failure| Failure {
        message: format!("{name} ({}): {}", side.name, failure.message),
        ..failure
    })
}
