//! Scanning and asking the judge, as `run`, `resume` and `judge` do it, and what the operator is told of it.

use std::path::Path;

use rejoinder_core::Category;
use rejoinder_judge::{Asked, Constraint, Findings, JudgeConfig, Stop};

use super::progress::Telling;
use super::terminal::remark;
use super::{Threads, resumable};
use crate::config::JudgeSection;
use crate::config::{Config, Effective};
use crate::failure::{Exit, Failure};
use crate::pipeline::engine::Engine;
use crate::pipeline::judging::{self, Judge};
use crate::pipeline::run_dir::RunDir;
use crate::pipeline::scan;
use crate::pipeline::waiting::Waiting;
use crate::pipeline::watch::Watch;
use crate::report::summary::thousands;

/// Scans what is left to scan; asks the judge, if one is configured and `offline` does not leave it: without a budget while
/// the scan goes on, with one after it, when it is known what is most worthwhile. Returns why asking ended before its end.
///
/// # Errors
/// If the scan, the run directory or the config fails.
pub(super) fn scan_and_ask(
    run: &mut RunDir,
    engine: &Engine,
    threads: Threads,
    watch: &Watch,
    offline: bool,
) -> Result<Option<Failure>, Failure> {
    let client = if offline { None } else { run.manifest.config.judge.client()? };
    let telling = Telling::of(watch);
    let ended = scan_and_ask_client(run, engine, threads, watch, client);
    // Remarks come after the line of progress.
    drop(telling);
    conclude(run, ended)
}

/// Asks the judge, if one is configured; returns why that ended before its end.
///
/// # Errors
/// If the run directory or the config fails.
pub(super) fn ask(run: &mut RunDir, watch: &Watch) -> Result<Option<Failure>, Failure> {
    let Some(client) = run.manifest.config.judge.client()? else { return Ok(None) };
    let telling = Telling::of(watch);
    let ended = ask_client(run, client, watch);
    drop(telling);
    conclude(run, ended.map(Some))
}

/// A run whose scan has come to its end.
///
/// # Errors
/// If there is none, or it has not.
pub(super) fn scanned_run(path: &Path) -> Result<RunDir, Failure> {
    let run = RunDir::open_to_change(path)?;
    if !scan::is_complete(&run)? {
        return Err(Failure::usage(format!(
            "the scan of {0} was interrupted; finish it first: rejoinder resume {0}",
            path.display()
        )));
    }
    Ok(run)
}

/// The config in force for the rest of a run: that of `file`, else its own, under the environment's and with so many calls.
///
/// # Errors
/// If the file or a variable says something that cannot be.
pub(super) fn config_for(run: &RunDir, file: Option<&Path>, calls: Option<u64>) -> Result<Config, Failure> {
    let mut config = match file {
        Some(path) => Effective::load(Some(path))?.config,
        None => Effective::over(run.manifest.config.clone())?.config,
    };
    config.budget.calls = calls.or(config.budget.calls);
    Ok(config)
}

/// What an oracle says of turns, in their order: the category, or that it is none; `None` where an answer says nothing.
pub(super) type Labels = Vec<Option<Option<Category>>>;

/// The judge's answers about some rows' turns, in their order, `None` where one says nothing; or why asking ended before its
/// end.
///
/// # Errors
/// If the run directory or the config fails.
pub(super) fn answers(
    run: &mut RunDir,
    watch: &Watch,
    rows: &[Waiting],
    verb: &str,
) -> Result<Result<Labels, Failure>, Failure> {
    let Some(client) = run.manifest.config.judge.client()? else {
        return Err(Failure::usage("no judge is configured"));
    };
    let telling = Telling::of(watch);
    let judge = match inform(run, client)? {
        Ok(judge) => judge,
        Err(stop) => return Ok(Err(failure_of(stop, run, verb))),
    };
    let asked = judging::ask_about(run, &judge, watch, rows)?;
    drop(telling);
    if let Some(stopped) = told(run, &judge, asked, verb) {
        return Ok(Err(stopped));
    }
    let store = run.replies()?;
    rows.iter().map(|row| judging::answer(&judge, row, &store)).collect::<Result<_, _>>().map(Ok)
}

