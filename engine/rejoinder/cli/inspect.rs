//! `rejoinder inspect`: what files hold and how they will be read, before anything is done with them.

use std::path::PathBuf;

use clap::Args;
use rejoinder_read::{Duplicates, InputFile};
use rejoinder_scan::config::CascadeSection;
use rejoinder_scan::{Engine, Scan, ScanError};

use super::args::{INPUTS, INPUTS_LONG, OUTPUT};
use super::settings::{ConfigFileArgs, ReadingArgs, effective_config};
use super::{Threads, files, print, print_json};
use crate::failure::{Exit, Failure};
use rejoinder_report::inspection::{ChunkInspection, Inspection};

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    #[arg(required = true, value_name = "INPUT", help = INPUTS, long_help = INPUTS_LONG)]
    inputs: Vec<String>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    /// So many dialogues are shown as they will be read
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = OUTPUT)]
    dialogues: usize,
    /// Show what each shape saw in the first records
    #[arg(long, help_heading = OUTPUT)]
    why: bool,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn main(args: &InspectArgs) -> Result<Exit, Failure> {
    let mut effective = effective_config(&args.config, &[&args.reading])?;
    // Nothing is decided here.
    let packs = std::mem::take(&mut effective.config.rules.packs);
    effective.config.plugins.clear();
    effective.config.cascade = CascadeSection::without_score();
    // They are counted in passing, and none is left out.
    let config = &effective.config.input.clone();
    effective.config.input.duplicates = Duplicates::Keep;
    let engine = Engine::of(&effective)?;
    let describe = |path: &PathBuf| InputFile::describe_as(path, config.asked());
    let found = files(&args.inputs)?.iter().map(describe).collect::<Result<Vec<_>, _>>()?;
    let files: Vec<InputFile> = found.iter().map(|(file, _)| file.clone()).collect();
    let mut inspection = Inspection::new(&found, args.dialogues, args.why);
    Scan::of(&engine, &files, args.threads.get()).run(
        |worker, chunk| Ok::<_, ScanError>(ChunkInspection::at(chunk, config, args.dialogues, worker.engine)),
        |looked| {
            inspection.add(looked);
            Ok(())
        },
    )?;
    inspection.end(&args.inputs.join(" "), &packs, &engine.measured.on)?;
    if args.json {
        print_json(&inspection)?;
    } else {
        print(&inspection.text())?;
    }
    match inspection.nothing_read() {
        Some(why) => Err(Failure::new(Exit::Nothing, why)),
        None => Ok(Exit::Ok),
    }
}
