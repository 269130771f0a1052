//! The seed of a calibration, which is kept: looking at another draw until one pleases would void the promise.

use rejoinder_host::LoadedPlugin;
use rejoinder_scan::Engine;

use super::draw;
use super::target::RecallTarget;
use crate::error::RunError;
use crate::folder::RunDir;

/// Turns that a calibration draws where nobody says how many.
pub const CALIBRATION_TURNS: usize = 400;

/// The seed of a calibration: the one that the sample was gathered with, or the one wanted, or that of the same question before (looking
/// at another draw until one pleases would void the promise), or a new one. Rules and score must be fixed by now.
///
/// # Errors
/// If the sample was gathered or the same question was calibrated with another seed, or the ledger fails.
pub fn calibration_seed(
    run: &RunDir,
    engine: &Engine,
    target: &RecallTarget,
    size: usize,
    wanted: Option<u64>,
) -> Result<u64, RunError> {
    if let Some(known) = known_calibration_seed(run, engine, target, size, wanted)? {
        return Ok(known);
    }
    let seed = wanted.unwrap_or_else(draw::seed);
    run.ledger.put(&calibration_fact(engine, target, size), &seed.to_string())?;
    Ok(seed)
}

/// The seed of a calibration, if the sample was gathered or the same question was calibrated before; nothing is kept.
///
/// # Errors
/// As [`calibration_seed`].
pub fn known_calibration_seed(
    run: &RunDir,
    engine: &Engine,
    target: &RecallTarget,
    size: usize,
    wanted: Option<u64>,
) -> Result<Option<u64>, RunError> {
    if let Some(from) = &run.manifest.gathered {
        return Ok(Some(from.seed(wanted)?));
    }
    let known = run.ledger.get(&calibration_fact(engine, target, size))?;
    let known = known.and_then(|seed| seed.parse::<u64>().ok());
    match (known, wanted) {
        (Some(known), Some(seed)) if known != seed => Err(RunError::CalibratedOtherwise(known)),
        (known, _) => Ok(known),
    }
}

/// What the ledger calls the seed of a calibration.
fn calibration_fact(engine: &Engine, target: &RecallTarget, size: usize) -> String {
    let plugins: Vec<&str> = engine.registry.plugins().iter().map(LoadedPlugin::identity).collect();
    format!(
        "calibration {} {} {} {size} {} {}",
        target.purpose,
        target.recall,
        target.confidence,
        engine.rules.hash(),
        plugins.join(" ")
    )
}
