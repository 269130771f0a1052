//! `rejoinder export`: training files out of a run.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rejoinder_data::export::{self, Skipped};
use rejoinder_data::part;
use serde::Serialize;

use super::{print, remark};
use crate::failure::{Exit, Failure};
use crate::pipeline::replay;
use crate::pipeline::run_dir::RunDir;

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// KTO rows (TRL: prompt, completion, label): UR5 is desirable, UR2 and UR3 are not
    Kto(Target),
    /// SFT rows (TRL: prompt, completion): the answers that UR5 praises
    Sft(Target),
    /// The feedback table itself, in input order
    Table(Target),
}

#[derive(Debug, Args)]
struct Target {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// File to write, - for standard output [default: kto.jsonl, sft.jsonl or feedback.jsonl in the run's folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Another seed shuffles the rows otherwise
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

pub(super) fn main(args: &ExportArgs) -> Result<Exit, Failure> {
    match &args.format {
        Format::Kto(target) => kto(target),
        Format::Sft(target) => sft(target),
        Format::Table(target) => table(target),
    }
}

fn kto(target: &Target) -> Result<Exit, Failure> {
    let run = RunDir::open(&target.run)?;
    let mut skipped = BTreeMap::new();
    let mut rows = Vec::new();
    replay::conversations_with_feedback(&run, |record, feedback| {
        rows.extend(export::kto(&record.conversation, feedback, &mut skipped));
        Ok(())
    })?;
    export::shuffle(&mut rows, target.seed);
    let desirable = rows.iter().filter(|r| r.is_desirable()).count();
    let undesirable = rows.len() - desirable;
    write_rows(&run, target, "kto.jsonl", &rows)?;
    remark(&format!(
        "{desirable} desirable and {undesirable} undesirable rows, shuffled with seed {}",
        target.seed
    ));
    if desirable > 0 && undesirable > 0 {
        // TRL: desirable_weight·D / undesirable_weight·U should lie in [1, 4/3] (KTO paper, equation 8).
        let ratio = undesirable as f64 / desirable as f64;
        remark(&format!(
            "TRL's advice for this balance: desirable_weight in [{:.2}, {:.2}] with undesirable_weight = 1",
            ratio,
            ratio * 4.0 / 3.0
        ));
    }
    remark_skipped(&skipped);
    Ok(Exit::Ok)
}

fn sft(target: &Target) -> Result<Exit, Failure> {
    let run = RunDir::open(&target.run)?;
    let mut skipped = BTreeMap::new();
    let mut rows = Vec::new();
    replay::conversations_with_feedback(&run, |record, feedback| {
        rows.extend(export::sft(&record.conversation, feedback, &mut skipped));
        Ok(())
    })?;
    export::shuffle(&mut rows, target.seed);
    write_rows(&run, target, "sft.jsonl", &rows)?;
    remark(&format!("{} rows, shuffled with seed {}", rows.len(), target.seed));
    remark_skipped(&skipped);
    Ok(Exit::Ok)
}

fn table(target: &Target) -> Result<Exit, Failure> {
    let run = RunDir::open(&target.run)?;
    let rows = replay::feedback(&run)?.collect::<Result<Vec<_>, _>>()?;
    write_rows(&run, target, "feedback.jsonl", &rows)?;
    remark(&format!("{} rows", rows.len()));
    Ok(Exit::Ok)
}

fn write_rows<R: Serialize>(run: &RunDir, target: &Target, name: &str, rows: &[R]) -> Result<(), Failure> {
    let to_stdout = target.out.as_deref() == Some(Path::new("-"));
    let mut lines = BufWriter::new(Vec::new());
    for row in rows {
        serde_json::to_writer(&mut lines, row).map_err(std::io::Error::from)?;
        lines.write_all(b"\n")?;
    }
    let lines = lines.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    if to_stdout {
        return print(std::str::from_utf8(&lines).expect("JSON is UTF-8"));
    }
    let path = target.out.clone().unwrap_or_else(|| run.path.join(name));
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        // A device or a pipe is written to; a file put in its place would destroy it.
        std::fs::write(&path, &lines)
            .map_err(|e| Failure::io(format!("cannot write {}", path.display()), &e))?;
    } else {
        part::write(&path, &lines)?;
    }
    remark(&format!("wrote {}", path.display()));
    Ok(())
}

fn remark_skipped(skipped: &BTreeMap<Skipped, u64>) {
    for (why, count) in skipped {
        remark(&format!("left out: {count} feedback {}", why.describe()));
    }
}
