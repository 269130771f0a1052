//! `rejoinder report`: a run as one page for a browser, as Markdown or as JSON.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_ledger::part;
use rejoinder_run::RunDir;

use super::args::{DRAW, OUTPUT};
use super::export::{OverwriteArgs, check_overwriting};
use super::terminal::remark;
use super::{InputRoot, Threads, find_input, json_line, print};
use crate::failure::{Exit, Failure};
use rejoinder_report::run_report::{self, ReportOptions, RunReport};

/// The file of a report in a run's folder.
const FILE: &str = "report.html";

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The run's folder
    #[arg(value_name = "RUN", required_unless_present = "schema")]
    run: Option<PathBuf>,
    #[command(flatten)]
    input: InputRoot,
    /// File to write [default: report.html in the run's folder]
    ///
    /// Markdown and JSON are printed where no file is named.
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwriting: OverwriteArgs,
    /// Leave out all that chats say, ids of conversations, and names of files
    #[arg(long, help_heading = OUTPUT)]
    anonymous: bool,
    /// The figures as Markdown, for pull requests and data set cards
    #[arg(long, conflicts_with = "json", help_heading = OUTPUT)]
    markdown: bool,
    /// The report as one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
    /// Print the JSON Schema of what --json prints
    #[arg(long, exclusive = true, help_heading = OUTPUT)]
    schema: bool,
    /// Another seed shows other examples
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = DRAW)]
    seed: u64,
    /// Turns of each kind that are shown, at most 12
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=12), help_heading = DRAW)]
    examples: u8,
    #[command(flatten)]
    threads: Threads,
}

pub(super) fn main(args: &ReportArgs) -> Result<Exit, Failure> {
    let Some(path) = args.run.as_ref().filter(|_| !args.schema) else {
        let schema = serde_json::to_string_pretty(&run_report::schema()).expect("a schema is plain data");
        print(&format!("{schema}\n"))?;
        return Ok(Exit::Ok);
    };
    args.out.iter().try_for_each(|file| check_overwriting(&args.overwriting, file))?;
    let run = find_input(&args.input, RunDir::open(path)?)?;
    let options = ReportOptions {
        anonymous: args.anonymous,
        seed: args.seed,
        examples_each: usize::from(args.examples),
    };
    let report = made(&run, &options, args.threads.get())?;
    let text = match (args.markdown, args.json) {
        (true, _) => run_report::markdown(&report),
        (_, true) => json_line(&report),
        _ => run_report::html(&report),
    };
    let file = match &args.out {
        None if args.markdown || args.json => {
            print(&text)?;
            return Ok(Exit::Ok);
        }
        None => run.path.join(FILE),
        Some(file) => file.clone(),
    };
    write(&file, &text)?;
    print(&format!("{}\n", file.display()))?;
    Ok(Exit::Ok)
}

/// Writes the page of a run that has just ended, where the flag asks for it.
///
/// # Errors
/// If run or input cannot be read, or the file cannot be written.
pub(super) fn write_page(run: &RunDir, threads: NonZeroUsize) -> Result<(), Failure> {
    let report = made(run, &ReportOptions::default(), threads)?;
    let file = run.path.join(FILE);
    write(&file, &run_report::html(&report))?;
    remark(&format!("the report is in {}", file.display()));
    Ok(())
}

fn made(run: &RunDir, options: &ReportOptions, threads: NonZeroUsize) -> Result<RunReport, Failure> {
    let engine = run.engine()?;
    let map = &run.manifest.config.input.map;
    if options.examples_each > 0 && run.manifest.inputs.iter().any(|file| !file.can_seek(map)) {
        remark(
            "the input is compressed, or its records are joined with others, so it is read through once for the examples; --examples 0 \
             leaves them out",
        );
    }
    Ok(RunReport::of(run, &engine, options, threads)?)
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    // The error names the file.
    part::write(file, text.as_bytes()).map_err(|e| Failure::new(Exit::Io, e.to_string()))
}
