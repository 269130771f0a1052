//! `rejoinder export sft|kto|pairs`: training files.

use std::path::Path;

use rejoinder_export::export::arrange;
use rejoinder_export::export::card::Split;
use rejoinder_export::export::example::{Example, TrainingTask};
use rejoinder_export::export::style::desirable_weight;
use rejoinder_run::RunDir;
use rejoinder_run::exporting::{TrainingFiles, write_rows};

use super::card::card;
use super::training_args::TrainingArgs;
use super::{check_overwriting, is_stdout, write};
use crate::cli::terminal::remark;
use crate::cli::{find_input, print};
use crate::failure::{Exit, Failure};
use crate::report::numbers::counted;
use crate::report::remarks;
use crate::report::summary::Summary;

pub(super) fn main(task: TrainingTask, args: &TrainingArgs) -> Result<Exit, Failure> {
    args.out.iter().try_for_each(|path| check_overwriting(&args.overwriting, path))?;
    let run = find_input(&args.input, RunDir::open(&args.run)?)?;
    let request = args.rows.request(task, args.validation.unwrap_or(0.0))?;
    let style = request.style;
    let files = TrainingFiles::of(&run, request)?;
    let TrainingFiles { train, validation, left_out, changed } = &files;
    let counts = arrange::label_counts(train);
    let write_split = |path: &Path, rows: &[Example]| write(path, |out| write_rows(out, task, style, rows));
    let file = match &args.dataset {
        Some(folder) => {
            let path = folder.join("data/train.jsonl");
            std::fs::create_dir_all(folder.join("data"))
                .map_err(|e| Failure::io(format!("cannot make {}", folder.display()), &e))?;
            write_split(&path, train)?;
            let mut splits = vec![Split { name: "train", path: "data/train.jsonl", examples: train }];
            if args.validation.is_some() {
                write_split(&folder.join("data/validation.jsonl"), validation)?;
                splits.push(Split {
                    name: "validation",
                    path: "data/validation.jsonl",
                    examples: validation,
                });
            }
            let card = card(task, args, &run, &files, &splits)?;
            write(&folder.join("README.md"), |out| out.write_all(card.as_bytes()))?;
            path
        }
        None => {
            let named = || run.path.join(format!("{}.jsonl", task.name()));
            let path = args.out.clone().unwrap_or_else(named);
            write_split(&path, train)?;
            path
        }
    };
    for (why, count) in left_out {
        remark(&format!("left out: {count} feedback {why}"));
    }
    for (what, count) in changed {
        remark(&format!("changed: {}, in which {what}", counted(*count, "row")));
    }
    let with_tools = files.with_tools();
    if with_tools > 0 && style.needs_template(task) {
        remark(&format!(
            "{} with calls and results of tools: choose a chat template that writes them",
            counted(with_tools as u64, "row")
        ));
    }
    report(task, args, train, validation);
    if train.is_empty() {
        remark(&remarks::no_row(&Summary::of(&run, 0.0)?, left_out));
    }
    if !is_stdout(&file) {
        remark(&format!("wrote {}", args.dataset.as_ref().unwrap_or(&file).display()));
        print(&style.configuration(task, &file.display().to_string(), counts))?;
    }
    Ok(Exit::Ok)
}

fn report(task: TrainingTask, args: &TrainingArgs, train: &[Example], validation: &[Example]) {
    let [undesirable, desirable] = arrange::label_counts(train);
    let seed = args.rows.seed;
    match task {
        TrainingTask::Kto => remark(&format!(
            "{desirable} desirable and {undesirable} undesirable rows, shuffled with seed {seed}"
        )),
        TrainingTask::Sft | TrainingTask::Pairs => {
            remark(&format!("{}, shuffled with seed {seed}", counted(train.len() as u64, "row")));
        }
    }
    if args.validation.is_some() {
        remark(&format!("held out for validation: {}", counted(validation.len() as u64, "row")));
    }
    if task != TrainingTask::Kto {
        return;
    }
    match desirable_weight([undesirable, desirable]) {
        Some([least, most]) => remark(&format!(
            "TRL's advice for this balance: desirable_weight in [{least:.2}, {most:.2}] with undesirable_weight = 1"
        )),
        None => remark("there is one label alone, so nothing was balanced: KTO needs both"),
    }
}
