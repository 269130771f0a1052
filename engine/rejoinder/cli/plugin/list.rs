//! `rejoinder plugin list`: the plugins that a config could name, where each is, and which of two with one name wins.

use std::collections::HashSet;
use std::fmt::Write as _;

use clap::Args;
use rejoinder_host::{Description, Origin, SearchPath};
use serde::Serialize;

use super::super::run::Settings;
use super::super::{print, print_json};
use crate::failure::{Exit, Failure};
use crate::pipeline::engine::built_in;
use crate::report::terminal::printable;

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    settings: Settings,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    /// Empty for a library that cannot be loaded.
    name: String,
    version: String,
    about: String,
    /// Where it is.
    origin: String,
    /// Whether a config that names it gets this one.
    wins: bool,
    /// Why it cannot be loaded; empty if it can.
    problem: String,
}

pub(in crate::cli) fn main(args: &ListArgs) -> Result<Exit, Failure> {
    let config = args.settings.effective()?.config;
    let mut taken = HashSet::new();
    let mut rows = Vec::new();
    for path in SearchPath::new(config.plugin_dirs).libraries() {
        rows.push(match rejoinder_host::inspect(&path) {
            Ok((description, origin)) => row(description, &origin, &mut taken),
            Err(error) => Row {
                name: String::new(),
                version: String::new(),
                about: String::new(),
                origin: path.display().to_string(),
                wins: false,
                problem: error.to_string(),
            },
        });
    }
    for plugin in built_in() {
        let description =
            rejoinder_host::describe(plugin).map_err(|e| Failure::invalid(printable(&e.to_string())))?;
        rows.push(row(description, &Origin::BuiltIn, &mut taken));
    }
    if args.json {
        print_json(&serde_json::json!({ "plugins": rows }))?;
    } else {
        print(&text(&rows))?;
    }
    Ok(Exit::Ok)
}

fn row(description: Description, origin: &Origin, taken: &mut HashSet<String>) -> Row {
    Row {
        wins: taken.insert(description.name.clone()),
        name: description.name,
        version: description.version,
        about: description.about,
        origin: origin.to_string(),
        problem: String::new(),
    }
}

fn text(rows: &[Row]) -> String {
    let mut out = String::new();
    for row in rows {
        if !row.problem.is_empty() {
            let _ = writeln!(out, "unusable: {}\n    {}", printable(&row.origin), printable(&row.problem));
            continue;
        }
        let shadowed = if row.wins { "" } else { " (another of this name comes first)" };
        let _ = writeln!(
            out,
            "{} {}{shadowed}\n    {}\n    {}",
            printable(&row.name),
            printable(&row.version),
            printable(&row.about),
            printable(&row.origin)
        );
    }
    out
}
