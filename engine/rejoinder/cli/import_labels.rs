//! `rejoinder import-labels`: labels that people made with other programs, as a file that stands beside the corpus.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rejoinder_export::labels::foreign::{CategoryNumbering, LeftOutEntries};
use rejoinder_run::label_import::{LabelImport, LabelProgram, import_labels, label_files};

use super::args::{INPUT, OUTPUT};
use super::terminal::remark;
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;

#[derive(Debug, Args)]
pub(super) struct ImportLabelsArgs {
    /// Exported files, or folders with such .json files
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// What they are
    #[arg(long, value_enum, help_heading = INPUT)]
    from: ProgramName,
    /// Which numbers the paper's CSV calls the categories by
    ///
    /// Old copies use those of Petrak et al., one higher.
    #[arg(long, value_enum, required_if_eq("from", "paper"), help_heading = INPUT)]
    numbering: Option<NumberingName>,
    /// The file to write, for --label-file
    ///
    /// Of petrak a corpus with its labels.
    #[arg(long, short, value_name = "FILE", help_heading = OUTPUT)]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProgramName {
    /// Argilla: records written by `records.to_json`
    Argilla,
    /// Label Studio: its JSON export
    LabelStudio,
    /// The CSV released with arXiv 2407.10944
    Paper,
    /// The dialogues of Petrak et al. 2023, data/preprocessed in their repository
    Petrak,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NumberingName {
    /// UR1 is to repeat or rephrase, UR5 is praise
    Paper,
    /// UR2 is to repeat or rephrase, UR6 is praise
    Petrak,
}

impl NumberingName {
    pub(super) const fn numbering(self) -> CategoryNumbering {
        match self {
            Self::Paper => CategoryNumbering::Paper,
            Self::Petrak => CategoryNumbering::Petrak,
        }
    }
}

pub(super) fn main(args: &ImportLabelsArgs) -> Result<Exit, Failure> {
    let files = label_files(&args.inputs)?;
    let LabelImport { conversations, left_out } = import_labels(&files, program(args), &args.out)?;
    let LeftOutEntries { count, first } = &left_out;
    if *count > 0 {
        remark(&format!("left out: {}; the first: {first}", counted(*count, "entry")));
    }
    remark(&format!("labels of {} in {}", counted(conversations, "conversation"), args.out.display()));
    Ok(Exit::Ok)
}

/// The program that the flags name.
fn program(args: &ImportLabelsArgs) -> LabelProgram {
    match args.from {
        ProgramName::Argilla => LabelProgram::Argilla,
        ProgramName::LabelStudio => LabelProgram::LabelStudio,
        ProgramName::Paper => LabelProgram::Paper(args.numbering.unwrap_or(NumberingName::Paper).numbering()),
        ProgramName::Petrak => LabelProgram::Petrak,
    }
}
