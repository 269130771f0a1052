//! `rejoinder export sft|kto|pairs`: training files.

use std::collections::HashSet;
use std::path::Path;

use rejoinder_export::export::card::{Card, Split};
use rejoinder_export::export::example::{self, Example, TrainingTask};
use rejoinder_export::export::skip_reason::{SkipCounts, SkipReason};
use rejoinder_export::export::style::{self, Style};
use rejoinder_export::export::{Dialogue, RowChanges, arrange};
use rejoinder_run::replay;
use rejoinder_run::{RunDir, RunError};

use super::training_args::{StyleName, TrainingArgs};
use super::{check_overwriting, is_stdout, write};
use crate::cli::terminal::remark;
use crate::cli::{find_input, print};
use crate::failure::{Exit, Failure};
use crate::report::remarks;
use crate::report::summary::Summary;

/// What is to be written, and what was left out.
struct Taken {
    examples: Vec<Example>,
    left_out: Vec<(String, u64)>,
}

/// What is not in the files as the source has it, and how often.
struct Account {
    left_out: Vec<(String, u64)>,
    changed: Vec<(&'static str, u64)>,
}

fn take(task: TrainingTask, args: &TrainingArgs, run: &RunDir) -> Result<Taken, Failure> {
    let choice = args.choice(task)?;
    let mut filters = args.filters.filters()?;
    let mut skipped = SkipCounts::new();
    let (mut examples, mut blamed) = (Vec::new(), HashSet::new());
    let style = args.style();
    replay::conversations_with_feedback(run, |record, feedback| {
        let conversation = &record.conversation;
        let dialogue = Dialogue { conversation, tools: &record.tools, media: &record.media };
        for example in example::of(task, &dialogue, feedback, &choice, &mut skipped) {
            if task == TrainingTask::Sft && !example.label {
                blamed.insert(example.hash(false));
                *skipped.entry(SkipReason::Category).or_default() += 1;
            } else if !style.expresses(task, &example) {
                *skipped.entry(SkipReason::Form).or_default() += 1;
            } else if filters.keep(&example, record) {
                examples.push(example);
            }
        }
        Ok::<_, RunError>(())
    })?;
    let mut left_out: Vec<_> =
        skipped.iter().map(|(why, count)| (why.describe().to_owned(), *count)).collect();
    left_out.extend(filters.report());
    let conflicts = arrange::remove_conflicts(&mut examples, &blamed);
    left_out.push(("the same answer praised and blamed in different places".to_owned(), conflicts));
    left_out.retain(|(_, count)| *count > 0);
    Ok(Taken { examples, left_out })
}

pub(super) fn main(task: TrainingTask, args: &TrainingArgs) -> Result<Exit, Failure> {
    args.out.iter().try_for_each(|path| check_overwriting(&args.overwriting, path))?;
    let run = find_input(&args.input, RunDir::open(&args.run)?)?;
    let Taken { examples, mut left_out } = take(task, args, &run)?;
    let held_out = |example: &Example| {
        arrange::is_validation(&example.conversation_id, args.validation.unwrap_or(0.0), args.seed)
    };
    let (mut validation, train): (Vec<_>, Vec<_>) = examples.into_iter().partition(held_out);
    let mut balanced = 0;
    let mut arranged = |mut split: Vec<Example>| {
        if task == TrainingTask::Kto && !args.unbalanced {
            balanced += arrange::balance(&mut split, args.seed);
        }
        arrange::order(split, args.seed)
    };
    let train = arranged(train);
    let unseen = arrange::remove_unseen_tools(&mut validation, &train);
    let validation = arranged(validation);
    if unseen > 0 {
        left_out.push(("held out with tools, which no row to train on has".to_owned(), unseen));
    }
    if balanced > 0 {
        left_out.push(("drawn to balance the labels".to_owned(), balanced));
    }
    let style = args.style();
    let counts = arrange::label_counts(&train);
    let changed = RowChanges::counts(train.iter().chain(&validation).map(|example| example.changes));
    let account = Account { left_out, changed };
    let file = match &args.dataset {
        Some(folder) => {
            let path = folder.join("data/train.jsonl");
            std::fs::create_dir_all(folder.join("data"))
                .map_err(|e| Failure::io(format!("cannot make {}", folder.display()), &e))?;
            write_rows(&path, task, style, &train)?;
            let mut splits = vec![Split { name: "train", path: "data/train.jsonl", examples: &train }];
            if args.validation.is_some() {
                write_rows(&folder.join("data/validation.jsonl"), task, style, &validation)?;
                splits.push(Split {
                    name: "validation",
                    path: "data/validation.jsonl",
                    examples: &validation,
                });
            }
            let card = card(task, args, &run, counts, &account, &splits)?;
            write(&folder.join("README.md"), |out| out.write_all(card.as_bytes()))?;
            path
        }
        None => {
            let named = || run.path.join(format!("{}.jsonl", task.name()));
            let path = args.out.clone().unwrap_or_else(named);
            write_rows(&path, task, style, &train)?;
            path
        }
    };
    for (why, count) in &account.left_out {
        remark(&format!("left out: {count} feedback {why}"));
    }
    for (what, count) in &account.changed {
        remark(&format!("changed: {count} rows, in which {what}"));
    }
    let with_tools = train.iter().chain(&validation).filter(|example| example.has_tools()).count();
    if with_tools > 0 && style.needs_template(task) {
        remark(&format!(
            "{with_tools} rows hold calls and results of tools: choose a chat template that writes them"
        ));
    }
    report(task, args, &train, &validation);
    if train.is_empty() {
        remark(&remarks::no_row(&Summary::of(&run, 0.0)?, &account.left_out));
    }
    if !is_stdout(&file) {
        remark(&format!("wrote {}", args.dataset.as_ref().unwrap_or(&file).display()));
        print(&style.configuration(task, &file.display().to_string(), counts))?;
    }
    Ok(Exit::Ok)
}

fn write_rows(path: &Path, task: TrainingTask, style: Style, examples: &[Example]) -> Result<(), Failure> {
    write(path, |out| {
        for example in examples {
            serde_json::to_writer(&mut *out, &style.row(task, example))?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })
}

fn report(task: TrainingTask, args: &TrainingArgs, train: &[Example], validation: &[Example]) {
    let [undesirable, desirable] = arrange::label_counts(train);
    let seed = args.seed;
    match task {
        TrainingTask::Kto => remark(&format!(
            "{desirable} desirable and {undesirable} undesirable rows, shuffled with seed {seed}"
        )),
        TrainingTask::Sft | TrainingTask::Pairs => {
            remark(&format!("{} rows, shuffled with seed {seed}", train.len()));
        }
    }
    if args.validation.is_some() {
        remark(&format!("{} rows are held out for validation", validation.len()));
    }
    if task != TrainingTask::Kto {
        return;
    }
    match style::desirable_weight([undesirable, desirable]) {
        Some([least, most]) => remark(&format!(
            "TRL's advice for this balance: desirable_weight in [{least:.2}, {most:.2}] with undesirable_weight = 1"
        )),
        None => remark("there is one label alone, so nothing was balanced: KTO needs both"),
    }
}

fn card(
    task: TrainingTask,
    args: &TrainingArgs,
    run: &RunDir,
    counts: [usize; 2],
    account: &Account,
    splits: &[Split<'_>],
) -> Result<String, Failure> {
    let manifest = &run.manifest;
    let plugins: Vec<_> = manifest.plugins.iter().map(|p| (p.name.clone(), p.identity.clone())).collect();
    let certificate = run.certificate()?;
    let remarks: Vec<String> = Summary::of(run, 0.0)?.remarks.into_iter().map(|remark| remark.text).collect();
    let library = match args.style {
        StyleName::Trl => "TRL",
        StyleName::Axolotl => "Axolotl",
        StyleName::Llamafactory => "LLaMA-Factory",
    };
    let card = Card {
        task,
        library,
        license: &args.license,
        left_out: &account.left_out,
        changed: &account.changed,
        configuration: &args.style().configuration(task, splits[0].path, counts),
        seed: args.seed,
        engine: &manifest.engine,
        rules_hash: &manifest.rules_hash,
        plugins: &plugins,
        judge: if manifest.judge.is_some() { &manifest.config.judge.model } else { "" },
        remarks: &remarks,
        certificate: certificate.as_ref(),
    };
    Ok(card.text(splits))
}
