//! What can be exported.

use clap::{Args, Subcommand};
use rejoinder_export::export::example::TrainingTask;

use super::{feedback, random, review, training, training_args};
use crate::cli::examples;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    #[command(subcommand)]
    what: ExportVerb,
}

#[derive(Debug, Subcommand)]
enum ExportVerb {
    /// The feedback itself, in input order: JSON lines or Parquet
    ///
    /// The columns of the paper's data set come first.
    #[command(alias = "table", before_long_help = examples::EXPORT_FEEDBACK)]
    Feedback(feedback::FeedbackArgs),
    /// Answers to imitate: those that the user praised
    #[command(before_long_help = examples::EXPORT_SFT)]
    Sft(training_args::TrainingArgs),
    /// Answers with a label: praised ones are desirable, blamed ones are not
    #[command(before_long_help = examples::EXPORT_KTO)]
    Kto(training_args::TrainingArgs),
    /// Two answers to one request: the one praised in the end, and one before it
    ///
    /// The one before is an answer that the user corrected, or after which the user asked again.
    #[command(before_long_help = examples::EXPORT_PAIRS)]
    Pairs(training_args::TrainingArgs),
    /// Answers of the whole corpus drawn at random, to compare with
    ///
    /// Whatever the users said about them. Training on as many of them shows what feedback adds.
    #[command(before_long_help = examples::EXPORT_RANDOM)]
    Random(random::RandomArgs),
    /// Tasks for people to review, for Argilla or Label Studio
    ///
    /// `rejoinder import-labels` reads what people say.
    #[command(before_long_help = examples::EXPORT_REVIEW)]
    Review(review::ReviewArgs),
}

pub(in crate::cli) fn main(args: &ExportArgs) -> Result<Exit, Failure> {
    match &args.what {
        ExportVerb::Feedback(args) => feedback::main(args),
        ExportVerb::Sft(args) => training::main(TrainingTask::Sft, args),
        ExportVerb::Kto(args) => training::main(TrainingTask::Kto, args),
        ExportVerb::Pairs(args) => training::main(TrainingTask::Pairs, args),
        ExportVerb::Random(args) => random::main(args),
        ExportVerb::Review(args) => review::main(args),
    }
}
