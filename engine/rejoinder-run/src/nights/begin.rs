//! How a run begins that goes on with an earlier one.

use std::fs;
use std::path::{Path, PathBuf};

use rejoinder_core::RecordId;
use rejoinder_ledger::part;
use rejoinder_scan::{Config, Engine};
use serde_json::Value;

use super::earlier_run::{EarlierRun, certificate, last_night};
use super::error::NightError;
use super::inputs::{NightInputs, whole};
use crate::error::RunError;
use crate::folder::{ASKED, FolderError, MODEL, Manifest, NewRunDir, RunDir, fitted};
use crate::judging::settings;

/// Puts into the config of a run that is to go on with an earlier one what the earlier run has found out, as
/// [`Manifest::keep_findings`] says; a model that it has learned is named by its whole path.
///
/// # Errors
/// If the earlier run's folder has no path.
pub fn keep_findings(earlier: &RunDir, config: &mut Config) -> Result<(), RunError> {
    earlier.manifest.keep_findings(config);
    let model = whole(&earlier.path)?.join(MODEL);
    for plugin in
        config.plugins.iter_mut().filter(|plugin| model_of(&plugin.config) == Some(Path::new(MODEL)))
    {
        plugin.set_model(&model);
    }
    Ok(())
}

/// The file of the model that the config of a plugin names.
fn model_of(plugin: &Value) -> Option<&Path> {
    plugin.get("model").and_then(Value::as_str).map(Path::new)
}

/// Begins a run of an engine over the input of an earlier run and further files, in the folder `out`, or in the first of `runs/0001`,
/// `runs/0002`, … that is not there; returns the engine as it is in force. The run takes over what the earlier run has paid for and found out. The config
/// of the engine holds what [`keep_findings`] puts into it.
///
/// # Errors
/// If nothing is new, an input file cannot be read or is gone, another recall is wanted than that of the cut in force, or the folder cannot
/// be made.
pub fn begin_after(
    earlier: &RunDir,
    engine: Engine,
    further: &[PathBuf],
    out: Option<&Path>,
) -> Result<(RunDir, Engine), RunError> {
    check_cut(earlier, &engine)?;
    let inputs = NightInputs::of(earlier, further, &engine.config.input)?;
    let (engine, accept_at_set_aside) = match decides_alike(earlier, &engine) {
        true => (engine.deciding_as(&earlier.manifest.score)?, earlier.manifest.accept_at_set_aside),
        false => fitted(engine, &inputs.files)?,
    };
    let after = EarlierRun {
        id: earlier.manifest.id.clone(),
        folder: whole(&earlier.path)?,
        engine: earlier.manifest.engine.clone(),
        changes: earlier.manifest.changes_of_engine(&Manifest::new(&engine, Vec::new(), false)),
        files: inputs.changes,
        last_night: last_night(&earlier.manifest.inputs),
        spent: earlier.ledger.spent()?,
        keeps_cut: has_cut(earlier) && engine.config.cascade == earlier.manifest.config.cascade,
        certificate: certificate(earlier)?,
    };
    let learned = place_of_learned(earlier, &engine)?;
    if after.files.is_none() && after.changes.is_empty() && is_same_config(earlier, &engine, learned) {
        let waiting = earlier.scan_stats()?.undecided - earlier.judge_stats()?.judged;
        return Err(NightError::NothingNew { earlier: earlier.path.clone(), waiting }.into());
    }
    let new = match out {
        // Also the earlier run itself, whose lock is held.
        Some(path) if RunDir::is_run(path) => return Err(FolderError::HoldsRun(path.to_owned()).into()),
        Some(path) => RunDir::create(path)?,
        None => RunDir::create_numbered()?,
    };
    let engine = match learned {
        Some(place) => with_own_model(earlier, engine, place, &new)?,
        None => engine,
    };
    let mut manifest = Manifest {
        accept_at_set_aside,
        judge: earlier.manifest.judge.clone(),
        after: Some(after),
        ..Manifest::new(&engine, inputs.files, false)
    };
    if let Some(place) = learned {
        // So that the folder may be moved.
        manifest.config.plugins[place].set_model(Path::new(MODEL));
    }
    forget_other_judge(&mut manifest)?;
    let run = RunDir::begin_with(new, manifest, |run| take_over(run, earlier, &inputs.rewritten))?;
    Ok((run, engine))
}

