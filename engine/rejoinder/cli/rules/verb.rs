//! What can be done with rules.

use clap::{Args, Subcommand};

use super::{check, diff, fmt, list, schema, stats, suggest, test, try_rule};
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
    /// Run the tests inside rule files, and check their guards on chat logs or a run
    #[command(before_long_help = examples::RULES_TEST)]
    Test(Box<test::TestArgs>),
    /// Bring rule files into one style, with their comments kept
    #[command(before_long_help = examples::RULES_FMT)]
    Fmt(fmt::FmtArgs),
    /// List the rules of files
    #[command(before_long_help = examples::RULES_LIST)]
    List(list::ListArgs),
    /// Measure each rule on a corpus: hits, effect, time, precision
    #[command(before_long_help = examples::RULES_STATS)]
    Stats(Box<stats::StatsArgs>),
    /// Print the JSON Schema of rule files, for editors
    #[command(before_long_help = examples::RULES_SCHEMA)]
    Schema,
    /// Try a phrase or rule on logs, without a file
    #[command(before_long_help = examples::RULES_TRY)]
    Try(Box<try_rule::TryArgs>),
    /// Show what a change of rules does: turns, price, precision
    #[command(before_long_help = examples::RULES_DIFF)]
    Diff(Box<diff::DiffArgs>),
    /// Find rules worth writing in labelled turns
    #[command(before_long_help = examples::RULES_SUGGEST)]
    Suggest(Box<suggest::SuggestArgs>),
}

pub(in crate::cli) fn main(args: &RulesArgs) -> Result<Exit, Failure> {
    match &args.verb {
        RulesVerb::Check(args) => check::main(args),
        RulesVerb::Test(args) => test::main(args),
        RulesVerb::Fmt(args) => fmt::main(args),
        RulesVerb::List(args) => list::main(args),
        RulesVerb::Stats(args) => stats::main(args),
        RulesVerb::Schema => schema::main(),
        RulesVerb::Try(args) => try_rule::main(args),
        RulesVerb::Diff(args) => diff::main(args),
        RulesVerb::Suggest(args) => suggest::main(args),
    }
}
