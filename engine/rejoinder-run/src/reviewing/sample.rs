//! Turns that were drawn for people, kept so that every reader reads the same turns in the same order.

use std::collections::HashMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rejoinder_core::RecordId;
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_ledger::part;
use rejoinder_scan::{Engine, StopFlag};
use serde::{Deserialize, Serialize};

use super::disputed;
use super::draw::ReviewDraw;
use crate::error::RunError;
use crate::folder::{FolderError, Lock, RunDir};
use crate::outcome::TurnOutcome;
use crate::reading_sample::{self, DrawSize, rank};
use crate::recall::audit::AuditSample;
use crate::recall::{RecallTarget, RunCorpus, calibration_seed, known_calibration_seed, search};
use crate::scan;

/// Folder of the draws, in a run's folder.
const DRAWS: &str = "review/draws";
/// The seed where nobody wants another one.
const USUAL_SEED: u64 = 1;
/// The number of the file's format.
const FORMAT: u32 = 1;

/// Turns for a person to read, in the order in which to read them.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewSample {
    /// Which turns were drawn.
    pub draw: ReviewDraw,
    /// The seed of the draw.
    pub seed: u64,
    /// How many turns the draw was from.
    pub fitting: u64,
    /// Whether the run had read its whole input when the draw was made.
    pub is_whole: bool,
    /// The turns. The order says nothing of the turns, so that the first of an even draw are an even draw as well; disputed turns come
    /// the most disputed first.
    pub turns: Vec<ReviewTurn>,
}

/// A turn for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewTurn {
    /// The turn's address.
    pub id: RecordId,
    /// What became of the turn, as the run now stands.
    pub outcome: TurnOutcome,
    /// Where the feedback stands in the turn, in bytes, if the turn was found to be feedback.
    pub span: Option<(usize, usize)>,
    /// Why the turn is disputed, in one sentence; `None` where the draw does not go by that.
    pub dispute: Option<String>,
}

/// A draw as the run's folder keeps it.
#[derive(Serialize, Deserialize)]
struct KeptDraw {
    format: u32,
    draw: ReviewDraw,
    seed: u64,
    fitting: u64,
    is_whole: bool,
    turns: Vec<KeptTurn>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KeptTurn {
    pub(super) id: RecordId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dispute: Option<String>,
}

impl ReviewSample {
    /// The turns of a draw: those that were drawn and kept before by the same wishes and seed, or else new ones, which are kept. Without
    /// a seed it is that of the kept draw, or the usual one. `engine` is the run's. What became of the turns is looked up anew.
    ///
    /// The draw of an audit is kept where the audit keeps it. It and the draw of a calibration take the run's lock while they are made.
    ///
    /// # Errors
    /// If the run or its input cannot be read, or is not what it was; if an audit or a calibration was drawn otherwise before; if another
    /// process works on the run while one of these is to be made, or an audit is to be drawn from a scan that has not come to its end.
    pub fn of(
        run: &RunDir,
        engine: &Engine,
        draw: &ReviewDraw,
        seed: Option<u64>,
        threads: NonZeroUsize,
    ) -> Result<Self, RunError> {
        if let Some(request) = draw.audit_request(seed) {
            let sample = match AuditSample::of(run)? {
                Some(_) => AuditSample::of_or_drawn(run, threads, request)?,
                None if !scan::is_complete(run)? => {
                    return Err(FolderError::NotScanned(run.path.clone()).into());
                }
                None => with_lock(run, || AuditSample::of_or_drawn(run, threads, request))?,
            };
            return audited(run, draw, &sample);
        }
        let file = file_of(run, draw, seed);
        let kept = match read(&file)? {
            Some(kept) if kept.draw == *draw && (kept.is_whole || !scan::is_complete(run)?) => kept,
            _ => {
                let kept = drawn(run, engine, draw, seed, threads)?;
                // A draw of nothing is no draw: there may be something tomorrow.
                if !kept.turns.is_empty() {
                    keep(&file, &kept)?;
                }
                kept
            }
        };
        let KeptDraw { draw, seed, fitting, is_whole, turns, .. } = kept;
        Ok(Self { turns: looked_up(run, turns)?, draw, seed, fitting, is_whole })
    }

