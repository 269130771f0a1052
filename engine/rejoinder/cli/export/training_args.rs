//! What `rejoinder export sft|kto|pairs` is asked for.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};
use rejoinder_core::{Category, FeedbackSource, Purpose};
use rejoinder_export::export::data_set::RowOrigin;
use rejoinder_export::export::example::{FeedbackChoice, TrainingTask};
use rejoinder_run::exporting::TrainingRequest;

use super::filters::{FILTERS, filters};
use super::set_args::{ROWS, RowArgs, SetArgs, share};
use crate::cli::args::{LABELS, OUTPUT};
use crate::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct TrainingArgs {
    #[command(flatten)]
    pub(super) set: SetArgs,
    /// Share of the conversations for data/validation.jsonl
    ///
    /// Conversations that open alike are on one side.
    #[arg(long, value_name = "SHARE", requires = "dataset", value_parser = share, help_heading = OUTPUT)]
    pub(super) validation: Option<f64>,
    #[command(flatten)]
    pub(super) rows: TrainingRowArgs,
    /// The records' own labels instead of what the run found
    ///
    /// They stand in each record's `labels` column.
    #[arg(long, conflicts_with_all = ["source", "min_score"], help_heading = LABELS)]
    labels: bool,
    /// Labels beside the corpus instead of what the run found
    ///
    /// Joined by the conversation's id; as review and import-labels write them.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "min_score"], help_heading = LABELS)]
    pub(super) label_file: Option<PathBuf>,
}

impl TrainingArgs {
    /// Where the rows come from.
    pub(super) const fn origin(&self) -> RowOrigin {
        match (&self.label_file, self.labels) {
            (Some(_), _) => RowOrigin::LabelFile,
            (None, true) => RowOrigin::RecordLabels,
            (None, false) => RowOrigin::Run,
        }
    }
}

/// Which rows are made.
#[derive(Debug, Args)]
pub(super) struct TrainingRowArgs {
    #[command(flatten)]
    pub(super) form: RowArgs,
    /// Categories that praise the answer before them
    #[arg(long, value_name = "CATEGORIES", default_value = "UR5", help_heading = ROWS)]
    positive: Purpose,
    /// Categories that blame it [default: UR2,UR3; pairs: UR1,UR2]
    #[arg(long, value_name = "CATEGORIES", help_heading = ROWS)]
    negative: Option<Purpose>,
    /// Keep all rows of KTO
    ///
    /// Without it the more frequent label is drawn down to the other, among the rows to train on.
    #[arg(long, help_heading = ROWS)]
    unbalanced: bool,
    /// Only feedback that was settled by these
    #[arg(long, value_name = "SOURCES", value_enum, value_delimiter = ',', help_heading = FILTERS)]
    source: Vec<SourceName>,
    /// Only feedback with at least this score
    ///
    /// Feedback without a score stays.
    #[arg(long, value_name = "SCORE", default_value_t = 0.0, help_heading = FILTERS)]
    min_score: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SourceName {
    /// An accept rule
    Rule,
    /// A plugin
    Plugin,
    /// The judge
    Judge,
}

/// The flags of rows by themselves, for a caller that holds feedback and conversations in memory.
#[derive(Debug, Parser)]
#[command(name = "export", no_binary_name = true, disable_help_flag = true)]
struct RowFlags {
    #[command(flatten)]
    rows: TrainingRowArgs,
}

/// What training rows are asked for by the flags of `rejoinder export`, such as `--style=trl`.
///
/// # Errors
/// If a flag is none of the export's, or a file that a flag names cannot be used.
pub fn training_request(task: TrainingTask, flags: &[String]) -> Result<TrainingRequest, Failure> {
    let flags =
        RowFlags::try_parse_from(flags).map_err(|error| Failure::usage(error.to_string().trim_end()))?;
    flags.rows.request(task, 0.0)
}

impl TrainingRowArgs {
    /// What training files are asked for.
    ///
    /// # Errors
    /// If the flags contradict each other, or a file of a filter cannot be used.
    pub(super) fn request(&self, task: TrainingTask, validation: f64) -> Result<TrainingRequest, Failure> {
        Ok(TrainingRequest {
            task,
            choice: choice(task, self)?,
            filters: filters(&self.form.filters)?,
            style: self.form.style(),
            validation,
            is_balanced: !self.unbalanced,
            seed: self.form.seed,
        })
    }
}

/// Which feedback counts, and as what.
fn choice(task: TrainingTask, args: &TrainingRowArgs) -> Result<FeedbackChoice, Failure> {
    let usual: &[Category] = match task {
        TrainingTask::Sft | TrainingTask::Kto => &[Category::Ur2, Category::Ur3],
        TrainingTask::Pairs => &[Category::Ur1, Category::Ur2],
    };
    let negative = args.negative.or_else(|| Purpose::of(usual)).expect("some categories are usual");
    if let Some(both) = args.positive.categories().find(|&category| negative.wants(category)) {
        return Err(Failure::usage(format!("{both} cannot be both --positive and --negative")));
    }
    let sources = args.source.iter().map(|source| match source {
        SourceName::Rule => FeedbackSource::Rule,
        SourceName::Plugin => FeedbackSource::Plugin,
        SourceName::Judge => FeedbackSource::Judge,
    });
    Ok(FeedbackChoice {
        positive: args.positive,
        negative,
        sources: sources.collect(),
        min_score: args.min_score,
        tools: args.form.tools(),
    })
}