/// Finds out what the judge can do (see [`judging::inform`]), and says where its key would be read on the way.
fn inform(run: &mut RunDir, client: JudgeConfig) -> Result<Result<Judge, Stop>, Failure> {
    let is_open = |url: &String| url.starts_with("http://") && !rejoinder_judge::is_loopback(url);
    if client.api_key.is_some() && client.base_urls.iter().any(is_open) {
        remark(
            "the judge's address begins with http://: its key and all chats go there unencrypted, for everybody on the way to read. \
             Use https:// unless the network is yours alone",
        );
    }
    judging::inform(run, client)
}

/// A judge and what came of asking it, or why it could not be asked at all.
type Ended = Result<(Judge, Asked), Stop>;

fn scan_and_ask_client(
    run: &mut RunDir,
    engine: &Engine,
    threads: Threads,
    watch: &Watch,
    client: Option<JudgeConfig>,
) -> Result<Option<Ended>, Failure> {
    let scan = |run: &RunDir, committed: &dyn Fn(u64)| {
        scan::run_watched(run, engine, threads.get(), watch, committed)
    };
    let has_budget = !run.manifest.config.budget.limits().is_none();
    let Some(client) = client else { return scan(run, &|_| {}).map(|()| None) };
    if has_budget {
        scan(run, &|_| {})?;
        return ask_client(run, client, watch).map(Some);
    }
    Ok(Some(match inform(run, client)? {
        Err(stop) => {
            scan(run, &|_| {})?;
            Err(stop)
        }
        Ok(judge) => {
            let asked = judging::ask_while_scanning(run, &judge, watch, |committed| scan(run, committed))?;
            try_letters(run, &judge, watch, &asked)?;
            Ok((judge, asked))
        }
    }))
}

fn ask_client(run: &mut RunDir, client: JudgeConfig, watch: &Watch) -> Result<Ended, Failure> {
    Ok(match inform(run, client)? {
        Err(stop) => Err(stop),
        Ok(judge) => {
            let asked = judging::ask(run, &judge, watch)?;
            try_letters(run, &judge, watch, &asked)?;
            Ok((judge, asked))
        }
    })
}

/// Looks whether the judge follows the order of its choices (see [`judging::try_letters`]), once all was asked.
fn try_letters(run: &RunDir, judge: &Judge, watch: &Watch, asked: &Asked) -> Result<(), Failure> {
    // What was tried in vain is not tried again before there are new answers.
    match asked.stop.is_some() || asked.progress.answered == 0 {
        true => Ok(()),
        false => judging::try_letters(run, judge, watch),
    }
}

/// Tells the operator how it ended; returns why asking ended before its end.
fn conclude(run: &RunDir, ended: Result<Option<Ended>, Failure>) -> Result<Option<Failure>, Failure> {
    match ended.map_err(|failure| resumable(failure, run))? {
        None => Ok(None),
        Some(Err(stop)) => Ok(Some(failure_of(stop, run, "judge"))),
        Some(Ok((judge, asked))) => Ok(told(run, &judge, asked, "judge")),
    }
}

/// Says what the operator should know of how the judge answered; returns why asking ended before its end.
fn told(run: &RunDir, judge: &Judge, asked: Asked, verb: &str) -> Option<Failure> {
    let Asked { progress, other_models, refusals, left_out, empty, stop } = asked;
    if let Some(Findings { parameters, .. }) = &run.manifest.judge {
        if parameters.max_completion_tokens {
            remark("the server takes max_completion_tokens in place of max_tokens, and gets it");
        }
        if parameters.default_temperature {
            remark(
                "the server knows its own temperature only, and gets none: its answers may differ from one time to the next",
            );
        }
    }
    for (endpoint, why) in left_out.iter().filter(|_| progress.answered > 0) {
        remark(&format!("{endpoint} was left out, and the other endpoints took its requests: {why}"));
    }
    for (words, count) in &refusals {
        remark(&format!(
            "the server refused {} requests: {words}\nthose turns keep waiting; to ask again: rejoinder judge {} --ask-again refused",
            thousands(*count),
            run.path.display()
        ));
    }
    for (why, count) in &empty {
        remark(&format!(
            "{} of {} answers were empty, and none of them is kept: {}\nthose turns keep waiting, and the next rejoinder judge {} \
             asks again",
            thousands(*count),
            thousands(progress.answered + progress.empty),
            why.describe(),
            run.path.display()
        ));
    }
    if progress.unparseable > 0 {
        let obeyed = match &run.manifest.judge {
            Some(Findings { constraint, .. }) if *constraint != Constraint::None => {
                ", though it obeyed a constraint when it was tried"
            }
            _ => "",
        };
        remark(&format!(
            "{} of {} answers say nothing of what was asked{obeyed}; they are kept, and those turns keep waiting",
            progress.unparseable, progress.answered
        ));
    }
    if !other_models.is_empty() {
        let names: Vec<String> =
            other_models.iter().map(|m| rejoinder_core::printable(m).into_owned()).collect();
        remark(&format!("asked for {}, the server answered as {}", judge.client.model, names.join(", ")));
    }
    stop.map(|stop| failure_of(stop, run, verb))
}

