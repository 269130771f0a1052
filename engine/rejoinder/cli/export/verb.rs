//! What can be exported.

use clap::{Args, Subcommand};
use rejoinder_export::export::example::TrainingTask;

use super::{feedback, review, training, training_args};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    #[command(subcommand)]
    what: ExportVerb,
}

#[derive(Debug, Subcommand)]
enum ExportVerb {
    /// The feedback itself, in input order: JSON lines or Parquet, the columns of the paper's data set first
    #[command(alias = "table")]
    Feedback(feedback::FeedbackArgs),
    /// Answers to imitate: those that the user praised
    Sft(training_args::TrainingArgs),
    /// Answers with a label: desirable if the user praised them, not if the user said that they are wrong
    Kto(training_args::TrainingArgs),
    /// Two answers to one request: the one that the user asked again about or corrected, and the one praised in the end
    Pairs(training_args::TrainingArgs),
    /// Tasks for people to review, for Argilla or Label Studio; `import-labels` reads what they say
    Review(review::ReviewArgs),
}

pub(in crate::cli) fn main(args: &ExportArgs) -> Result<Exit, Failure> {
    match &args.what {
        ExportVerb::Feedback(args) => feedback::main(args),
        ExportVerb::Sft(args) => training::main(TrainingTask::Sft, args),
        ExportVerb::Kto(args) => training::main(TrainingTask::Kto, args),
        ExportVerb::Pairs(args) => training::main(TrainingTask::Pairs, args),
        ExportVerb::Review(args) => review::main(args),
    }
}
