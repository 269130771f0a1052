//! The runs in a folder, a row each.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use rejoinder_report::run_list::RunList;
use rejoinder_run::{RunDir, run_list};

use crate::cli::args::OUTPUT;
use crate::cli::{print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The folder that holds the runs
    #[arg(value_name = "FOLDER", default_value = "runs")]
    folder: PathBuf,
    /// Print one JSON object instead of the table
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

pub(super) fn main(args: &ListArgs) -> Result<Exit, Failure> {
    let folder = &args.folder;
    if RunDir::is_run(folder) {
        let path = folder.display();
        return Err(Failure::usage(format!("{path} is a run itself: rejoinder runs show {path}")));
    }
    if !folder.is_dir() {
        return Err(Failure::usage(format!(
            "{} is no folder; name the one that holds the runs",
            folder.display()
        )));
    }
    let list = RunList::of(folder, &run_list::list(folder)?);
    match args.json {
        true => print_json(&list)?,
        false => print(&list.text(SystemTime::now()))?,
    }
    Ok(Exit::Ok)
}