/// How asking about a run ended, for the operator.
fn failure_of(stop: Stop, run: &RunDir, verb: &str) -> Failure {
    let judge = &run.manifest.config.judge;
    let run = run.path.display();
    let go_on = match &stop {
        Stop::Budget => {
            format!(
                "Raise it and go on: rejoinder {verb} {run} --calls N, or --config FILE with another [budget]"
            )
        }
        Stop::Refuses { .. } | Stop::Silent(_) => format!("Mend it and go on: rejoinder {verb} {run}"),
        Stop::Unavailable(_) | Stop::Unreachable(_) => format!("Go on later: rejoinder {verb} {run}"),
        Stop::Interrupted => {
            format!("Go on with: rejoinder {} {run}", if verb == "judge" { "resume" } else { verb })
        }
    };
    stopped(stop, judge, &format!("what was answered is kept. {go_on}"))
}

/// How asking a judge ended, in words, with what to do next.
pub(super) fn stopped(stop: Stop, judge: &JudgeSection, next: &str) -> Failure {
    let (exit, why) = match stop {
        Stop::Budget => (Exit::Budget, "the budget is spent".to_owned()),
        Stop::Refuses { status, words } => (Exit::Unavailable, refused(status, &words, judge)),
        Stop::Silent(why) => (
            Exit::Unavailable,
            format!(
                "the judge's answers hold nothing: {}\nno more is asked, so that no more is paid for",
                why.describe()
            ),
        ),
        Stop::Unavailable(why) => (Exit::Unavailable, format!("the server does not answer: {why}")),
        Stop::Unreachable(why) => (Exit::Unavailable, format!("the judge cannot be reached: {why}")),
        Stop::Interrupted => (Exit::Interrupted, "interrupted".to_owned()),
    };
    Failure::new(exit, format!("{why}\n{next}"))
}

/// That the server was reached and refuses, in its own words, with what is probably wrong.
fn refused(status: u16, words: &str, judge: &JudgeSection) -> String {
    let model = &judge.model;
    match status {
        401 | 403 => {
            let key = match &judge.api_key_env {
                Some(name) => format!("The key comes from the environment variable {name}"),
                None => "No key is configured: api-key-env under [judge] names the environment variable that holds one".to_owned(),
            };
            format!("the server lets nobody in with this key: {words}\n{key}")
        }
        404 => {
            let mut message = format!("the server does not know this address or this model: {words}");
            for base in judge.base_urls() {
                let base = base.trim_end_matches('/');
                let slip = slip(base).map(|slip| format!(" {slip}")).unwrap_or_default();
                message += &format!("\nAsked was {base}/chat/completions for the model {model}.{slip}");
            }
            message
        }
        _ => format!("the server refuses every request: {words}"),
    }
}

/// What is probably wrong with a base URL whose server does not know the address that follows from it.
fn slip(base: &str) -> Option<String> {
    let right = base.strip_suffix("/completions").map(|rest| rest.strip_suffix("/chat").unwrap_or(rest));
    if let Some(right) = right {
        return Some(format!("A base URL ends before the path that is asked: base-url = \"{right}\""));
    }
    if let Some(right) = base.strip_suffix("/v1/v1") {
        return Some(format!("The base URL names /v1 twice: base-url = \"{right}/v1\""));
    }
    (!base.ends_with("/v1")).then(|| format!("Base URLs mostly end with /v1: {base}/v1"))
}