    /// How a turn was chosen, for a file of labels.
    pub const fn selection_of(&self, turn: &ReviewTurn) -> TurnSelection {
        self.draw.selection_of(turn.outcome)
    }
}

/// Does what only one process at a time may do in a run's folder.
fn with_lock<T>(run: &RunDir, work: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
    let _lock = if run.is_open_to_change() { None } else { Some(Lock::take(&run.path)?) };
    work()
}

fn file_of(run: &RunDir, draw: &ReviewDraw, seed: Option<u64>) -> PathBuf {
    let name = draw.name();
    let name = seed.map_or_else(|| format!("{name}.json"), |seed| format!("{name}-seed-{seed}.json"));
    run.path.join(DRAWS).join(name)
}

/// The draw in a file; `None` where there is no file, or one of another format.
fn read(file: &Path) -> Result<Option<KeptDraw>, RunError> {
    match fs::read(file) {
        Ok(json) => {
            let kept: KeptDraw = serde_json::from_slice(&json).map_err(|e| {
                RunError::Io(format!("{}: {e}; remove the file, and turns are drawn anew", file.display()))
            })?;
            Ok((kept.format == FORMAT).then_some(kept))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(RunError::io(format!("cannot read {}", file.display()), &e)),
    }
}

fn keep(file: &Path, kept: &KeptDraw) -> Result<(), RunError> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(|e| RunError::io(format!("cannot make {}", folder.display()), &e))?;
    // Several readers may begin at once, each with a file of its own until the draw is whole.
    let own = file.with_extension(format!("{}.json", std::process::id()));
    part::write(&own, &serde_json::to_vec(kept).expect("a draw is plain data"))?;
    fs::rename(&own, file).map_err(|e| RunError::io(format!("cannot write {}", file.display()), &e))
}

fn drawn(
    run: &RunDir,
    engine: &Engine,
    draw: &ReviewDraw,
    seed: Option<u64>,
    threads: NonZeroUsize,
) -> Result<KeptDraw, RunError> {
    let usual = seed.unwrap_or(USUAL_SEED);
    let is_whole = scan::is_complete(run)?;
    let kept = |seed, fitting, turns| KeptDraw {
        format: FORMAT,
        draw: draw.clone(),
        seed,
        fitting,
        is_whole,
        turns,
    };
    match *draw {
        ReviewDraw::Disputed { size } => {
            let (fitting, turns) = disputed::most_disputed(run, engine, size)?;
            Ok(kept(usual, fitting, turns))
        }
        ReviewDraw::Calibration { size } => {
            let (seed, fitting, turns) = calibrated(run, size, seed, threads)?;
            Ok(kept(seed, fitting, in_reading_order(seed, turns)))
        }
        _ => {
            let Some((filter, size)) = draw.filter() else { return Ok(kept(usual, 0, Vec::new())) };
            let found = reading_sample::draw(run, engine, &filter, DrawSize::Most(size), usual, threads)?;
            let ids = found.turns.iter().map(|turn| turn.id).collect();
            Ok(kept(usual, found.fitting, in_reading_order(usual, ids)))
        }
    }
}

/// Turns by rank: the order says nothing of the turns.
fn in_reading_order(seed: u64, mut ids: Vec<RecordId>) -> Vec<KeptTurn> {
    ids.sort_by_key(|id| (rank(seed, *id), *id));
    ids.into_iter().map(|id| KeptTurn { id, dispute: None }).collect()
}

/// The turns about which a calibration with the run's purpose asks, on the usual terms; the seed, and how many later turns there are.
fn calibrated(
    run: &RunDir,
    size: usize,
    seed: Option<u64>,
    threads: NonZeroUsize,
) -> Result<(u64, u64, Vec<RecordId>), RunError> {
    let target = RecallTarget::usual(run.manifest.config.purpose);
    let corpus = RunCorpus::of(run, target, threads, StopFlag::default())?;
    let seed = match known_calibration_seed(run, &corpus.engine, &target, size, seed)? {
        Some(seed) => seed,
        None => with_lock(run, || calibration_seed(run, &corpus.engine, &target, size, seed))?,
    };
    let sample = search::calibration_sample(&corpus, size, seed)?;
    let ids = sample.turns.iter().map(|sampled| sampled.turn.row.question.id).collect();
    Ok((seed, sample.population, ids))
}

fn audited(run: &RunDir, draw: &ReviewDraw, sample: &AuditSample) -> Result<ReviewSample, RunError> {
    let stats = run.scan_stats()?;
    let ids = sample.turns.iter().map(|drawn| drawn.turn.row.question.id).collect();
    Ok(ReviewSample {
        draw: draw.clone(),
        seed: sample.draw.seed,
        fitting: stats.passed_over() + stats.accepted.total(),
        is_whole: scan::is_complete(run)?,
        turns: looked_up(run, in_reading_order(sample.draw.seed, ids))?,
    })
}

/// Takes turns out of all draws that are kept; returns the number of turns.
///
/// # Errors
/// If a draw cannot be read or written.
pub(crate) fn forget_in_draws(
    run: &RunDir,
    is_forgotten: &dyn Fn(RecordId) -> bool,
) -> Result<u64, RunError> {
    let mut removed = 0;
    for entry in fs::read_dir(run.path.join(DRAWS)).into_iter().flatten().flatten() {
        let file = entry.path();
        let Some(mut kept) = read(&file)? else { continue };
        let before = kept.turns.len();
        kept.turns.retain(|turn| !is_forgotten(turn.id));
        if kept.turns.len() < before {
            removed += (before - kept.turns.len()) as u64;
            keep(&file, &kept)?;
        }
    }
    Ok(removed)
}

/// The turns with what became of each.
fn looked_up(run: &RunDir, turns: Vec<KeptTurn>) -> Result<Vec<ReviewTurn>, RunError> {
    let mut found: HashMap<RecordId, reading_sample::DrawnTurn> = HashMap::with_capacity(turns.len());
    let ids = turns.iter().map(|turn| turn.id).collect();
    reading_sample::marked_among(run, &ids, |turn| {
        found.insert(turn.id, turn);
    })?;
    let turn = |KeptTurn { id, dispute }| match found.get(&id) {
        Some(marked) => ReviewTurn { id, outcome: marked.outcome, span: marked.span, dispute },
        None => ReviewTurn { id, outcome: TurnOutcome::Rejected, span: None, dispute },
    };
    Ok(turns.into_iter().map(turn).collect())
}
