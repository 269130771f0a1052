//! `rejoinder config`: what is in force and why, and what may be said.

use clap::{Args, Subcommand};
use rejoinder_core::printable;
use rejoinder_scan::config::{self, EffectiveConfig};
use serde_json::{Value, json};

use super::args::OUTPUT;
use super::examples;
use super::settings::{
    AskingArgs, ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, effective_config,
};
use super::{print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    verb: ConfigVerb,
}

#[derive(Debug, Subcommand)]
enum ConfigVerb {
    /// Show each value in force, and where the value comes from
    #[command(before_long_help = examples::CONFIG_SHOW)]
    Show(ShowArgs),
    /// Print the JSON Schema of the config file, for editors
    #[command(before_long_help = examples::CONFIG_SCHEMA)]
    Schema,
}

#[derive(Debug, Args)]
struct ShowArgs {
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    asking: AskingArgs,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

pub(super) fn main(args: &ConfigArgs) -> Result<Exit, Failure> {
    match &args.verb {
        ConfigVerb::Show(args) => show(args),
        ConfigVerb::Schema => {
            let schema = serde_json::to_string_pretty(&config::schema()).expect("a schema is plain data");
            print(&format!("{schema}\n"))?;
            Ok(Exit::Ok)
        }
    }
}

fn show(args: &ShowArgs) -> Result<Exit, Failure> {
    let flags: [&dyn ConfigFlags; 3] = [&args.reading, &args.plugins, &args.asking];
    let effective: EffectiveConfig = effective_config(&args.config, &flags)?;
    let values = effective.values();
    if args.json {
        let values: Vec<Value> = values
            .iter()
            .map(|(key, value, origin)| {
                json!({ "key": key, "value": value, "origin": origin.kind(), "place": origin.to_string() })
            })
            .collect();
        print_json(&json!({ "file": effective.file(), "config": effective.config, "values": values }))?;
        return Ok(Exit::Ok);
    }
    let rows: Vec<(String, String, String)> = values
        .into_iter()
        .map(|(key, value, origin)| {
            let value = if value.is_null() { "(not set)".to_owned() } else { value.to_string() };
            (key, value, origin.to_string())
        })
        .collect();
    let widest = |column: fn(&(String, String, String)) -> usize| rows.iter().map(column).max().unwrap_or(0);
    let (keys, texts) = (widest(|r| r.0.chars().count()), widest(|r| r.1.chars().count()));
    let mut out = String::new();
    for (key, value, origin) in &rows {
        out += &format!("{key:<keys$}  {value:<texts$}  {origin}\n");
    }
    print(&printable(&out))?;
    Ok(Exit::Ok)
}
