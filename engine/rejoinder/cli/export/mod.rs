//! `rejoinder export`: what a run found, as a table, as training files, as tasks for people.

mod feedback;
mod filters;
mod review;
mod training;
mod training_args;

use std::io::{self, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use rejoinder_export::export::example::TrainingTask;
use rejoinder_ledger::part;

use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The feedback itself, in input order: JSON lines or Parquet, the columns of the paper's data set first
    #[command(alias = "table")]
    Feedback(feedback::FeedbackArgs),
    /// Answers to imitate: those that the user praised
    Sft(training_args::TrainingArgs),
    /// Answers with a label: desirable if the user praised them, not if the user said that they are wrong
    Kto(training_args::TrainingArgs),
    /// Two answers to one request: the one that the user asked again about or corrected, and the one praised in the end
    Pairs(training_args::TrainingArgs),
    /// Tasks for people to review, for Argilla or Label Studio; `import-labels` reads what they say
    Review(review::ReviewArgs),
}

pub(super) fn main(args: &ExportArgs) -> Result<Exit, Failure> {
    match &args.what {
        What::Feedback(args) => feedback::main(args),
        What::Sft(args) => training::main(TrainingTask::Sft, args),
        What::Kto(args) => training::main(TrainingTask::Kto, args),
        What::Pairs(args) => training::main(TrainingTask::Pairs, args),
        What::Review(args) => review::main(args),
    }
}

/// What becomes of files that are there already.
#[derive(Debug, Args)]
struct Overwriting {
    /// Replace what is there already
    #[arg(long)]
    force: bool,
}

impl Overwriting {
    /// That a file named by the user may be written.
    ///
    /// # Errors
    /// If there is one that holds something, and nobody wants it replaced.
    fn check(&self, path: &Path) -> Result<(), Failure> {
        let holds_something = path.metadata().is_ok_and(|found| found.is_file() && found.len() > 0);
        if self.force || is_stdout(path) || !holds_something {
            return Ok(());
        }
        Err(Failure::usage(format!("{} is there already; --force replaces it", path.display())))
    }
}

/// Whether a path stands for standard output.
fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes a file, or what stands in its place: standard output, a device or a pipe.
fn write(
    path: &Path,
    content: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), Failure> {
    if is_stdout(path) {
        let mut out = io::BufWriter::new(io::stdout());
        content(&mut out)?;
        return Ok(out.flush()?);
    }
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        // A file put in its place would destroy it.
        let opened = std::fs::OpenOptions::new().write(true).open(path);
        let written = opened.and_then(|file| {
            let mut out = io::BufWriter::new(file);
            content(&mut out)?;
            out.flush()
        });
        return written.map_err(|e| Failure::io(format!("cannot write {}", path.display()), &e));
    }
    Ok(part::write_with(path, content)?)
}
