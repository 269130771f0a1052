//! What can be done with rules.

use clap::{Args, Subcommand};

use super::{FilesArgs, check, list, stats, suggest, test};
use crate::cli::examples;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesArgs {
    #[command(subcommand)]
    verb: RulesVerb,
}

#[derive(Debug, Subcommand)]
enum RulesVerb {
    /// Report all mistakes in rule files, with their places
    #[command(before_long_help = examples::RULES_CHECK)]
    Check(check::CheckArgs),
    /// Run the tests inside rule files
    #[command(before_long_help = examples::RULES_TEST)]
    Test(FilesArgs),
    /// List the rules of files
    #[command(before_long_help = examples::RULES_LIST)]
    List(list::ListArgs),
    /// Measure each rule on a corpus: hits, effect, time, precision
    #[command(before_long_help = examples::RULES_STATS)]
    Stats(Box<stats::StatsArgs>),
    /// Find rules worth writing in labelled turns
    #[command(before_long_help = examples::RULES_SUGGEST)]
    Suggest(Box<suggest::SuggestArgs>),
}

pub(in crate::cli) fn main(args: &RulesArgs) -> Result<Exit, Failure> {
    match &args.verb {
        RulesVerb::Check(args) => check::main(args),
        RulesVerb::Test(files) => test::main(files),
        RulesVerb::List(args) => list::main(args),
        RulesVerb::Stats(args) => stats::main(args),
        RulesVerb::Suggest(args) => suggest::main(args),
    }
}
