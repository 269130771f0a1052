//! `rejoinder rules fmt`: rule files in one style.

use std::collections::HashSet;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use clap::Args;
use rejoinder_core::diagnostic::Diagnostic;
use rejoinder_core::printable;
use rejoinder_rules::{Pack, PackIdentity, UnreadableFile, format_text};

use super::super::args::OUTPUT;
use super::super::print;
use super::files::{no_rule_file, unusable};
use super::replace::write_rule_file;
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;
use rejoinder_report::rule_author::text_difference::text_difference;

/// Standard input, in the place of a file.
const STDIN: &str = "-";

#[derive(Debug, Args)]
pub(super) struct FmtArgs {
    /// Rule files, folders of them, or `-`: standard input to standard output
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Write nothing; show what would change, and end with 3 if anything would
    #[arg(long, help_heading = OUTPUT)]
    check: bool,
}

pub(super) fn main(args: &FmtArgs) -> Result<Exit, Failure> {
    if args.files.is_empty() {
        return Err(Failure::usage(
            "name rule files, or folders of them, or - for standard input (the shipped packs stand inside the program)",
        ));
    }
    if args.files.iter().any(|file| file == STDIN) {
        return match &*args.files {
            [_] => of_stdin(args.check),
            _ => Err(Failure::usage(
                "- stands for standard input, and is formatted alone: leave the other files out",
            )),
        };
    }
    let files = named_files(&args.files)?;
    let (mut changed, mut lost) = (0, 0);
    let mut out_of_reach = Vec::new();
    for file in &files {
        match format_file(file, args.check) {
            FormatOutcome::AsItWas => {}
            FormatOutcome::Other(difference) => {
                changed += 1;
                let name = printable(file).replace('\n', "\\n");
                print(&if args.check {
                    format!("{name}\n{difference}\n")
                } else {
                    format!("formatted {name}\n")
                })?;
            }
            FormatOutcome::Lost(finding) => {
                lost += 1;
                print(&format!("{finding}\n\n"))?;
            }
            FormatOutcome::OutOfReach(why) => out_of_reach.push(why),
        }
    }
    let unformatted = lost + out_of_reach.len();
    let [changed_files, others] =
        [changed, files.len() - changed - unformatted].map(|count| counted(count as u64, "file"));
    let lost_files = if unformatted > 0 {
        format!(", {} that cannot be formatted", counted(unformatted as u64, "file"))
    } else {
        String::new()
    };
    let verdict = if args.check { "not formatted" } else { "formatted" };
    print(&format!("{changed_files} {verdict}, {others} in the one style already{lost_files}\n"))?;
    if !out_of_reach.is_empty() {
        return Err(Failure::new(Exit::Io, out_of_reach.join("\n")));
    }
    Ok(if lost > 0 || (args.check && changed > 0) { Exit::CheckFailed } else { Exit::Ok })
}

fn of_stdin(is_check: bool) -> Result<Exit, Failure> {
    const NAME: &str = "<stdin>";
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(|e| Failure::io("cannot read standard input", &e))?;
    let failed = |finding: Box<Diagnostic>| Failure::new(Exit::CheckFailed, finding.to_string());
    let text =
        std::str::from_utf8(&bytes).map_err(|_| failed(UnreadableFile::not_utf8(NAME, &bytes).into()))?;
    let formatted = format_text(NAME, text).map_err(failed)?;
    if !is_check {
        print(&formatted)?;
        return Ok(Exit::Ok);
    }
    print(&text_difference(text, &formatted))?;
    Ok(if formatted == text { Exit::Ok } else { Exit::CheckFailed })
}

/// The files that the names stand for, each once.
fn named_files(names: &[String]) -> Result<Vec<String>, Failure> {
    let mut files = Vec::new();
    for name in names {
        if Pack::shipped().any(|shipped| shipped == name) {
            return Err(Failure::usage(format!(
                "`{name}` is a shipped pack, which stands inside the program: name a file by its path, such as ./{name}.toml"
            )));
        }
        let path = Path::new(name);
        match path.is_dir() {
            true => {
                let found = Pack::files_in(path).map_err(unusable)?;
                if found.is_empty() {
                    return Err(no_rule_file(name));
                }
                files.extend(found.iter().map(|file| file.display().to_string()));
            }
            false => files.push(name.clone()),
        }
    }
    let mut met = HashSet::new();
    files.retain(|file| met.insert(PackIdentity::of_file(file)));
    Ok(files)
}

/// What became of a file.
enum FormatOutcome {
    AsItWas,
    /// The file was not in the one style; in which lines.
    Other(String),
    /// The file is not text, or not TOML.
    Lost(Box<Diagnostic>),
    /// The file cannot be read or written; the file and why, in words.
    OutOfReach(String),
}

fn format_file(file: &str, is_check: bool) -> FormatOutcome {
    let path = Path::new(file);
    let text = match Pack::read_text(path) {
        Ok(text) => text,
        Err(lost) if lost.error.kind() == ErrorKind::InvalidData => {
            return FormatOutcome::Lost(lost.finding().into());
        }
        Err(lost) => {
            return FormatOutcome::OutOfReach(format!("cannot read rules from {file}: {}", lost.error));
        }
    };
    let formatted = match format_text(file, &text) {
        Ok(formatted) => formatted,
        Err(finding) => return FormatOutcome::Lost(finding),
    };
    if formatted == text {
        return FormatOutcome::AsItWas;
    }
    if !is_check && let Err(error) = write_rule_file(path, &formatted) {
        return FormatOutcome::OutOfReach(format!("cannot write {file}: {error}"));
    }
    FormatOutcome::Other(text_difference(&text, &formatted))
}
