//! `rejoinder export feedback`: the table.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rejoinder_export::export::table::TableFormat;
use rejoinder_run::RunDir;
use rejoinder_run::exporting::{ExportError, WrittenTable, write_feedback};

use super::redaction::{self, RedactionArgs};
use super::{OverwriteArgs, check_overwriting, is_stdout, write};
use crate::cli::args::OUTPUT;
use crate::cli::terminal::remark;
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;
use rejoinder_report::remarks;
use rejoinder_report::summary::Summary;

#[derive(Debug, Args)]
pub(super) struct FeedbackArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// File to write, - for standard output
    ///
    /// [default: feedback.jsonl or feedback.parquet in the run's folder]
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwriting: OverwriteArgs,
    /// What to write [default: as --out says, else jsonl]
    #[arg(long, value_enum, help_heading = OUTPUT)]
    format: Option<FormName>,
    #[command(flatten)]
    redaction: RedactionArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormName {
    /// One JSON object a line
    Jsonl,
    /// Parquet, compressed with Snappy
    Parquet,
}

/// The form that the flags ask for.
fn form(args: &FeedbackArgs) -> FormName {
    let is_named = |out: &PathBuf| out.extension().is_some_and(|name| name.eq_ignore_ascii_case("parquet"));
    args.format.unwrap_or(match args.out.as_ref().is_some_and(is_named) {
        true => FormName::Parquet,
        false => FormName::Jsonl,
    })
}

pub(super) fn main(args: &FeedbackArgs) -> Result<Exit, Failure> {
    args.out.iter().try_for_each(|path| check_overwriting(&args.overwriting, path))?;
    let run = RunDir::open(&args.run)?;
    let (form, name) = match form(args) {
        FormName::Jsonl => (TableFormat::JsonLines, "feedback.jsonl"),
        FormName::Parquet => (TableFormat::Parquet, "feedback.parquet"),
    };
    let path = args.out.clone().unwrap_or_else(|| run.path.join(name));
    let redactor = args.redaction.redactor();
    let mut table = WrittenTable::default();
    // Why reading the run failed is told as it is, not as a failure to write.
    let mut unread = None;
    let written = write(&path, |out| match write_feedback(&run, form, redactor.as_ref(), out) {
        Ok(written) => {
            table = written;
            Ok(())
        }
        Err(ExportError::Write(error)) => Err(error),
        Err(ExportError::Read(error)) => {
            unread = Some(error);
            Err(std::io::ErrorKind::Other.into())
        }
    });
    if let Some(error) = unread {
        return Err(error.into());
    }
    written?;
    remark(&counted(table.rows, "row"));
    redactor.iter().for_each(|redactor| redaction::tell(redactor, table.redacted, "row"));
    if table.rows == 0 {
        remark(&remarks::no_row(&Summary::of(&run, 0.0)?, &[]));
    }
    if !is_stdout(&path) {
        remark(&format!("wrote {}", path.display()));
    }
    Ok(Exit::Ok)
}
