//! `rejoinder export sft|kto|pairs`: training files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rejoinder_core::{Category, Purpose, Source};
use rejoinder_data::export::arrange;
use rejoinder_data::export::card::{Card, Split};
use rejoinder_data::export::example::{self, Choice, Example, Skipped, SkippedCounts, Task};
use rejoinder_data::export::style::{self, Style};
use rejoinder_data::export::template::Template;

use super::filters::FilterArgs;
use super::{is_stdout, write};
use crate::cli::print;
use crate::cli::terminal::remark;
use crate::failure::{Exit, Failure};
use crate::pipeline::replay;
use crate::pipeline::run_dir::RunDir;

#[derive(Debug, Args)]
pub(super) struct TrainingArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// File to write, - for standard output [default: sft.jsonl, kto.jsonl or pairs.jsonl in the run's folder]
    #[arg(long, value_name = "FILE", conflicts_with = "dataset")]
    out: Option<PathBuf>,
    /// Write a data set for the hub into this folder: data/train.jsonl and a card
    #[arg(long, value_name = "DIR")]
    dataset: Option<PathBuf>,
    /// Share of the conversations that go into data/validation.jsonl
    #[arg(long, value_name = "SHARE", requires = "dataset", value_parser = share)]
    validation: Option<f64>,
    /// Licence of the source, for the card, as the hub names licences
    #[arg(long, value_name = "ID", requires = "dataset", default_value = "unknown", value_parser = license)]
    license: String,
    /// Library that the rows are for
    #[arg(long, value_enum, default_value_t = StyleName::Trl)]
    style: StyleName,
    /// Chat template of the model: chatml, llama3 or mistral; Axolotl takes KTO rows as text alone
    #[arg(long, value_name = "NAME", default_value = "chatml")]
    template: Template,
    /// Categories that praise the answer before them
    #[arg(long, value_name = "CATEGORIES", default_value = "UR5")]
    positive: Purpose,
    /// Categories that blame it [default: UR2,UR3; of pairs UR1,UR2]
    #[arg(long, value_name = "CATEGORIES")]
    negative: Option<Purpose>,
    /// Keep all rows of KTO; without it the more frequent label is drawn down to the other
    #[arg(long)]
    unbalanced: bool,
    /// Only feedback that was settled by these
    #[arg(long, value_name = "SOURCES", value_enum, value_delimiter = ',')]
    source: Vec<SourceName>,
    /// Only feedback with at least this score; what has none stays
    #[arg(long, value_name = "SCORE", default_value_t = 0.0)]
    min_score: f32,
    #[command(flatten)]
    filters: FilterArgs,
    /// Another seed draws, splits and shuffles otherwise
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StyleName {
    /// TRL: conversational rows
    Trl,
    /// Axolotl
    Axolotl,
    /// LLaMA-Factory
    Llamafactory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SourceName {
    /// An accept rule
    Rule,
    /// A plugin
    Plugin,
    /// The judge
    Judge,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("expected a share below 1, such as 0.05".to_owned()),
    }
}

fn license(text: &str) -> Result<String, String> {
    match text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) && !text.is_empty() {
        true => Ok(text.to_owned()),
        false => Err("expected an identifier of letters, digits, `-` and `.`, such as cc-by-4.0".to_owned()),
    }
}

impl TrainingArgs {
    fn style(&self) -> Style {
        match self.style {
            StyleName::Trl => Style::Trl,
            StyleName::Axolotl => Style::Axolotl(self.template),
            StyleName::Llamafactory => Style::LlamaFactory,
        }
    }

    fn choice(&self, task: Task) -> Result<Choice, Failure> {
        let usual: &[Category] = match task {
            Task::Sft | Task::Kto => &[Category::Ur2, Category::Ur3],
            Task::Pairs => &[Category::Ur1, Category::Ur2],
        };
        let negative = self.negative.or_else(|| Purpose::of(usual)).expect("some categories are usual");
        if let Some(both) = self.positive.categories().find(|&category| negative.wants(category)) {
            return Err(Failure::usage(format!("{both} cannot be both --positive and --negative")));
        }
        let sources = self.source.iter().map(|source| match source {
            SourceName::Rule => Source::Rule,
            SourceName::Plugin => Source::Plugin,
            SourceName::Judge => Source::Judge,
        });
        Ok(Choice {
            positive: self.positive,
            negative,
            sources: sources.collect(),
            min_score: self.min_score,
        })
    }
}

