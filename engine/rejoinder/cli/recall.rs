//! A recall kept in one go: a sample is asked about, the cut follows from it, what lies above is asked, and the run audits
//! itself. Without a recall in the config, scanning and asking alone.
//!
//! The sample is drawn on until it holds positives enough, which the promise allows (`rejoinder_cascade::threshold`). All of
//! the error probability goes into the one cut: nothing is accepted by its score.

use rejoinder_cascade::threshold;

use super::terminal::remark;
use super::{Threads, asking, oracle};
use crate::failure::Failure;
use crate::pipeline::audit::{Draw, Sample};
use crate::pipeline::calibration;
use crate::pipeline::cuts::{self, Wanted};
use crate::pipeline::draw;
use crate::pipeline::engine::Engine;
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::watch::Watch;
use crate::report::audit::AuditReport;
use crate::report::summary::{share, thousands};

/// The first sample.
const SAMPLE: usize = 400;
/// It is drawn on until it holds so many times the positives without which nothing can be rejected.
const ENOUGH: u64 = 2;

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
        None => match calibrate(run, &wanted, threads, watch)? {
            Some(stopped) => return Ok(Some(stopped)),
            None => run.engine()?,
        },
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

/// Asks about a sample and puts the cut that follows from it in force; returns why asking ended before its end.
fn calibrate(
    run: &mut RunDir,
    wanted: &Wanted,
    threads: Threads,
    watch: &Watch,
) -> Result<Option<Failure>, Failure> {
    let mut config = run.manifest.config.clone();
    config.score_all_turns(wanted.purpose);
    let engine = Engine::build(config)?;
    let seed = seed(run)?;
    let delta = 1.0 - wanted.confidence;
    let enough = threshold::positives_needed(wanted.recall, delta)?.map_or(u64::MAX, |n| ENOUGH * n);
    let mut size = SAMPLE;
    loop {
        let files = &run.manifest.inputs;
        let scored = calibration::score(&engine, files, threads.get(), wanted, size, seed)?;
        scored.check()?;
        let answers = match oracle::judge(run, watch, &scored.drawn(), "resume")? {
            Ok(answers) => answers,
            Err(stopped) => return Ok(Some(stopped)),
        };
        let judged = scored.judged(&answers.labels, wanted.purpose);
        let positives: Vec<f64> =
            judged.iter().filter(|turn| wanted.is_positive(turn.label)).map(|turn| turn.standing).collect();
        if (positives.len() as u64) < enough && (size as u64) < scored.turns {
            size *= 2;
            continue;
        }
        let cut = threshold::cut(&positives, wanted.recall, delta)?.cut;
        let from = cuts::reject_below(cut);
        remark(&format!(
            "{} of {} sampled turns are wanted; {}",
            thousands(positives.len() as u64),
            thousands(scored.sample.len() as u64),
            match from {
                Some(score) => format!(
                    "asking about {} of all turns, those from {score:.4} on",
                    share(scored.asked(from, None), scored.turns)
                ),
                None => "no cut keeps the recall: asking about every turn".to_owned(),
            }
        ));
        run.set_cut(from)?;
        return Ok(None);
    }
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
            let draw = Draw::new(seed(run)?.wrapping_add(1));
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
