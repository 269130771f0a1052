//! What `rejoinder export sft|kto|pairs` is asked for.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};
use rejoinder_core::{Category, FeedbackSource, Purpose};
use rejoinder_export::export::example::{FeedbackChoice, ToolPolicy, TrainingTask};
use rejoinder_export::export::style::Style;
use rejoinder_export::export::template::ChatTemplate;
use rejoinder_run::exporting::TrainingRequest;

use super::OverwriteArgs;
use super::filters::{FILTERS, FilterArgs, filters};
use crate::cli::InputRoot;
use crate::cli::args::OUTPUT;
use crate::failure::Failure;

/// Heading of the flags that say what rows are made.
const ROWS: &str = "Rows";

#[derive(Debug, Args)]
pub(super) struct TrainingArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    pub(super) run: PathBuf,
    #[command(flatten)]
    pub(super) input: InputRoot,
    /// File to write, - for standard output
    ///
    /// [default: sft.jsonl, kto.jsonl or pairs.jsonl in the run's folder]
    #[arg(long, value_name = "FILE", conflicts_with = "dataset", help_heading = OUTPUT)]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) overwriting: OverwriteArgs,
    /// Folder of a data set for the hub: rows and a card
    ///
    /// In it are data/train.jsonl and README.md.
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub(super) dataset: Option<PathBuf>,
    /// Share of the conversations for data/validation.jsonl
    #[arg(long, value_name = "SHARE", requires = "dataset", value_parser = share, help_heading = OUTPUT)]
    pub(super) validation: Option<f64>,
    /// Licence of the source, as the hub names licences
    #[arg(long, value_name = "ID", requires = "dataset", default_value = "unknown", value_parser = license, help_heading = OUTPUT)]
    pub(super) license: String,
    #[command(flatten)]
    pub(super) rows: TrainingRowArgs,
}

/// Which rows are made.
#[derive(Debug, Args)]
pub(super) struct TrainingRowArgs {
    /// Library that the rows are for
    #[arg(long, value_enum, default_value_t = StyleName::Trl, help_heading = ROWS)]
    pub(super) style: StyleName,
    /// Chat template: chatml, llama3 or mistral
    ///
    /// Axolotl takes KTO rows as text alone.
    #[arg(long, value_name = "NAME", default_value = "chatml", help_heading = ROWS)]
    template: ChatTemplate,
    /// What becomes of rows with calls and results of tools
    #[arg(long, value_enum, default_value_t = ToolsName::Keep, help_heading = ROWS)]
    tools: ToolsName,
    /// Categories that praise the answer before them
    #[arg(long, value_name = "CATEGORIES", default_value = "UR5", help_heading = ROWS)]
    positive: Purpose,
    /// Categories that blame it [default: UR2,UR3; pairs: UR1,UR2]
    #[arg(long, value_name = "CATEGORIES", help_heading = ROWS)]
    negative: Option<Purpose>,
    /// Keep all rows of KTO
    ///
    /// Without it the more frequent label is drawn down to the other.
    #[arg(long, help_heading = ROWS)]
    pub(super) unbalanced: bool,
    /// Only feedback that was settled by these
    #[arg(long, value_name = "SOURCES", value_enum, value_delimiter = ',', help_heading = FILTERS)]
    source: Vec<SourceName>,
    /// Only feedback with at least this score
    ///
    /// Feedback without a score stays.
    #[arg(long, value_name = "SCORE", default_value_t = 0.0, help_heading = FILTERS)]
    min_score: f32,
    #[command(flatten)]
    pub(super) filters: FilterArgs,
    /// Another seed draws, splits and shuffles otherwise
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = OUTPUT)]
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum StyleName {
    /// TRL: conversational rows
    Trl,
    /// Axolotl
    Axolotl,
    /// LLaMA-Factory
    Llamafactory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ToolsName {
    /// They stand in the prompt in the form of the library; what has none there is left out
    Keep,
    /// All such rows are left out
    DropRows,
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

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("expected a share below 1, such as 0.05".to_owned()),
    }
}

fn license(text: &str) -> Result<String, String> {
    match text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) && !text.is_empty() {
        true => Ok(text.to_owned()),
        false => Err("expected an identifier of letters, digits, `-` and `.`, such as cc-by-4.0".to_owned()),
    }
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
            filters: filters(&self.filters)?,
            style: style(self),
            validation,
            is_balanced: !self.unbalanced,
            seed: self.seed,
        })
    }
}

/// The style that the flags ask for, with its template.
pub(super) fn style(args: &TrainingRowArgs) -> Style {
    match args.style {
        StyleName::Trl => Style::Trl,
        StyleName::Axolotl => Style::Axolotl(args.template),
        StyleName::Llamafactory => Style::LlamaFactory,
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
        tools: match args.tools {
            ToolsName::Keep => ToolPolicy::Keep,
            ToolsName::DropRows => ToolPolicy::DropRows,
        },
    })
}
