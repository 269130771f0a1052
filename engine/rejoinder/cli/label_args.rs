//! Flags that say which records and turns of a labelled corpus count: what `eval`, `train`, `plugin bench` and `rules stats` ask
//! alike.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rejoinder_core::printable;
use rejoinder_export::labels::label_file::LabelFile;
use rejoinder_read::condition::Condition;
use rejoinder_run::labels::{LabelReader, LabelSource, Unlabelled};

use super::terminal::remark;
use crate::failure::Failure;
use rejoinder_report::numbers::were;

#[derive(Debug, Args)]
#[command(next_help_heading = "Labels")]
pub(super) struct LabelArgs {
    /// Labels beside the corpus, in place of the records' own
    ///
    /// Joined by the conversation's id; as review and import-labels write them.
    #[arg(long, value_name = "FILE")]
    label_file: Option<PathBuf>,
    /// What later turns without a label are
    #[arg(long, value_enum, default_value_t = UnlistedTurns::None)]
    unlisted: UnlistedTurns,
    /// Only records whose column KEY is VALUE, such as split=dev
    #[arg(long = "where", value_name = "KEY=VALUE")]
    filter: Option<Condition>,
    /// No records whose column KEY is VALUE; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    except: Vec<Condition>,
}

impl LabelArgs {
    /// Whether a flag is given.
    pub(super) fn is_given(&self) -> bool {
        let Self { label_file, unlisted, filter, except } = self;
        label_file.is_some() || *unlisted != UnlistedTurns::None || filter.is_some() || !except.is_empty()
    }
}

/// What later turns without a label are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum UnlistedTurns {
    /// No feedback: the labellers read every turn
    None,
    /// Not judged: they count for nothing
    Ignore,
}

/// The reader of the labels that are asked for: by a flag of the verb (`by_flag`), or by naming a file of labels.
///
/// # Errors
/// If the file of labels cannot be used.
pub(super) fn label_reader(args: &LabelArgs, by_flag: bool) -> Result<LabelReader, Failure> {
    Ok(LabelReader {
        reads: by_flag || args.label_file.is_some(),
        source: label_source(args.label_file.as_deref())?,
        is_complete: args.unlisted == UnlistedTurns::None,
        filter: args.filter.clone(),
        except: args.except.clone(),
    })
}

/// Where the labels stand: in a file, if the command line names one.
///
/// # Errors
/// If the file cannot be used.
pub(super) fn label_source(file: Option<&Path>) -> Result<LabelSource, Failure> {
    Ok(file.map(side_car).transpose()?.map_or(LabelSource::Records, LabelSource::File))
}

/// Reads a file of labels that is named on the command line.
///
/// # Errors
/// If the file cannot be read, or is no file of labels.
pub(super) fn side_car(file: &Path) -> Result<LabelFile, Failure> {
    let wrong = |why: String| {
        Failure::usage(format!("invalid value '{}' for '--label-file <FILE>': {why}", file.display()))
    };
    let lines = std::fs::read_to_string(file).map_err(|e| wrong(format!("cannot read it: {e}")))?;
    let labels = LabelFile::new(&lines).map_err(|why| wrong(why.to_string()))?;
    if labels.is_torn() {
        remark(&format!("the last line of {} breaks off in the middle, and was left out", file.display()));
    }
    Ok(labels)
}

/// The failure of a comparison with no labels at all, and its likeliest reason.
pub(super) fn nothing_labelled(source: &LabelSource) -> Failure {
    let labels = match source {
        LabelSource::Records => {
            "the records have no usable `labels`: give --label-file FILE for labels that stand beside the corpus".to_owned()
        }
        LabelSource::File(file) => {
            let named = file
                .example()
                .map_or_else(|| "it is empty".to_owned(), |id| format!("such as `{}`", printable(id)));
            format!(
                "none of the {} conversations in the file of labels ({named}) is one of them with a later turn that counts: the \
                 labels are of another corpus, or the ids were made anew. `rejoinder inspect INPUT` shows the input's ids",
                file.len()
            )
        }
    };
    Failure::usage(format!("no labelled turn was found in the input: {labels}"))
}

/// Tells the user how many records were left out for want of labels, if any were.
pub(super) fn remark_unlabelled(Unlabelled { records, first }: &Unlabelled) {
    if let Some(first) = first {
        remark(&format!("{} left out for want of labels; the first: {first}", were(*records, "record")));
    }
}
