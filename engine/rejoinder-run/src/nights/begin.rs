//! How a run begins that goes on with an earlier one.

use std::fs;
use std::path::{Path, PathBuf};

use rejoinder_core::RecordId;
use rejoinder_judge::ServerCapabilities;
use rejoinder_ledger::part;
use rejoinder_scan::{Config, Engine};
use serde_json::Value;

use super::earlier_run::{EarlierRun, has_cut};
use super::error::NightError;
use super::inputs::NightInputs;
use crate::error::RunError;
use crate::folder::{FolderError, MODEL, Manifest, NewRunDir, RunDir, absolute, fitted};
use crate::judging::{self, settings};

/// Puts into the config of a run that is to go on with an earlier one what the earlier run has found out, as
/// [`Manifest::keep_findings`] says. A model that the earlier run has learned is named by the whole path.
///
/// # Errors
/// If the earlier run's folder has no path.
pub fn keep_findings(earlier: &RunDir, config: &mut Config) -> Result<(), RunError> {
    earlier.manifest.keep_findings(config);
    let learned = absolute(&earlier.path)?.join(MODEL);
    let plugins = config.plugins.iter_mut();
    let scores = plugins.filter(|plugin| model_of(&plugin.config) == Some(Path::new(MODEL)));
    scores.for_each(|plugin| plugin.set_model(&learned));
    Ok(())
}

/// The file of the model that the config of a plugin names.
fn model_of(plugin: &Value) -> Option<&Path> {
    plugin.get("model").and_then(Value::as_str).map(Path::new)
}

/// Begins a run of an engine over the input of an earlier run and further files, in the folder `out`, or in the first of `runs/0001`,
/// `runs/0002`, … that is not there; returns the engine as it is in force. The run takes over what the earlier run has paid for
/// and found out. The config of the engine holds what [`keep_findings`] puts into it.
///
/// # Errors
/// If nothing is new, an input file cannot be read or is gone, another recall is wanted than that of the cut in force, or the
/// folder cannot be made.
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
    let after = EarlierRun::of(earlier, &engine, inputs.changes)?;
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
    let manifest = Manifest {
        accept_at_set_aside,
        judge: known_judge(earlier, &engine)?,
        after: Some(after),
        forgotten_marks: earlier.manifest.forgotten_marks.clone(),
        ..Manifest::new(&engine, inputs.files, false)
    };
    let manifest = Manifest { config: movable(manifest.config, learned), ..manifest };
    let run = RunDir::begin_with(new, manifest, |run| take_over(run, earlier, &inputs.rewritten))?;
    Ok((run, engine))
}

/// Refuses to use the cut that an earlier run has found for another recall or purpose.
fn check_cut(earlier: &RunDir, engine: &Engine) -> Result<(), RunError> {
    let (then, now) = (&earlier.manifest.config, &engine.config);
    let uses_cut = has_cut(earlier) && now.cascade.reject_below == then.cascade.reject_below;
    if uses_cut && (now.cascade.recall != then.cascade.recall || now.purpose != then.purpose) {
        let (earlier, replies) = (earlier.path.clone(), absolute(&earlier.reply_file())?);
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
    earlier.manifest.config.changes(&movable(engine.config.clone(), learned)).is_empty()
}

/// A config that names the learned model, if a plugin scores by it, as the file in the run's own folder, wherever that is moved.
fn movable(mut config: Config, learned: Option<usize>) -> Config {
    if let Some(place) = learned {
        config.plugins[place].set_model(Path::new(MODEL));
    }
    config
}

/// The place of the plugin that scores by the model that the earlier run has learned, if one does.
fn place_of_learned(earlier: &RunDir, engine: &Engine) -> Result<Option<usize>, RunError> {
    let model = absolute(&earlier.path)?.join(MODEL);
    Ok(engine.config.plugins.iter().position(|plugin| model_of(&plugin.config) == Some(&model)))
}

/// The engine, with a copy of the learned model in the new run's folder.
fn with_own_model(
    earlier: &RunDir,
    engine: Engine,
    place: usize,
    new: &NewRunDir,
) -> Result<Engine, RunError> {
    let file = absolute(&new.path)?.join(MODEL);
    part::write(&file, &fs::read(earlier.path.join(MODEL))?)?;
    let mut config = engine.config;
    config.plugins[place].set_model(&file);
    Ok(Engine::in_role(config, &engine.role)?)
}

/// What the earlier run has found out about the judge that is asked now; `None` where it has asked another one, or none.
fn known_judge(earlier: &RunDir, engine: &Engine) -> Result<Option<ServerCapabilities>, RunError> {
    let Some(client) = settings::client_without_key(&engine.config.judge)? else { return Ok(None) };
    Ok(judging::known_capabilities(earlier, &client))
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
        run.keep_asked(&asked)?;
    }
    run.take_over_asking(earlier)
}
