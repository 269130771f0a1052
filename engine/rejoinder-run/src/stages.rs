//! The two stages of a run, one after the other or side by side: scanning its input, and asking the judge about what waits. A run
//! that is to keep a recall searches for its cut before the two stages, and audits itself after them.

use rejoinder_core::Answer;
use rejoinder_judge::{AskReport, JudgeConfig, StopReason};
use rejoinder_scan::Engine;

use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging::{self, Judge, settings};
use crate::operator::{Event, Operator};
use crate::recall::audit::{AuditDraw, AuditSample, ProvingDraw};
use crate::recall::{
    AuditReport, JUDGE, JudgeOracle, Oracle, OracleError, RecallCut, RecallTarget, RunCorpus, draw, search,
};
use crate::scan;
use crate::spool_row::SpoolRow;

/// About what the judge was asked when asking was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskingPhase {
    /// Samples, before the scan or after it: a resumed run goes on with the samples.
    Samples,
    /// The waiting turns.
    Waiting,
}

/// Asking the judge was stopped; the answers so far are kept.
#[derive(Clone, Debug)]
pub struct EarlyStop {
    /// Why asking was stopped.
    pub stop: StopReason,
    /// About what the judge was asked.
    pub phase: AskingPhase,
}

/// Scans what is left to scan; asks the judge, if one is configured and the run is not `offline`: without a budget while the
/// scan goes on, with a budget after the scan, when it is known which turns are the most worthwhile. Where the config
/// names a recall, a search for the cut comes first, and an audit last. Returns why asking was stopped, if it was.
///
/// # Errors
/// If the scan, the run directory or the config fails.
pub fn scan_and_ask(
    run: &mut RunDir,
    engine: Engine,
    operator: Operator<'_>,
    offline: bool,
) -> Result<Option<EarlyStop>, RunError> {
    let target = target(run);
    let engine = match (&target, run.manifest.config.cascade.cuts()) {
        (Some(target), None) => match find_cut(run, target, operator) {
            Ok(engine) => engine,
            Err(OracleError::Stopped(stop)) => {
                return Ok(Some(EarlyStop { stop, phase: AskingPhase::Samples }));
            }
            Err(OracleError::Failed(error)) => return Err(error),
        },
        _ => engine,
    };
    let asks_nobody = offline || engine.role.is_without_judge();
    let client = if asks_nobody { None } else { settings::client(&run.manifest.config.judge)? };
    let ended = operator.work(|| scan_and_ask_client(run, &engine, operator, client))?;
    match (conclude(run, operator, ended), audited_target(run)) {
        (None, Some(target)) if !offline => audit_itself(run, &target, operator),
        (halted, _) => Ok(halted),
    }
}

/// Asks the judge, if one is configured, after a scan that has come to its end; where the config names a recall, an audit
/// follows. Returns why asking was stopped, if it was.
///
/// # Errors
/// If the run directory or the config fails.
pub fn ask_and_audit(run: &mut RunDir, operator: Operator<'_>) -> Result<Option<EarlyStop>, RunError> {
    match (ask(run, operator)?, audited_target(run)) {
        (None, Some(target)) => audit_itself(run, &target, operator),
        (halted, _) => Ok(halted),
    }
}

/// Asks the judge, if one is configured; returns why asking was stopped, if it was.
///
/// # Errors
/// If the run directory or the config fails.
pub fn ask(run: &mut RunDir, operator: Operator<'_>) -> Result<Option<EarlyStop>, RunError> {
    let Some(client) = settings::client(&run.manifest.config.judge)? else { return Ok(None) };
    let ended = operator.work(|| ask_client(run, client, operator))?;
    Ok(conclude(run, operator, Some(ended)))
}

/// The judge's answers about the turns of some rows, in the order of the rows.
///
/// # Errors
/// If the run directory or the config fails, or asking was stopped.
pub(crate) fn answers(
    run: &mut RunDir,
    operator: &Operator<'_>,
    rows: &[SpoolRow],
) -> Result<Vec<Answer>, OracleError> {
    let client = settings::client(&run.manifest.config.judge)?.ok_or(RunError::NoJudge)?;
    let (judge, asked) = operator.work(|| {
        let judge = prepare_judge(run, client, *operator)?;
        let asked = judging::ask_about(run, &judge, operator.watch, rows)?;
        Ok::<_, OracleError>((judge, asked))
    })?;
    operator.tell(Event::Asked { run, judge: &judge, asked: &asked });
    if let Some(stop) = asked.stop {
        return Err(OracleError::Stopped(stop));
    }
    let store = run.replies()?;
    Ok(rows.iter().map(|row| judging::answer(&judge, row, &store)).collect::<Result<_, _>>()?)
}