/// Whether a run has found the cut that keeps its recall.
fn has_cut(run: &RunDir) -> bool {
    let cascade = &run.manifest.config.cascade;
    cascade.recall.is_some() && cascade.cuts().is_some()
}

/// Refuses to use the cut that an earlier run has found for another recall or purpose.
fn check_cut(earlier: &RunDir, engine: &Engine) -> Result<(), RunError> {
    let (then, now) = (&earlier.manifest.config, &engine.config);
    let uses_cut = has_cut(earlier) && now.cascade.reject_below == then.cascade.reject_below;
    if uses_cut && (now.cascade.recall != then.cascade.recall || now.purpose != then.purpose) {
        let (earlier, replies) = (earlier.path.clone(), whole(&earlier.reply_file())?);
        return Err(NightError::OtherRecall { earlier, replies }.into());
    }
    Ok(())
}

/// Whether the score is to decide as it does in the earlier run.
fn decides_alike(earlier: &RunDir, engine: &Engine) -> bool {
    let (then, now) = (&earlier.manifest.config, &engine.config);
    (&then.cascade, then.purpose, then.judge.all) == (&now.cascade, now.purpose, now.judge.all)
}

/// Whether the config decides about turns as the earlier run's does.
fn is_same_config(earlier: &RunDir, engine: &Engine, learned: Option<usize>) -> bool {
    let mut now = engine.config.clone();
    if let Some(place) = learned {
        now.plugins[place].set_model(Path::new(MODEL));
    }
    earlier.manifest.config.changes(&now).is_empty()
}

/// The place of the plugin that scores by the model that the earlier run has learned, if one does.
fn place_of_learned(earlier: &RunDir, engine: &Engine) -> Result<Option<usize>, RunError> {
    let model = whole(&earlier.path)?.join(MODEL);
    Ok(engine.config.plugins.iter().position(|plugin| model_of(&plugin.config) == Some(&model)))
}

/// The engine, with a copy of the learned model in the new run's folder.
fn with_own_model(
    earlier: &RunDir,
    engine: Engine,
    place: usize,
    new: &NewRunDir,
) -> Result<Engine, RunError> {
    let file = std::path::absolute(new.path.join(MODEL))?;
    part::write(&file, &fs::read(earlier.path.join(MODEL))?)?;
    let mut config = engine.config;
    config.plugins[place].set_model(&file);
    Ok(Engine::in_role(config, &engine.role)?)
}

/// Leaves out what was found out about another judge than the one that is asked now.
fn forget_other_judge(manifest: &mut Manifest) -> Result<(), RunError> {
    let client = settings::client_without_key(&manifest.config.judge)?;
    manifest.judge =
        manifest.judge.take().filter(|findings| client.is_some_and(|client| findings.are_about(&client)));
    Ok(())
}

/// Takes over what an earlier run has paid for: its replies, its spending, and which turns it has asked about before its scan, but for
/// those in files whose ids mean something else now.
fn take_over(run: &RunDir, earlier: &RunDir, rewritten: &[u32]) -> Result<(), RunError> {
    let replies = earlier.reply_file();
    if replies != run.reply_file() && replies.is_file() {
        run.replies()?.take_over(&replies)?;
    }
    let mut asked: Vec<RecordId> = earlier.asked()?.into_iter().collect();
    asked.retain(|id| !rewritten.contains(&id.shard));
    if !asked.is_empty() {
        asked.sort_unstable();
        let json = serde_json::to_vec(&asked).expect("ids are plain data");
        part::write(&run.path.join(ASKED), &json)?;
    }
    let facts = earlier.facts_of_asking()?;
    Ok(run.ledger.take_over(earlier.ledger.spent()?, &facts)?)
}
