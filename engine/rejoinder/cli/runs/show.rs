//! One run in full.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use rejoinder_report::run_list::RunPage;
use rejoinder_run::run_list::{EntryContent, RunEntry};

use crate::cli::args::OUTPUT;
use crate::cli::{print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The run's folder, or that of a job of shards
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Print one JSON object instead of the text
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

pub(super) fn main(args: &ShowArgs) -> Result<Exit, Failure> {
    let entry = RunEntry::at(&args.run);
    if !entry.is_run()
        && let EntryContent::Other(error) = entry.content
    {
        return Err(error.into());
    }
    let page = RunPage::of(&entry);
    match args.json {
        true => print_json(&page)?,
        false => print(&page.text(SystemTime::now()))?,
    }
    Ok(Exit::Ok)
}
