//! The card of a data set, which says where its rows come from.

use rejoinder_export::export::arrange;
use rejoinder_export::export::card::{Card, Split};
use rejoinder_export::export::example::TrainingTask;
use rejoinder_run::RunDir;
use rejoinder_run::exporting::TrainingFiles;

use super::training_args::{StyleName, TrainingArgs, style};
use crate::failure::Failure;
use crate::report::summary::Summary;

/// The card of a data set, as text.
///
/// # Errors
/// If the run cannot be read.
pub(super) fn card(
    task: TrainingTask,
    args: &TrainingArgs,
    run: &RunDir,
    files: &TrainingFiles,
    splits: &[Split<'_>],
) -> Result<String, Failure> {
    let manifest = &run.manifest;
    let counts = arrange::label_counts(&files.train);
    let plugins: Vec<_> = manifest.plugins.iter().map(|p| (p.name.clone(), p.identity.clone())).collect();
    let certificate = run.certificate()?;
    let remarks: Vec<String> = Summary::of(run, 0.0)?.remarks.into_iter().map(|remark| remark.text).collect();
    let library = match args.rows.style {
        StyleName::Trl => "TRL",
        StyleName::Axolotl => "Axolotl",
        StyleName::Llamafactory => "LLaMA-Factory",
    };
    let card = Card {
        task,
        library,
        license: &args.license,
        left_out: &files.left_out,
        changed: &files.changed,
        configuration: &style(&args.rows).configuration(task, splits[0].path, counts),
        seed: args.rows.seed,
        engine: &manifest.engine,
        rules_hash: &manifest.rules_hash,
        plugins: &plugins,
        judge: if manifest.judge.is_some() { &manifest.config.judge.model } else { "" },
        remarks: &remarks,
        certificate: certificate.as_ref(),
    };
    Ok(card.text(splits))
}