/// The feedback that an audit of the run by itself is about; none where the cut of an earlier run is in force.
fn audited_target(run: &RunDir) -> Option<RecallTarget> {
    let keeps_cut = run.manifest.after.as_ref().is_some_and(|earlier| earlier.keeps_cut);
    target(run).filter(|_| !keeps_cut)
}

/// The feedback that must be found by a run's config, if the config names a recall.
fn target(run: &RunDir) -> Option<RecallTarget> {
    let config = &run.manifest.config;
    let (recall, confidence) = (config.cascade.recall?, config.cascade.confidence);
    Some(RecallTarget { purpose: config.purpose, recall, confidence })
}

/// What the ledger calls the seed of a run's samples.
const SEED: &str = "seed of samples";
/// What the ledger calls the draw that has proven a run's recall.
const PROOF: &str = "draw that proves the recall";

/// The seed of the search; drawn when rules and score are fixed, and kept, so that a resumed run goes on with the same sample.
fn seed(run: &RunDir) -> Result<u64, RunError> {
    if let Some(seed) = run.ledger.get(SEED)?.and_then(|seed| seed.parse().ok()) {
        return Ok(seed);
    }
    let seed = draw::seed();
    keep_seed(run, seed)?;
    Ok(seed)
}

/// Keeps the seed of a run's samples, before the samples are drawn.
///
/// # Errors
/// If the ledger cannot be written.
pub fn keep_seed(run: &RunDir, seed: u64) -> Result<(), RunError> {
    Ok(run.ledger.put(SEED, &seed.to_string())?)
}

/// Searches for the cut that keeps the recall, and puts the cut in force; returns the engine that goes by the cut.
fn find_cut(run: &mut RunDir, target: &RecallTarget, operator: Operator<'_>) -> Result<Engine, OracleError> {
    let seed = seed(run)?;
    let mut corpus = RunCorpus::of(run, *target, operator.threads, operator.watch.stop.clone())?;
    let form = Judge::expected(&run.manifest.config.judge, run.manifest.judge.as_ref())?.form;
    let turns_per_request = form.questions_per_request() as u64;
    let listener = |event: Event<'_>| {
        operator.tell(match event {
            Event::CostForecast { forecast, .. } => Event::CostForecast { forecast, turns_per_request },
            other => other,
        });
    };
    let mut judge = JudgeOracle { run, operator };
    let found = search::search(&mut corpus, &mut judge, target, seed, &listener)?;
    let RecallCut { from, model, asked, sample, proof, .. } = found;
    let learner = model.and(corpus.engine.scorer());
    run.keep_curves(&sample.histograms.curves())?;
    if let Some(proof) = proof {
        let proof = serde_json::to_string(&proof).expect("a draw is plain data");
        run.ledger.put(PROOF, &proof)?;
    }
    Ok(run.settle(from, learner, &asked)?)
}

/// Audits the run and writes its certificate; returns why asking was stopped, if it was.
fn audit_itself(
    run: &mut RunDir,
    target: &RecallTarget,
    operator: Operator<'_>,
) -> Result<Option<EarlyStop>, RunError> {
    let sample = match AuditSample::of(run)? {
        Some(sample) => sample,
        None => {
            let (draw, stage) =
                match run.ledger.get(PROOF)?.and_then(|proof| serde_json::from_str(&proof).ok()) {
                    Some(ProvingDraw { draw, stage }) => (draw, Some(stage)),
                    // Another seed than the search's: turns that made the cut must not be likelier to be audited.
                    None => (AuditDraw::fitting(run.scan_stats()?.turns, seed(run)?.wrapping_add(1)), None),
                };
            AuditSample::draw(run, operator.threads, draw, stage)?
        }
    };
    let answers = match (JudgeOracle { run, operator }.ask(&sample.drawn())) {
        Ok(answers) => answers,
        Err(OracleError::Stopped(stop)) => return Ok(Some(EarlyStop { stop, phase: AskingPhase::Samples })),
        Err(OracleError::Failed(error)) => return Err(error),
    };
    let oracle = format!("{JUDGE} {}", run.manifest.config.judge.model);
    let report = AuditReport::of(run, &sample, target.purpose, target.confidence, 0.0, oracle, &answers)?;
    report.write(run)?;
    operator.tell(Event::Certified(&report));
    Ok(None)
}

