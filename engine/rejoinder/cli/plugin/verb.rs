//! What can be done with plugins.

use clap::{Args, Subcommand};

use super::{bench, check, inspect, list, new};
use crate::cli::examples;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct PluginArgs {
    #[command(subcommand)]
    verb: PluginVerb,
}

#[derive(Debug, Subcommand)]
enum PluginVerb {
    /// Begin a plugin from a template
    #[command(before_long_help = examples::PLUGIN_NEW)]
    New(new::NewArgs),
    /// Check that a library keeps the rules of the plugin interface
    #[command(before_long_help = examples::PLUGIN_CHECK)]
    Check(check::CheckArgs),
    /// Ask a plugin about a corpus: cost, verdicts, agreement with labels
    #[command(before_long_help = examples::PLUGIN_BENCH)]
    Bench(Box<bench::BenchArgs>),
    /// Show what a library says of itself
    #[command(before_long_help = examples::PLUGIN_INSPECT)]
    Inspect(inspect::InspectArgs),
    /// List the plugins that are linked in or found, and which of them win
    #[command(before_long_help = examples::PLUGIN_LIST)]
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
