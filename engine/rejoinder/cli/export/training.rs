//! `rejoinder export sft|kto|pairs`: training files.

use rejoinder_export::export::arrange;
use rejoinder_export::export::data_set::RowOrigin;
use rejoinder_export::export::example::TrainingTask;
use rejoinder_export::export::style::desirable_weight;
use rejoinder_run::RunDir;
use rejoinder_run::exporting::{LabelledFiles, TrainingFiles, TrainingRequest};

use super::check_overwriting;
use super::row_export::RowExport;
use super::training_args::TrainingArgs;
use crate::cli::find_input;
use crate::cli::label_args::{label_source, nothing_labelled, remark_unlabelled};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;

pub(super) fn main(task: TrainingTask, args: &TrainingArgs) -> Result<Exit, Failure> {
    args.set.out.iter().try_for_each(|path| check_overwriting(&args.set.overwriting, path))?;
    let run = RunDir::open(&args.set.run)?;
    // Labels are those of the whole input.
    let run = if args.origin() == RowOrigin::Run { run } else { run.whole()? };
    let run = find_input(&args.set.input, run)?;
    let request = args.rows.request(task, args.validation.unwrap_or(0.0))?;
    let (style, seed, choice) = (request.style, request.seed, request.choice.clone());
    let files = match args.origin() {
        RowOrigin::Run => TrainingFiles::of_run(&run, request)?,
        _ => labelled(&run, args, request)?,
    };
    let files = args.set.redaction.out_of(files);
    let told = report(task, args, &files, seed);
    let export = RowExport {
        run: &run,
        args: &args.set,
        task,
        origin: args.origin(),
        style,
        choice: Some(&choice),
        draw: None,
        validation: args.validation,
        seed,
        files: &files,
    };
    export.write(&told)
}

/// The rows that labels make.
fn labelled(run: &RunDir, args: &TrainingArgs, request: TrainingRequest) -> Result<TrainingFiles, Failure> {
    let labels = label_source(args.label_file.as_deref())?;
    let LabelledFiles { files, labelled, unlabelled } = LabelledFiles::of(run, request, &labels)?;
    remark_unlabelled(&unlabelled);
    if labelled == 0 { Err(nothing_labelled(&labels)) } else { Ok(files) }
}

/// What is to be told of the rows.
fn report(task: TrainingTask, args: &TrainingArgs, files: &TrainingFiles, seed: u64) -> Vec<String> {
    let [undesirable, desirable] = arrange::label_counts(&files.train);
    let mut told = vec![match task {
        TrainingTask::Kto => {
            format!("{desirable} desirable and {undesirable} undesirable rows, shuffled with seed {seed}")
        }
        TrainingTask::Sft | TrainingTask::Pairs => {
            format!("{}, shuffled with seed {seed}", counted(files.train.len() as u64, "row"))
        }
    }];
    if args.validation.is_some() {
        let rows = counted(files.validation.len() as u64, "row");
        told.push(format!("held out for validation: {rows}"));
    }
    if task == TrainingTask::Kto {
        told.push(match desirable_weight([undesirable, desirable]) {
            Some([least, most]) => format!(
                "TRL's advice for this balance: desirable_weight in [{least:.2}, {most:.2}] with undesirable_weight = 1"
            ),
            None => "there is one label alone, so nothing was balanced: KTO needs both".to_owned(),
        });
    }
    told
}