/// Makes the judge ready ([`judging::prepare_judge`]), and tells the operator if the key would be readable on the way.
fn prepare_judge(
    run: &mut RunDir,
    client: JudgeConfig,
    operator: Operator<'_>,
) -> Result<Judge, OracleError> {
    tell_of_open_key(&client, &operator);
    judging::prepare_judge(run, client)
}

/// Tells the operator if the judge's key would be readable on the way.
pub(crate) fn tell_of_open_key(client: &JudgeConfig, operator: &Operator<'_>) {
    let is_open = |url: &String| url.starts_with("http://") && !rejoinder_judge::is_loopback(url);
    if client.api_key.is_some() && client.base_urls.iter().any(is_open) {
        operator.tell(Event::KeyInTheClear);
    }
}

/// What came of asking a judge, or why the judge could not be asked at all.
enum AskingResult {
    Asked(Box<(Judge, AskReport)>),
    NotAsked(StopReason),
}

/// That the judge could not be asked at all is a result, and no failure.
fn not_asked(halt: OracleError) -> Result<AskingResult, RunError> {
    match halt {
        OracleError::Stopped(stop) => Ok(AskingResult::NotAsked(stop)),
        OracleError::Failed(error) => Err(error),
    }
}

fn scan_and_ask_client(
    run: &mut RunDir,
    engine: &Engine,
    operator: Operator<'_>,
    client: Option<JudgeConfig>,
) -> Result<Option<AskingResult>, RunError> {
    let watch = operator.watch;
    let scan = |run: &RunDir, committed: &dyn Fn(u64)| {
        scan::run_watched(run, engine, operator.threads, watch, committed)
    };
    let has_budget = !run.limits().is_none();
    let Some(client) = client else { return scan(run, &|_| {}).map(|()| None) };
    if has_budget {
        scan(run, &|_| {})?;
        return ask_client(run, client, operator).map(Some);
    }
    Ok(Some(match prepare_judge(run, client, operator) {
        Err(halt) => {
            let ended = not_asked(halt)?;
            scan(run, &|_| {})?;
            ended
        }
        Ok(judge) => {
            let asked = judging::ask_while_scanning(run, &judge, watch, |committed| scan(run, committed))?;
            try_letters(run, &judge, operator, &asked)?;
            AskingResult::Asked(Box::new((judge, asked)))
        }
    }))
}

fn ask_client(
    run: &mut RunDir,
    client: JudgeConfig,
    operator: Operator<'_>,
) -> Result<AskingResult, RunError> {
    match prepare_judge(run, client, operator) {
        Err(halt) => not_asked(halt),
        Ok(judge) => {
            let asked = judging::ask(run, &judge, operator.watch)?;
            try_letters(run, &judge, operator, &asked)?;
            Ok(AskingResult::Asked(Box::new((judge, asked))))
        }
    }
}

/// Looks whether the judge follows the order of its choices ([`judging::try_letters`]), once all was asked.
fn try_letters(
    run: &RunDir,
    judge: &Judge,
    operator: Operator<'_>,
    asked: &AskReport,
) -> Result<(), RunError> {
    // What was tried in vain is not tried again before there are new answers, and what an earlier run has found holds. One shard tries
    // the judge for its whole job.
    let is_known = run.manifest.after.is_some() && run.letters()?.turns > 0;
    let is_tried_elsewhere = run.manifest.shard.as_ref().is_some_and(|shard| shard.shard.number() > 1);
    match is_known || is_tried_elsewhere || asked.stop.is_some() || asked.progress.answered == 0 {
        true => Ok(()),
        false => judging::try_letters(run, judge, operator.watch),
    }
}

/// Tells the operator how asking went; returns why asking was stopped, if it was.
fn conclude(run: &RunDir, operator: Operator<'_>, ended: Option<AskingResult>) -> Option<EarlyStop> {
    let stop = match ended? {
        AskingResult::NotAsked(stop) => Some(stop),
        AskingResult::Asked(asked) => {
            let (judge, asked) = *asked;
            operator.tell(Event::Asked { run, judge: &judge, asked: &asked });
            asked.stop
        }
    };
    stop.map(|stop| EarlyStop { stop, phase: AskingPhase::Waiting })
}
