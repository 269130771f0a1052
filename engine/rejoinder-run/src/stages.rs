//! The two stages of a run, one after the other or side by side: scanning its input, and asking the judge about what waits. A run
//! that is to keep a recall searches for its cut before them, and audits itself at its end.

use rejoinder_core::Answer;
use rejoinder_judge::{AskReport, JudgeConfig, StopReason};
use rejoinder_scan::Engine;

use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging::{self, Judge, settings};
use crate::operator::{Event, Operator};
use crate::recall::audit::{AuditDraw, AuditSample};
use crate::recall::{
    AuditReport, FoundCut, Halt, JUDGE, JudgeOracle, Oracle, RecallTarget, RunCorpus, draw, search,
};
use crate::scan;
use crate::waiting::Waiting;

/// About what the judge was asked when that ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Samples, before the scan or after it: the run goes on with them when it is resumed.
    Samples,
    /// The turns that wait.
    Waiting,
}

/// Asking the judge ended before its end; what was answered is kept.
#[derive(Clone, Debug)]
pub struct Halted {
    /// Why.
    pub stop: StopReason,
    /// About what it was asked.
    pub phase: Phase,
}

/// Scans what is left to scan; asks the judge, if one is configured and `offline` does not leave it: without a budget while
/// the scan goes on, with one after it, when it is known what is most worthwhile. Where the config names a recall, a search
/// for the cut comes before that, and an audit behind it. Returns why asking ended before its end.
///
/// # Errors
/// If the scan, the run directory or the config fails.
pub fn scan_and_ask(
    run: &mut RunDir,
    engine: Engine,
    operator: Operator<'_>,
    offline: bool,
) -> Result<Option<Halted>, RunError> {
    let target = target(run);
    let engine = match (&target, run.manifest.config.cascade.cuts()) {
        (Some(target), None) => match find_cut(run, target, operator) {
            Ok(engine) => engine,
            Err(Halt::Judge(stop)) => return Ok(Some(Halted { stop, phase: Phase::Samples })),
            Err(Halt::Failed(error)) => return Err(error),
        },
        _ => engine,
    };
    let client = if offline { None } else { settings::client(&run.manifest.config.judge)? };
    let ended = operator.work(|| scan_and_ask_client(run, &engine, operator, client))?;
    match (conclude(run, operator, ended), target) {
        (None, Some(target)) if !offline => audit_itself(run, &target, operator),
        (halted, _) => Ok(halted),
    }
}

/// Asks the judge, if one is configured, after a scan that has come to its end; where the config names a recall, an audit
/// follows. Returns why asking ended before its end.
///
/// # Errors
/// If the run directory or the config fails.
pub fn ask_and_audit(run: &mut RunDir, operator: Operator<'_>) -> Result<Option<Halted>, RunError> {
    match (ask(run, operator)?, target(run)) {
        (None, Some(target)) => audit_itself(run, &target, operator),
        (halted, _) => Ok(halted),
    }
}

/// Asks the judge, if one is configured; returns why that ended before its end.
///
/// # Errors
/// If the run directory or the config fails.
pub fn ask(run: &mut RunDir, operator: Operator<'_>) -> Result<Option<Halted>, RunError> {
    let Some(client) = settings::client(&run.manifest.config.judge)? else { return Ok(None) };
    let ended = operator.work(|| ask_client(run, client, operator))?;
    Ok(conclude(run, operator, Some(ended)))
}

/// The judge's answers about some rows' turns, in their order.
///
/// # Errors
/// If the run directory or the config fails, or asking ended before its end.
pub(crate) fn answers(
    run: &mut RunDir,
    operator: &Operator<'_>,
    rows: &[Waiting],
) -> Result<Vec<Answer>, Halt> {
    let client = settings::client(&run.manifest.config.judge)?.ok_or(RunError::NoJudge)?;
    let (judge, asked) = operator.work(|| {
        let judge = inform(run, client, *operator)?;
        let asked = judging::ask_about(run, &judge, operator.watch, rows)?;
        Ok::<_, Halt>((judge, asked))
    })?;
    operator.tell(Event::Asked { run, judge: &judge, asked: &asked });
    if let Some(stop) = asked.stop {
        return Err(Halt::Judge(stop));
    }
    let store = run.replies()?;
    Ok(rows.iter().map(|row| judging::answer(&judge, row, &store)).collect::<Result<_, _>>()?)
}

/// What a run's config wants to be found.
fn target(run: &RunDir) -> Option<RecallTarget> {
    let config = &run.manifest.config;
    let (recall, confidence) = (config.cascade.recall?, config.cascade.confidence);
    Some(RecallTarget { purpose: config.purpose, recall, confidence })
}

/// What the ledger calls the seed of a run's samples.
const SEED: &str = "seed of samples";

