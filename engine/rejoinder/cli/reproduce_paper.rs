//! `rejoinder reproduce-paper`: our run over the user's own copy of LMSYS-Chat-1M beside the data set that the paper released,
//! on one page. The run is a common one, so a judge, a budget and `resume` work as they always do.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rejoinder_export::labels::foreign::LeftOutEntries;
use rejoinder_run::label_import::paper_labels;
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, stages};
use rejoinder_scan::config::EffectiveConfig;

use super::args::{INPUT, OUTPUT};
use super::import_labels::NumberingName;
use super::run;
use super::settings::{
    AskingArgs, ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, effective_config,
};
use super::terminal::remark;
use super::{Threads, asking, print, print_json, signals};
use crate::failure::{Exit, Failure};
use crate::report::numbers::counted;
use crate::report::reproduction::{ReleasedLabels, Reproduction};
use crate::report::summary::Summary;

/// The paper leaves out shorter conversations.
const MIN_MESSAGES: usize = 4;

#[derive(Debug, Args)]
pub(super) struct ReproducePaperArgs {
    /// Folder with the conversations (Parquet or JSONL) and the released .csv
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The .csv, where it lies elsewhere, or there are several
    #[arg(long, value_name = "FILE", help_heading = INPUT)]
    csv: Option<PathBuf>,
    /// Which numbers the .csv calls the categories by
    ///
    /// Old copies use those of Petrak et al., one higher.
    #[arg(long, value_enum, default_value = "paper", help_heading = INPUT)]
    numbering: NumberingName,
    /// Compare this run instead of making a new one
    ///
    /// A run over the same conversations.
    #[arg(long, value_name = "RUN", help_heading = INPUT, conflicts_with_all = ["out", "config"])]
    run: Option<PathBuf>,
    /// Folder for the run [default: runs/0001, runs/0002, …]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    /// Print one JSON object instead of the page
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    #[command(flatten)]
    asking: AskingArgs,
    #[command(flatten)]
    threads: Threads,
}

/// The run that is compared.
enum RunChoice<'a> {
    Made(&'a Path),
    New(Box<EffectiveConfig>),
}

pub(super) fn main(args: &ReproducePaperArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let choice = match &args.run {
        Some(path) => RunChoice::Made(path),
        None => {
            let flags: [&dyn ConfigFlags; 3] = [&args.reading, &args.plugins, &args.asking];
            RunChoice::New(Box::new(effective_config(&args.config, &flags)?))
        }
    };
    let released = released(args)?;
    let (run, stopped) = match choice {
        RunChoice::Made(path) => (RunDir::open(path)?, None),
        RunChoice::New(mut effective) => {
            effective.config.input.min_messages = effective.config.input.min_messages.max(MIN_MESSAGES);
            let (mut run, engine) =
                run::begin(&effective, &[args.dir.display().to_string()], args.out.as_deref())?;
            let watch = Watch::default();
            signals::stop_on_interrupt(&watch.stop)?;
            let ended = asking::with_operator(&watch, args.threads.get(), |operator| {
                stages::scan_and_ask(&mut run, engine, operator, false)
            });
            let stopped = asking::outcome(&run, ended)?;
            (run, stopped)
        }
    };
    let summary = Summary::of(&run, begun.elapsed().as_secs_f64())?;
    let page = Reproduction::of(&run, &released, summary)?;
    if args.json {
        print_json(&page)?;
    } else {
        print(&page.text())?;
    }
    stopped.map_or(Ok(Exit::Ok), Err)
}

/// What the paper released.
fn released(args: &ReproducePaperArgs) -> Result<ReleasedLabels, Failure> {
    let file = match &args.csv {
        Some(file) => file.clone(),
        None => only_csv(&args.dir)?,
    };
    let read = paper_labels(&file, args.numbering.numbering())?;
    let LeftOutEntries { count, first } = &read.left_out;
    if *count > 0 {
        remark(&format!("{}: {} left out; the first: {first}", file.display(), counted(*count, "row")));
    }
    Ok(ReleasedLabels::new(read.rows()))
}

/// The one .csv of a folder.
fn only_csv(dir: &Path) -> Result<PathBuf, Failure> {
    let entries =
        std::fs::read_dir(dir).map_err(|e| Failure::usage(format!("cannot read {}: {e}", dir.display())))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found = paths.filter(|path| path.extension().is_some_and(|name| name == "csv"));
    match (found.next(), found.next()) {
        (Some(file), None) => Ok(file),
        (None, _) => Err(Failure::usage(format!(
            "{} holds no .csv: put the paper's dataset_extraction.csv there, or name it by --csv",
            dir.display()
        ))),
        _ => Err(Failure::usage(format!("{} holds several .csv: name the paper's by --csv", dir.display()))),
    }
}
