//! `rejoinder plugin inspect`: what a library says of itself, and its hash for a pin.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use rejoinder_core::printable;
use rejoinder_host::{FactKind, LibraryOrigin};

use super::super::args::OUTPUT;
use super::super::{print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct InspectArgs {
    /// The library
    #[arg(value_name = "FILE")]
    library: PathBuf,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

pub(in crate::cli) fn main(args: &InspectArgs) -> Result<Exit, Failure> {
    let (description, origin) =
        rejoinder_host::inspect(&args.library).map_err(|e| Failure::invalid(printable(&e.to_string())))?;
    let LibraryOrigin::File { path, blake3 } = origin else { unreachable!("it was read from a file") };
    let size = std::fs::metadata(&path)
        .map_err(|e| Failure::io(format!("cannot read {}", path.display()), &e))?
        .len();
    if args.json {
        print_json(
            &serde_json::json!({ "path": path, "size": size, "blake3": blake3, "plugin": description }),
        )?;
        return Ok(Exit::Ok);
    }
    let mut out = String::new();
    let (major, minor) = description.abi;
    let facts = description.facts.iter().map(|fact| {
        let kind = match &fact.kind {
            FactKind::Number { .. } => fact.kind.to_string(),
            FactKind::Truth => "a truth".to_owned(),
            FactKind::Word { words } => format!("one of {}", words.join(", ")),
        };
        format!("{}.{}: {kind}; {}", description.name, fact.name, fact.about)
    });
    let facts: Vec<String> = facts.collect();
    let asks = if description.gives.is_asked() { description.asks.to_string() } else { String::new() };
    let interface = match description.struct_size {
        0 => format!("{major}.{minor}, by a runner for Python"),
        bytes => format!("{major}.{minor}, a table of {bytes} bytes"),
    };
    let threads = if description.concurrent { "all share one state" } else { "each has a state of its own" };
    for (key, value) in [
        ("name", description.name),
        ("version", description.version),
        ("about", description.about),
        ("gives", description.gives.to_string()),
        ("asks for", asks),
        ("facts", facts.join("\n")),
        ("interface", interface),
        ("flags", format!("{:#x}", description.flags)),
        ("threads", threads.to_owned()),
        ("path", path.display().to_string()),
        ("size", format!("{size} bytes")),
        ("blake3", blake3),
        ("reasons", description.reasons.join("; ")),
        ("config", description.config_schema),
    ] {
        let value = if value.is_empty() { "-" } else { &value };
        let value = printable(value);
        let _ = writeln!(out, "{key:<10} {}", value.replace('\n', "\n           "));
    }
    print(&out)?;
    Ok(Exit::Ok)
}
