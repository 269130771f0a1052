//! `rejoinder import-labels`: labels that people made with other programs, as a file that stands beside the corpus.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rejoinder_export::labels::foreign::{self, CategoryNumbering, LeftOutEntries};
use rejoinder_ledger::part;
use rejoinder_read::{Container, InputFile, JsonValuesError, json_values};
use rejoinder_scan::config::InputConfig;
use serde::Serialize;
use serde_json::Value;

use super::terminal::remark;
use crate::failure::{Exit, Failure};
use crate::report::numbers::thousands;

#[derive(Debug, Args)]
pub(super) struct ImportLabelsArgs {
    /// Files that the program exported, or folders with such .json files
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// What they are
    #[arg(long, value_enum)]
    from: Origin,
    /// Which numbers the paper's CSV calls the categories by: old copies use those of Petrak et al., one higher
    #[arg(long, value_enum, required_if_eq("from", "paper"))]
    numbering: Option<NumberingName>,
    /// The file to write, for --label-file; of petrak a corpus with its labels
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Origin {
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
    let files = json_files(&args.inputs)?;
    let mut labels = Labels::default();
    // What reading a file fails of is told as it is, not as a failure to write.
    let mut unread = None;
    let written = part::write_with(&args.out, |out| {
        for file in &files {
            match labels.read(args, file) {
                Ok(lines) => out.write_all(&lines)?,
                Err(failure) => {
                    unread = Some(failure);
                    return Err(std::io::ErrorKind::Other.into());
                }
            }
        }
        if labels.conversations == 0 {
            unread = Some(labels.nothing_read());
            return Err(std::io::ErrorKind::Other.into());
        }
        Ok(())
    });
    if let Some(failure) = unread {
        return Err(failure);
    }
    written?;
    let LeftOutEntries { count, first } = &labels.left_out;
    if *count > 0 {
        remark(&format!("left out: {} entries; the first: {first}", thousands(*count)));
    }
    remark(&format!("labels of {} conversations in {}", thousands(labels.conversations), args.out.display()));
    Ok(Exit::Ok)
}

/// The rows of a CSV of the paper or the records of another file of labels, none longer than a record of the input may be.
pub(super) fn records(file: &InputFile) -> impl Iterator<Item = Result<Value, JsonValuesError>> {
    json_values(file, InputConfig::default().max_record_bytes)
}

impl ImportLabelsArgs {
    fn numbering(&self) -> CategoryNumbering {
        self.numbering.unwrap_or(NumberingName::Paper).numbering()
    }
}

/// What was read, and what was not.
#[derive(Default)]
struct Labels {
    conversations: u64,
    left_out: LeftOutEntries,
}

impl Labels {
    /// Why there is no label at all.
    fn nothing_read(&self) -> Failure {
        let LeftOutEntries { count, first } = &self.left_out;
        let why = match count {
            0 => "nobody has answered an entry yet, or the files are not what --from says".to_owned(),
            _ => {
                format!("all {} entries with an answer were left out; the first: {first}", thousands(*count))
            }
        };
        Failure::new(Exit::Nothing, format!("no label was read, and nothing is written: {why}"))
    }

    /// The lines to write for a file.
    fn read(&mut self, args: &ImportLabelsArgs, file: &Path) -> Result<Vec<u8>, Failure> {
        let container = match args.from {
            Origin::Paper => Container::Csv,
            Origin::Argilla | Origin::LabelStudio | Origin::Petrak => Container::Array,
        };
        let shown = file.display();
        let input = InputFile::of_json_values(file, container)?;
        let records = records(&input);
        let mut lines = Vec::new();
        let imported = match args.from {
            Origin::Argilla => foreign::argilla(records),
            Origin::LabelStudio => foreign::label_studio(records),
            Origin::Paper => foreign::paper(records, args.numbering()),
            Origin::Petrak => {
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                match foreign::petrak(records, &name) {
                    Ok(dialogue) => self.push(&mut lines, &dialogue),
                    Err(why) => self.left_out.add(1, || format!("{shown}: {why}")),
                }
                return Ok(lines);
            }
        };
        let imported = imported.map_err(|why| Failure::usage(format!("{shown} cannot be used: {why}")))?;
        self.left_out.add(imported.left_out.count, || format!("{shown}: {}", imported.left_out.first));
        imported.rows().for_each(|row| self.push(&mut lines, &row));
        Ok(lines)
    }

    fn push(&mut self, lines: &mut Vec<u8>, row: &impl Serialize) {
        serde_json::to_writer(&mut *lines, row).expect("labels are plain data");
        lines.push(b'\n');
        self.conversations += 1;
    }
}

/// The files, and those named .json in the folders, sorted.
fn json_files(inputs: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for input in inputs {
        if !input.is_dir() {
            files.push(input.clone());
            continue;
        }
        let unreadable = |e| Failure::io(format!("cannot read {}", input.display()), &e);
        let entries = std::fs::read_dir(input).map_err(unreadable)?;
        let mut inside = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(unreadable)?;
        inside.retain(|path| path.extension().is_some_and(|name| name == "json"));
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}
