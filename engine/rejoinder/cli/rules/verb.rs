//! What can be done with rules.

use clap::{Args, Subcommand};

use super::{FilesArgs, check, list, stats, test};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct RulesArgs {
    #[command(subcommand)]
    verb: RulesVerb,
}

#[derive(Debug, Subcommand)]
enum RulesVerb {
    /// Report all mistakes in rule files, with their places
    Check(FilesArgs),
    /// Run the tests inside rule files
    Test(FilesArgs),
    /// List the rules of files
    List(FilesArgs),
    /// Measure each rule on a corpus: hits, effect, time, and precision where there are labels
    Stats(Box<stats::StatsArgs>),
}

pub(in crate::cli) fn main(args: &RulesArgs) -> Result<Exit, Failure> {
    match &args.verb {
        RulesVerb::Check(files) => check::main(files),
        RulesVerb::Test(files) => test::main(files),
        RulesVerb::List(files) => list::main(files),
        RulesVerb::Stats(args) => stats::main(args),
    }
}
