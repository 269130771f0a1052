//! `rejoinder rules`: the rule author's bench. A file a verb.

use clap::{Args, Subcommand};
use rejoinder_rules::{Pack, PackError};

use crate::failure::{Exit, Failure};

mod check;
mod list;
mod stats;
mod test;

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Report all mistakes in rule files, with their places
    Check(Files),
    /// Run the tests inside rule files
    Test(Files),
    /// List the rules of files
    List(Files),
    /// Measure each rule on a corpus: hits, effect, time, and precision where there are labels
    Stats(Box<stats::StatsArgs>),
}

#[derive(Debug, Args)]
struct Files {
    /// Rule files, folders of them, or names of shipped packs [default: the shipped packs]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Files {
    fn names(&self) -> Vec<String> {
        if self.files.is_empty() { Pack::shipped().map(str::to_owned).collect() } else { self.files.clone() }
    }

    /// The files that the user named, each behind those that it extends.
    fn load(&self) -> Result<Vec<Loaded>, Failure> {
        let mut loaded: Vec<Loaded> = Vec::new();
        for name in self.names() {
            for pack in Pack::named(&name).map_err(unusable)? {
                if loaded.iter().all(|l| l.file != pack.file) {
                    loaded.push(Loaded { file: pack.file.clone(), packs: Pack::with_extended(pack) });
                }
            }
        }
        Ok(loaded)
    }
}

/// A rule file that the user named.
struct Loaded {
    /// Its name in messages.
    file: String,
    /// The packs that it extends, and itself, the last.
    packs: Vec<Pack>,
}

impl Loaded {
    fn own(&self) -> &Pack {
        self.packs.last().expect("a file comes with itself")
    }
}

fn unusable(error: PackError) -> Failure {
    match error {
        PackError::Unreadable(..) => Failure::new(Exit::Io, error.to_string()),
        other => Failure::usage(other.to_string()),
    }
}

pub(super) fn main(args: &RulesArgs) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Check(files) => check::main(files),
        Verb::Test(files) => test::main(files),
        Verb::List(files) => list::main(files),
        Verb::Stats(args) => stats::main(args),
    }
}
