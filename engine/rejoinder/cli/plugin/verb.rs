//! What can be done with plugins.

use clap::{Args, Subcommand};

use super::{bench, check, inspect, list, new};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct PluginArgs {
    #[command(subcommand)]
    verb: PluginVerb,
}

#[derive(Debug, Subcommand)]
enum PluginVerb {
    /// Begin a plugin from a template
    New(new::NewArgs),
    /// Check that a library keeps the rules of the plugin interface
    Check(check::CheckArgs),
    /// Ask a plugin about a corpus: cost, verdicts, agreement with labels
    Bench(bench::BenchArgs),
    /// Show what a library says of itself
    Inspect(inspect::InspectArgs),
    /// List the plugins that are linked in or found, and which of them win
    List(list::ListArgs),
}

pub(in crate::cli) fn main(args: &PluginArgs) -> Result<Exit, Failure> {
    match &args.verb {
        PluginVerb::New(args) => new::main(args),
        PluginVerb::Check(args) => check::main(args),
        PluginVerb::Bench(args) => bench::main(args),
        PluginVerb::Inspect(args) => inspect::main(args),
        PluginVerb::List(args) => list::main(args),
    }
}
