//! `rejoinder plugin list`: the plugins that a config could name, where each is, and which of two with one name wins.
//! Libraries are looked at and not loaded: a plugin's code runs only where somebody names it.

use std::collections::HashSet;
use std::fmt::Write as _;

use clap::Args;
use rejoinder_core::printable;
use rejoinder_host::{LibraryOrigin, SearchPath};
use rejoinder_scan::built_in;
use serde::Serialize;

use super::super::args::OUTPUT;
use super::super::settings::{ConfigFileArgs, PluginFolderArgs, effective_config};
use super::super::{print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct ListedPlugin {
    /// The name for a config: that of the file, in which `_` may stand for `-`.
    name: String,
    /// What is known without loading the plugin.
    about: String,
    /// Where the plugin is.
    origin: String,
    /// Whether a config that names the plugin gets this one.
    wins: bool,
    /// Why the plugin cannot be loaded; empty if it probably can.
    problem: String,
}

pub(in crate::cli) fn main(args: &ListArgs) -> Result<Exit, Failure> {
    let config = effective_config(&args.config, &[&args.plugins])?.config;
    let described = built_in().into_iter().map(rejoinder_host::describe).collect::<Result<Vec<_>, _>>();
    let linked = described.map_err(|e| Failure::invalid(e.to_string()))?;
    let names: Vec<String> = linked.iter().map(|plugin| plugin.name.clone()).collect();
    let mut taken = HashSet::new();
    let mut rows = Vec::new();
    for library in SearchPath::new(config.plugin_dirs).libraries(&names) {
        rows.push(ListedPlugin {
            wins: taken.insert(library.name.clone()),
            name: library.name,
            about: format!("blake3 {}", library.blake3),
            origin: library.path.display().to_string(),
            problem: library.problem,
        });
    }
    for described in linked {
        rows.push(ListedPlugin {
            wins: taken.insert(described.name.clone()),
            about: format!("{} {}", described.version, described.about),
            name: described.name,
            origin: LibraryOrigin::BuiltIn.to_string(),
            problem: String::new(),
        });
    }
    if args.json {
        print_json(&serde_json::json!({ "plugins": rows }))?;
    } else {
        print(&text(&rows))?;
    }
    Ok(Exit::Ok)
}

fn text(rows: &[ListedPlugin]) -> String {
    let mut out = String::new();
    for row in rows {
        let shadowed = if row.wins { "" } else { " (another of this name comes first)" };
        let _ = writeln!(out, "{}{shadowed}", printable(&row.name));
        for line in [&row.about, &row.origin, &row.problem] {
            if !line.is_empty() {
                let _ = writeln!(out, "    {}", printable(line));
            }
        }
    }
    out
}