/// The seed of the search; drawn when rules and score are fixed, and kept: a resumed run goes on with the same sample.
fn seed(run: &RunDir) -> Result<u64, RunError> {
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
pub fn keep_seed(run: &RunDir, seed: u64) -> Result<(), RunError> {
    Ok(run.ledger.put(SEED, &seed.to_string())?)
}

/// Searches for the cut that keeps the recall, and puts it in force; returns the engine that goes by it.
fn find_cut(run: &mut RunDir, target: &RecallTarget, operator: Operator<'_>) -> Result<Engine, Halt> {
    let seed = seed(run)?;
    let mut corpus = RunCorpus::of(run, *target, operator.threads, operator.watch.stop.clone())?;
    let mut judge = JudgeOracle { run, operator };
    let found = search::search(&mut corpus, &mut judge, target, seed, operator.listener)?;
    let FoundCut { from, model, asked, sample, .. } = found;
    let learner = model.and(corpus.engine.scorer());
    run.keep_curves(&sample.spreads.curves())?;
    Ok(run.settle(from, learner, &asked)?)
}

/// Audits the run and writes its certificate; returns why asking ended before its end.
fn audit_itself(
    run: &mut RunDir,
    target: &RecallTarget,
    operator: Operator<'_>,
) -> Result<Option<Halted>, RunError> {
    let sample = match AuditSample::of(run)? {
        Some(sample) => sample,
        None => {
            // Another seed than the search's: turns that made the cut must not be likelier to be audited.
            let draw = AuditDraw::fitting(run.scan_stats()?.turns, seed(run)?.wrapping_add(1));
            AuditSample::draw(run, operator.threads, draw)?
        }
    };
    let answers = match (JudgeOracle { run, operator }.ask(&sample.drawn())) {
        Ok(answers) => answers,
        Err(Halt::Judge(stop)) => return Ok(Some(Halted { stop, phase: Phase::Samples })),
        Err(Halt::Failed(error)) => return Err(error),
    };
    let oracle = format!("{JUDGE} {}", run.manifest.config.judge.model);
    let report = AuditReport::of(run, &sample, target.purpose, target.confidence, oracle, &answers)?;
    report.write(run)?;
    operator.tell(Event::Certified(&report));
    Ok(None)
}

/// Finds out what the judge can do (see [`judging::inform`]), and says where its key would be read on the way.
fn inform(run: &mut RunDir, client: JudgeConfig, operator: Operator<'_>) -> Result<Judge, Halt> {
    let is_open = |url: &String| url.starts_with("http://") && !rejoinder_judge::is_loopback(url);
    if client.api_key.is_some() && client.base_urls.iter().any(is_open) {
        operator.tell(Event::KeyInTheClear);
    }
    judging::inform(run, client)
}

/// A judge and what came of asking it, or why it could not be asked at all.
enum Ended {
    Asked(Box<(Judge, AskReport)>),
    NotAsked(StopReason),
}

/// The judge could not be asked at all: an outcome, and no failure.
fn not_asked(halt: Halt) -> Result<Ended, RunError> {
    match halt {
        Halt::Judge(stop) => Ok(Ended::NotAsked(stop)),
        Halt::Failed(error) => Err(error),
    }
}

fn scan_and_ask_client(
    run: &mut RunDir,
    engine: &Engine,
    operator: Operator<'_>,
    client: Option<JudgeConfig>,
) -> Result<Option<Ended>, RunError> {
    let watch = operator.watch;
    let scan = |run: &RunDir, committed: &dyn Fn(u64)| {
        scan::run_watched(run, engine, operator.threads, watch, committed)
    };
    let has_budget = !settings::limits(&run.manifest.config.budget).is_none();
    let Some(client) = client else { return scan(run, &|_| {}).map(|()| None) };
    if has_budget {
        scan(run, &|_| {})?;
        return ask_client(run, client, operator).map(Some);
    }
    Ok(Some(match inform(run, client, operator) {
        Err(halt) => {
            let ended = not_asked(halt)?;
            scan(run, &|_| {})?;
            ended
        }
        Ok(judge) => {
            let asked = judging::ask_while_scanning(run, &judge, watch, |committed| scan(run, committed))?;
            try_letters(run, &judge, operator, &asked)?;
            Ended::Asked(Box::new((judge, asked)))
        }
    }))
}

fn ask_client(run: &mut RunDir, client: JudgeConfig, operator: Operator<'_>) -> Result<Ended, RunError> {
    match inform(run, client, operator) {
        Err(halt) => not_asked(halt),
        Ok(judge) => {
            let asked = judging::ask(run, &judge, operator.watch)?;
            try_letters(run, &judge, operator, &asked)?;
            Ok(Ended::Asked(Box::new((judge, asked))))
        }
    }
}

/// Looks whether the judge follows the order of its choices (see [`judging::try_letters`]), once all was asked.
fn try_letters(
    run: &RunDir,
    judge: &Judge,
    operator: Operator<'_>,
    asked: &AskReport,
) -> Result<(), RunError> {
    // What was tried in vain is not tried again before there are new answers.
    match asked.stop.is_some() || asked.progress.answered == 0 {
        true => Ok(()),
        false => judging::try_letters(run, judge, operator.watch),
    }
}

/// Tells the operator how asking went; returns why it ended before its end.
fn conclude(run: &RunDir, operator: Operator<'_>, ended: Option<Ended>) -> Option<Halted> {
    let stop = match ended? {
        Ended::NotAsked(stop) => Some(stop),
        Ended::Asked(asked) => {
            let (judge, asked) = *asked;
            operator.tell(Event::Asked { run, judge: &judge, asked: &asked });
            asked.stop
        }
    };
    stop.map(|stop| Halted { stop, phase: Phase::Waiting })
}
