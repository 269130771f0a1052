//! What can be done with folders of runs.

use clap::{Args, Subcommand};

use super::{list, rm, show};
use crate::cli::examples;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct RunsArgs {
    #[command(subcommand)]
    verb: RunsVerb,
}

#[derive(Debug, Subcommand)]
enum RunsVerb {
    /// List the runs in a folder: state, figures, spending, size
    #[command(before_long_help = examples::RUNS_LIST)]
    List(list::ListArgs),
    /// Show one run in full: inputs, what takes the space, what comes next
    #[command(before_long_help = examples::RUNS_SHOW)]
    Show(show::ShowArgs),
    /// Remove runs, saying first what goes with them that was paid for
    #[command(before_long_help = examples::RUNS_RM)]
    Rm(rm::RmArgs),
}

pub(in crate::cli) fn main(args: &RunsArgs) -> Result<Exit, Failure> {
    match &args.verb {
        RunsVerb::List(args) => list::main(args),
        RunsVerb::Show(args) => show::main(args),
        RunsVerb::Rm(args) => rm::main(args),
    }
}