/// What is to be written, and what was left out.
struct Taken {
    examples: Vec<Example>,
    left_out: Vec<(String, u64)>,
}

fn take(task: Task, args: &TrainingArgs, run: &RunDir) -> Result<Taken, Failure> {
    let choice = args.choice(task)?;
    let mut filters = args.filters.filters()?;
    let mut skipped = SkippedCounts::new();
    let (mut examples, mut blamed) = (Vec::new(), HashSet::new());
    replay::conversations_with_feedback(run, |record, feedback| {
        for example in example::of(task, &record.conversation, feedback, &choice, &mut skipped) {
            if task == Task::Sft && !example.label {
                blamed.insert(example.hash(false));
                *skipped.entry(Skipped::Category).or_default() += 1;
            } else if filters.keep(&example, record) {
                examples.push(example);
            }
        }
        Ok(())
    })?;
    let mut left_out: Vec<_> =
        skipped.iter().map(|(why, count)| (why.describe().to_owned(), *count)).collect();
    left_out.extend(filters.report());
    let conflicts = arrange::remove_conflicts(&mut examples, &blamed);
    left_out.push(("the same answer praised and blamed in different places".to_owned(), conflicts));
    left_out.retain(|(_, count)| *count > 0);
    Ok(Taken { examples, left_out })
}

pub(super) fn main(task: Task, args: &TrainingArgs) -> Result<Exit, Failure> {
    let run = RunDir::open(&args.run)?;
    let Taken { examples, mut left_out } = take(task, args, &run)?;
    let held_out = |example: &Example| {
        arrange::is_held_out(&example.conversation_id, args.validation.unwrap_or(0.0), args.seed)
    };
    let (validation, train): (Vec<_>, Vec<_>) = examples.into_iter().partition(held_out);
    let mut balanced = 0;
    let [train, validation] = [train, validation].map(|mut split| {
        if task == Task::Kto && !args.unbalanced {
            balanced += arrange::balance(&mut split, args.seed);
        }
        arrange::order(split, args.seed)
    });
    if balanced > 0 {
        left_out.push(("drawn to balance the labels".to_owned(), balanced));
    }
    let style = args.style();
    let counts = arrange::counts(&train);
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
            let card = card(task, args, &run, counts, &left_out, &splits)?;
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
    for (why, count) in &left_out {
        remark(&format!("left out: {count} feedback {why}"));
    }
    report(task, args, &train, &validation);
    if !is_stdout(&file) {
        remark(&format!("wrote {}", args.dataset.as_ref().unwrap_or(&file).display()));
        print(&style.configuration(task, &file.display().to_string(), counts))?;
    }
    Ok(Exit::Ok)
}

fn write_rows(path: &Path, task: Task, style: Style, examples: &[Example]) -> Result<(), Failure> {
    write(path, |out| {
        for example in examples {
            serde_json::to_writer(&mut *out, &style.row(task, example))?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })
}

fn report(task: Task, args: &TrainingArgs, train: &[Example], validation: &[Example]) {
    let [undesirable, desirable] = arrange::counts(train);
    let seed = args.seed;
    match task {
        Task::Kto => remark(&format!(
            "{desirable} desirable and {undesirable} undesirable rows, shuffled with seed {seed}"
        )),
        Task::Sft | Task::Pairs => remark(&format!("{} rows, shuffled with seed {seed}", train.len())),
    }
    if args.validation.is_some() {
        remark(&format!("{} rows are held out for validation", validation.len()));
    }
    if task != Task::Kto {
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
    task: Task,
    args: &TrainingArgs,
    run: &RunDir,
    counts: [usize; 2],
    left_out: &[(String, u64)],
    splits: &[Split<'_>],
) -> Result<String, Failure> {
    let manifest = &run.manifest;
    let plugins: Vec<_> = manifest.plugins.iter().map(|p| (p.name.clone(), p.identity.clone())).collect();
    let certificate = run.certificate()?;
    let library = match args.style {
        StyleName::Trl => "TRL",
        StyleName::Axolotl => "Axolotl",
        StyleName::Llamafactory => "LLaMA-Factory",
    };
    let card = Card {
        task,
        library,
        license: &args.license,
        left_out,
        configuration: &args.style().configuration(task, splits[0].path, counts),
        seed: args.seed,
        engine: &manifest.engine,
        rules_hash: &manifest.rules_hash,
        plugins: &plugins,
        judge: if manifest.judge.is_some() { &manifest.config.judge.model } else { "" },
        certificate: certificate.as_ref(),
    };
    Ok(card.text(splits))
}
