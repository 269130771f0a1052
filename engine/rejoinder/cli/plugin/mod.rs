//! `rejoinder plugin`: the plugin author's workbench.

use clap::{Args, Subcommand};

use crate::failure::{Exit, Failure};

pub(super) mod check;

#[derive(Debug, Args)]
pub(super) struct PluginArgs {
    #[command(subcommand)]
    verb: PluginVerb,
}

#[derive(Debug, Subcommand)]
enum PluginVerb {
    /// Check that a library keeps the rules of the plugin interface
    Check(check::CheckArgs),
}

pub(super) fn main(args: &PluginArgs) -> Result<Exit, Failure> {
    match &args.verb {
        PluginVerb::Check(args) => check::main(args),
    }
}
