//! `rejoinder import-labels`: labels that people made with other programs, as a file that stands beside the corpus.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rejoinder_data::labels::foreign::{self, Imported, Numbering};
use rejoinder_data::part;
use serde::Serialize;

use super::terminal::remark;
use crate::failure::{Exit, Failure};
use crate::report::summary::thousands;

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
    pub(super) const fn numbering(self) -> Numbering {
        match self {
            Self::Paper => Numbering::Paper,
            Self::Petrak => Numbering::Petrak,
        }
    }
}

pub(super) fn main(args: &ImportLabelsArgs) -> Result<Exit, Failure> {
    let mut labels = Labels::default();
    for file in json_files(&args.inputs)? {
        let text = read(&file)?;
        let imported = match args.from {
            Origin::Argilla => foreign::argilla(&text),
            Origin::LabelStudio => foreign::label_studio(&text),
            Origin::Paper => foreign::paper(text.as_bytes(), args.numbering()),
            Origin::Petrak => {
                labels.add_dialogue(&file, &text);
                continue;
            }
        };
        let imported =
            imported.map_err(|why| Failure::usage(format!("{} cannot be used: {why}", file.display())))?;
        labels.add(&file, imported);
    }
    part::write(&args.out, &labels.lines)?;
    if let Some(first) = labels.left_out.first() {
        remark(&format!("left out: {} entries; the first: {first}", thousands(labels.left_out.len() as u64)));
    }
    remark(&format!("labels of {} conversations in {}", thousands(labels.conversations), args.out.display()));
    Ok(Exit::Ok)
}

impl ImportLabelsArgs {
    fn numbering(&self) -> Numbering {
        self.numbering.unwrap_or(NumberingName::Paper).numbering()
    }
}

/// What was read, and what was not.
#[derive(Default)]
struct Labels {
    lines: Vec<u8>,
    conversations: u64,
    left_out: Vec<String>,
}

impl Labels {
    fn add(&mut self, file: &Path, imported: Imported) {
        self.left_out.extend(imported.left_out.iter().map(|why| format!("{}: {why}", file.display())));
        imported.rows().for_each(|row| self.push(&row));
    }

    fn add_dialogue(&mut self, file: &Path, text: &str) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        match foreign::petrak(text, &name) {
            Ok(dialogue) => self.push(&dialogue),
            Err(why) => self.left_out.push(format!("{}: {why}", file.display())),
        }
    }

    fn push(&mut self, row: &impl Serialize) {
        serde_json::to_writer(&mut self.lines, row).expect("labels are plain data");
        self.lines.push(b'\n');
        self.conversations += 1;
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|e| Failure::usage(format!("cannot read {}: {e}", file.display())))
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
