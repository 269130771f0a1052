//! Labels that people made with other programs, as a file that stands beside the corpus.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use rejoinder_export::labels::foreign::{
    self, CategoryNumbering, ImportError, ImportedLabels, LeftOutEntries,
};
use rejoinder_ledger::part;
use rejoinder_read::{Container, InputFile, JsonValuesError, json_values};
use rejoinder_scan::config::InputConfig;
use serde::Serialize;
use serde_json::Value;

use crate::error::RunError;

/// The program or the data set that files of labels come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelProgram {
    /// Argilla: records written by `records.to_json`.
    Argilla,
    /// Label Studio: its JSON export.
    LabelStudio,
    /// The CSV released with arXiv 2407.10944, which calls the categories by these numbers.
    Paper(CategoryNumbering),
    /// The dialogues of Petrak et al. 2023.
    Petrak,
}

/// What an import has read, and what it has left out.
#[derive(Debug, Default)]
pub struct LabelImport {
    /// Conversations whose labels were read.
    pub conversations: u64,
    /// Entries that were left out.
    pub left_out: LeftOutEntries,
}

/// Why labels were not imported.
#[derive(Debug)]
pub enum LabelImportError {
    /// A file could not be read or written.
    Run(RunError),
    /// A file is not what it was said to be.
    Unusable {
        /// The file.
        file: PathBuf,
        /// What is wrong with the file.
        why: ImportError,
    },
    /// No file holds a label that can be used.
    NoLabel(LeftOutEntries),
}

impl fmt::Display for LabelImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(error) => error.fmt(f),
            Self::Unusable { file, why } => write!(f, "{} cannot be used: {why}", file.display()),
            Self::NoLabel(_) => f.write_str("no label was read, and nothing is written"),
        }
    }
}

impl std::error::Error for LabelImportError {}

impl<E: Into<RunError>> From<E> for LabelImportError {
    fn from(error: E) -> Self {
        Self::Run(error.into())
    }
}

/// Reads files of labels, and writes them into one file with a line for each conversation. Without a label there is no file.
///
/// # Errors
/// If a file cannot be read, is not what it was said to be, or cannot be written; or if there is no label.
pub fn import_labels(
    files: &[PathBuf],
    program: LabelProgram,
    out: &Path,
) -> Result<LabelImport, LabelImportError> {
    let mut import = LabelImport::default();
    // Why reading failed is told as it is, not as a failure to write.
    let mut unread = None;
    let written = part::write_with(out, |out| {
        for file in files {
            match import.lines(program, file) {
                Ok(lines) => out.write_all(&lines)?,
                Err(failure) => {
                    unread = Some(failure);
                    return Err(io::ErrorKind::Other.into());
                }
            }
        }
        if import.conversations == 0 {
            unread = Some(LabelImportError::NoLabel(std::mem::take(&mut import.left_out)));
            return Err(io::ErrorKind::Other.into());
        }
        Ok(())
    });
    if let Some(failure) = unread {
        return Err(failure);
    }
    written?;
    Ok(import)
}

impl LabelImport {
    /// The lines to write for a file.
    fn lines(&mut self, program: LabelProgram, file: &Path) -> Result<Vec<u8>, LabelImportError> {
        let container = match program {
            LabelProgram::Paper(_) => Container::Csv,
            LabelProgram::Argilla | LabelProgram::LabelStudio | LabelProgram::Petrak => Container::Array,
        };
        let shown = file.display();
        let input = InputFile::of_json_values(file, container)?;
        let records = records(&input);
        let mut lines = Vec::new();
        let imported = match program {
            LabelProgram::Argilla => foreign::argilla(records),
            LabelProgram::LabelStudio => foreign::label_studio(records),
            LabelProgram::Paper(numbering) => foreign::paper(records, numbering),
            LabelProgram::Petrak => {
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                match foreign::petrak(records, &name) {
                    Ok(dialogue) => self.push(&mut lines, &dialogue),
                    Err(why) => self.left_out.add(1, || format!("{shown}: {why}")),
                }
                return Ok(lines);
            }
        };
        let imported = imported.map_err(|why| unusable(file, why))?;
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

/// The labels of the table that the paper released: CSV, or by the file's name JSON lines.
///
/// # Errors
/// If the file cannot be read, or is another one.
pub fn paper_labels(file: &Path, numbering: CategoryNumbering) -> Result<ImportedLabels, LabelImportError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_lines = name.split('.').skip(1).any(|ending| matches!(ending, "jsonl" | "ndjson"));
    let table = InputFile::of_json_values(file, if is_lines { Container::Lines } else { Container::Csv })?;
    foreign::paper(records(&table), numbering).map_err(|why| unusable(file, why))
}

/// The files, and those named .json in the folders, sorted.
///
/// # Errors
/// If a folder cannot be read.
pub fn label_files(inputs: &[PathBuf]) -> Result<Vec<PathBuf>, RunError> {
    let mut files = Vec::new();
    for input in inputs {
        if !input.is_dir() {
            files.push(input.clone());
            continue;
        }
        let unreadable = |e| RunError::io(format!("cannot read {}", input.display()), &e);
        let entries = std::fs::read_dir(input).map_err(unreadable)?;
        let mut inside =
            entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().map_err(unreadable)?;
        inside.retain(|path| path.extension().is_some_and(|name| name == "json"));
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

fn unusable(file: &Path, why: ImportError) -> LabelImportError {
    LabelImportError::Unusable { file: file.to_owned(), why }
}

/// The rows of a CSV or the records of another file of labels, none longer than a record of the input may be.
fn records(file: &InputFile) -> impl Iterator<Item = Result<Value, JsonValuesError>> {
    json_values(file, InputConfig::default().max_record_bytes)
}
