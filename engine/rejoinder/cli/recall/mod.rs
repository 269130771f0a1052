//! A recall kept in one go: samples are asked about, the score learns from the answers, the cut follows ([`search`]), what lies
//! above is asked, and the run audits itself. Without a recall in the config, scanning and asking alone.

mod search;

use search::{Search, Stop};

use super::terminal::remark;
use super::{Threads, asking, oracle, resumable};
use crate::failure::Failure;
use crate::pipeline::audit::{Draw, Sample};
use crate::pipeline::cuts::Wanted;
use crate::pipeline::draw;
use crate::pipeline::engine::Engine;
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::watch::Watch;
use crate::report::audit::AuditReport;

/// As [`asking::scan_and_ask`]; where the config names a recall, after a calibration and followed by an audit.
///
/// # Errors
/// As there.
pub(super) fn scan_and_ask(
    run: &mut RunDir,
    engine: Engine,
    threads: Threads,
    watch: &Watch,
    offline: bool,
) -> Result<Option<Failure>, Failure> {
    let Some(wanted) = wanted(run) else {
        return asking::scan_and_ask(run, &engine, threads, watch, offline);
    };
    let engine = match run.manifest.config.cascade.cuts() {
        Some(_) => engine,
        None => {
            let seed = seed(run)?;
            match Search::new(run, &wanted, threads.get(), watch, seed)?.cut() {
                Ok(engine) => engine,
                Err(Stop::Asking(stopped)) => return Ok(Some(stopped)),
                Err(Stop::Failed(failure)) => return Err(resumable(failure, run)),
            }
        }
    };
    match asking::scan_and_ask(run, &engine, threads, watch, offline)? {
        None if !offline => audit(run, &wanted, threads, watch),
        stopped => Ok(stopped),
    }
}

/// As [`asking::ask`], after a scan that has come to its end.
///
/// # Errors
/// As there.
pub(super) fn ask(run: &mut RunDir, threads: Threads, watch: &Watch) -> Result<Option<Failure>, Failure> {
    match (asking::ask(run, watch)?, wanted(run)) {
        (None, Some(wanted)) => audit(run, &wanted, threads, watch),
        (stopped, _) => Ok(stopped),
    }
}

fn wanted(run: &RunDir) -> Option<Wanted> {
    let config = &run.manifest.config;
    let (recall, confidence) = (config.cascade.recall?, config.cascade.confidence);
    Some(Wanted { purpose: config.purpose, recall, confidence })
}

/// What the ledger calls the seed of a run's samples.
const SEED: &str = "seed of samples";

/// The seed of the calibration; drawn when rules and score are fixed, and kept: a resumed run goes on with the same sample.
fn seed(run: &RunDir) -> Result<u64, Failure> {
    if let Some(seed) = run.ledger.get(SEED)?.and_then(|seed| seed.parse().ok()) {
        return Ok(seed);
    }
    let seed = draw::seed();
    keep_seed(run, seed)?;
    Ok(seed)
}

/// Says what a run's samples depend on, before they are drawn.
///
/// # Errors
/// If the ledger cannot be written.
pub(super) fn keep_seed(run: &RunDir, seed: u64) -> Result<(), Failure> {
    Ok(run.ledger.put(SEED, &seed.to_string())?)
}

/// Audits the run and writes its certificate; returns why asking ended before its end.
fn audit(
    run: &mut RunDir,
    wanted: &Wanted,
    threads: Threads,
    watch: &Watch,
) -> Result<Option<Failure>, Failure> {
    let sample = match Sample::of(run)? {
        Some(sample) => sample,
        None => {
            // Another seed than the calibration's: turns that made the cut must not be likelier to be audited.
            let draw = Draw::fitting(run.scan_stats()?.turns, seed(run)?.wrapping_add(1));
            Sample::draw(run, threads.get(), draw)?
        }
    };
    let answers = match oracle::judge(run, watch, &sample.drawn(), "resume")? {
        Ok(answers) => answers,
        Err(stopped) => return Ok(Some(stopped)),
    };
    let report =
        AuditReport::of(run, &sample, wanted.purpose, wanted.confidence, answers.oracle, &answers.labels)?;
    report.write(run)?;
    remark(&format!("recall is surely at least {:.3}; see certificate.json", report.recall()));
    Ok(None)
}
