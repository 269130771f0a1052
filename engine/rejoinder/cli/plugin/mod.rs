//! `rejoinder plugin`: the plugin author's workbench, from a template to figures on a corpus.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use crate::failure::{Exit, Failure};

mod bench;
pub(super) mod check;
mod inspect;
mod list;
mod new;

#[derive(Debug, Args)]
pub(super) struct PluginArgs {
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

pub(super) fn main(args: &PluginArgs) -> Result<Exit, Failure> {
    match &args.verb {
        PluginVerb::New(args) => new::main(args),
        PluginVerb::Check(args) => check::main(args),
        PluginVerb::Bench(args) => bench::main(args),
        PluginVerb::Inspect(args) => inspect::main(args),
        PluginVerb::List(args) => list::main(args),
    }
}

/// A plugin's configuration as a flag gives it.
fn plugin_config(json: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(json)
        .map_err(|_| Failure::usage("--plugin-config: it is no JSON object, such as '{\"threshold\": 0.9}'"))
}
