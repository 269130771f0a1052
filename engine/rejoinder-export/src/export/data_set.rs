//! What is known of a data set besides the contents of its rows: the card says it to people ([`super::card`]), and `rejoinder.json` to
//! programs ([`super::metadata`]).

use super::example::{Example, FeedbackChoice, TrainingTask};
use super::lengths::LengthBin;
use super::style::Style;

/// Where the rows of a set come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrigin {
    /// Feedback that a run found.
    Run,
    /// Labels in the records of the corpus.
    RecordLabels,
    /// Labels in a file beside the corpus.
    LabelFile,
    /// A draw from all exchanges of the corpus.
    Draw,
}

impl RowOrigin {
    /// The name of the export of such rows for a task.
    pub const fn export_name(self, task: TrainingTask) -> &'static str {
        match self {
            Self::Draw => "random",
            Self::Run | Self::RecordLabels | Self::LabelFile => task.name(),
        }
    }

    /// The noun for what a row is made of.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Run => "feedback",
            Self::RecordLabels | Self::LabelFile => "labelled feedback",
            Self::Draw => "exchanges",
        }
    }
}

/// A file of the data set.
#[derive(Clone, Debug)]
pub struct Split<'a> {
    /// `train` or `validation`.
    pub name: &'static str,
    /// The path of the file, relative to the folder of the set.
    pub path: &'static str,
    /// The examples in the file.
    pub examples: &'a [Example],
    /// The SHA-256 of the file, in hex.
    pub sha256: String,
}

/// How a draw went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrawFacts {
    /// The number of rows that were asked for.
    pub wanted: usize,
    /// The number of exchanges that the draw was from.
    pub pool: u64,
    /// The SHA-256 of the file with rows of the lengths that were asked for, in hex; `None` where any length was right.
    pub like_sha256: Option<String>,
    /// How many rows the corpus lacks, by their lengths; without a length where any was right.
    pub lacking: Vec<(Option<LengthBin>, usize)>,
}

/// What is known of a data set.
#[derive(Clone, Copy, Debug)]
pub struct DataSet<'a> {
    /// The kind of training that the files are for.
    pub task: TrainingTask,
    /// Where the rows come from.
    pub origin: RowOrigin,
    /// The form of the rows.
    pub style: Style,
    /// The files.
    pub splits: &'a [Split<'a>],
    /// The licence of the source, as the hub names licences.
    pub license: &'a str,
    /// Which feedback counted, and as what; `None` for a draw.
    pub choice: Option<&'a FeedbackChoice>,
    /// How the draw went, if the rows were drawn.
    pub draw: Option<&'a DrawFacts>,
    /// The share of the conversations that is held out for validation.
    pub validation: f64,
    /// The seed of the export.
    pub seed: u64,
    /// Why rows were left out, and how many for each reason.
    pub left_out: &'a [(String, u64)],
    /// What was changed in rows that stayed, and in how many rows.
    pub changed: &'a [(&'static str, u64)],
    /// The version of the engine.
    pub engine: &'a str,
    /// The hash of all rules in force.
    pub rules_hash: &'a str,
    /// The hash of the run's config.
    pub config_hash: &'a str,
    /// The plugins in force, each by name and identity.
    pub plugins: &'a [(String, String)],
    /// The model of the judge; `None` where no judge was asked.
    pub judge: Option<&'a str>,
    /// What a reader should know before using the data set.
    pub remarks: &'a [String],
}

impl DataSet<'_> {
    /// The name of the export.
    pub const fn name(&self) -> &'static str {
        self.origin.export_name(self.task)
    }

    /// Whether each row says which category of feedback its answer got.
    pub const fn has_categories(&self) -> bool {
        self.choice.is_some()
    }
}
