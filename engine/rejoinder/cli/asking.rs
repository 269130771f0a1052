//! What the operator hears of a run that scans and asks: remarks, progress, and how the run ended.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::path::Path;

use rejoinder_judge::{AskReport, LabelConstraint, RequestParameters, ServerCapabilities, StopReason};
use rejoinder_report::shell::word;
use rejoinder_run::gathering::SampledVerb;
use rejoinder_run::judging::Judge;
use rejoinder_run::stages::{AskingPhase, EarlyStop};
use rejoinder_run::watch::Watch;
use rejoinder_run::{Event, FolderError, Operator, RunDir, RunError, scan};
use rejoinder_scan::config::JudgeSection;

use super::progress::ProgressDisplay;
use super::terminal::remark;
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::{counted, share, thousands, were};
use rejoinder_report::recall_forecast;

/// Lets somebody who may say stop by `watch` hear what happens while `work` does something with a run.
pub(super) fn with_operator<T>(
    watch: &Watch,
    threads: NonZeroUsize,
    work: impl FnOnce(Operator<'_>) -> T,
) -> T {
    let telling = RefCell::new(None);
    let listener = |event: Event<'_>| match event {
        Event::WorkBegins => drop(telling.replace(Some(ProgressDisplay::of(watch)))),
        // Remarks come after the line of progress.
        Event::WorkEnds => drop(telling.take()),
        other => tell(other),
    };
    work(Operator { threads, watch, listener: &listener })
}

/// Says what happens while a run scans, asks and learns.
fn tell(event: Event<'_>) {
    match event {
        Event::WorkBegins | Event::WorkEnds => {}
        Event::KeyInTheClear => remark(
            "the judge's address begins with http://: its key and all chats go there unencrypted, for everybody on the way to read. \
             Use https:// unless the network is yours alone",
        ),
        Event::Asked { run, judge, asked } => tell_of_answers(run, judge, asked),
        Event::ComparisonBegins { turns, taken, stored, left } => remark(&format!(
            "to be asked about {}: {} at most, about {} input and {} output tokens; {} stored already{}",
            counted(turns, "turn"),
            counted(taken.requests, "request"),
            thousands(taken.input_tokens.expected),
            thousands(taken.output_tokens.expected),
            were(stored, "reply"),
            left.map(|left| format!("; the budget holds {} more", counted(left, "request")))
                .unwrap_or_default(),
        )),
        Event::CostForecast { forecast, turns_per_request } => {
            remark(&recall_forecast::text(forecast, turns_per_request));
        }
        Event::Learned { answers, needed, left } => remark(&format!(
            "the score has learned from {}: about {} of the {} turns left are to be asked about",
            counted(answers, "answer"),
            thousands(needed),
            thousands(left),
        )),
        Event::CutFound { positives, sampled, from, asked, turns, is_for_the_rest } => remark(&format!(
            "{} of {} sampled turns are wanted; {}",
            thousands(positives),
            thousands(sampled),
            match from {
                Some(score) => format!(
                    "asking about {} of the {} turns {}, those from {score:.4} on",
                    share(asked, turns),
                    thousands(turns),
                    if is_for_the_rest { "left" } else { "of the corpus" },
                ),
                None => "no cut keeps the recall: asking about every turn".to_owned(),
            }
        )),
        Event::Certified(report) => {
            remark(&format!("recall is surely at least {:.3}; see certificate.json", report.recall()));
        }
    }
}

/// Why asking was stopped, in words for the operator; after an error the run can be resumed.
pub(super) fn outcome(
    run: &RunDir,
    ended: Result<Option<EarlyStop>, RunError>,
) -> Result<Option<Failure>, Failure> {
    let halted = ended.map_err(|error| resumable(error.into(), run))?;
    Ok(halted.map(|EarlyStop { stop, phase }| {
        let verb = match phase {
            AskingPhase::Samples => "resume",
            AskingPhase::Waiting => "judge",
        };
        failure_of(stop, run, verb)
    }))
}

/// A run whose scan has come to its end.
///
/// # Errors
/// If there is no run, or its scan has not come to its end.
pub(super) fn scanned_run(path: &Path) -> Result<RunDir, Failure> {
    whole(RunDir::open_to_change(path)?)
}

/// A run whose scan has come to its end, or what was gathered for an audit over a data set.
///
/// # Errors
/// If there is neither.
pub(super) fn run_to_audit(path: &Path) -> Result<RunDir, Failure> {
    whole(RunDir::open_sampled(path, SampledVerb::Audit)?)
}

fn whole(run: RunDir) -> Result<RunDir, Failure> {
    match scan::is_complete(&run)? {
        true => Ok(run),
        false => Err(FolderError::NotScanned(run.path).into()),
    }
}

/// Says what the operator should know of how the judge answered.
fn tell_of_answers(run: &RunDir, judge: &Judge, asked: &AskReport) {
    let AskReport { progress, refusals, empty, .. } = asked;
    if let Some(ServerCapabilities { parameters, .. }) = &run.manifest.judge {
        tell_of_parameters(*parameters);
    }
    tell_of_left_out(asked);
    for (words, count) in refusals {
        remark(&format!(
            "the server refused {}: {words}\nthose turns keep waiting; to ask again: rejoinder judge {} --ask-again refused",
            counted(*count, "request"),
            run.path.display()
        ));
    }
    for (why, count) in empty {
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
            Some(ServerCapabilities { constraint, .. }) if *constraint != LabelConstraint::None => {
                ", though it obeyed a constraint when it was tried"
            }
            _ => "",
        };
        remark(&format!(
            "{} of {} answers say nothing of what was asked{obeyed}; they are kept, and those turns keep waiting",
            progress.unparseable, progress.answered
        ));
    }
    tell_of_other_models(asked, &judge.client.model);
}

/// Says what the server takes in place of the usual parameters.
pub(super) fn tell_of_parameters(parameters: RequestParameters) {
    if parameters.max_completion_tokens {
        remark("the server takes max_completion_tokens in place of max_tokens, and gets it");
    }
    if parameters.default_temperature {
        remark(
            "the server knows its own temperature only, and gets none: its answers may differ from one time to the next",
        );
    }
}

/// Says which endpoints answered nothing while others did.
pub(super) fn tell_of_left_out(asked: &AskReport) {
    for (endpoint, why) in asked.left_out.iter().filter(|_| asked.progress.answered > 0) {
        remark(&format!("{endpoint} was left out, and the other endpoints took its requests: {why}"));
    }
}

/// Says as which other models the server answered.
pub(super) fn tell_of_other_models(asked: &AskReport, model: &str) {
    if !asked.other_models.is_empty() {
        let names: Vec<String> =
            asked.other_models.iter().map(|m| rejoinder_core::printable(m).into_owned()).collect();
        remark(&format!("asked for {model}, the server answered as {}", names.join(", ")));
    }
}

/// How asking about a run ended, in words for the operator; `verb` goes on with the run.
pub(super) fn failure_of(stop: StopReason, run: &RunDir, verb: &str) -> Failure {
    let judge = &run.manifest.config.judge;
    let is_shard = run.manifest.shard.is_some();
    let run = run.path.display();
    let go_on = match &stop {
        StopReason::Budget => {
            let share =
                if is_shard { "; it is that of the whole job, and a shard has a share of it" } else { "" };
            format!(
                "Raise it and go on: rejoinder {verb} {run} --calls N, or --config FILE with another [budget]{share}"
            )
        }
        StopReason::Refuses { .. } | StopReason::Silent(_) => {
            format!("Mend it and go on: rejoinder {verb} {run}")
        }
        StopReason::Unavailable(_) | StopReason::Unreachable(_) => {
            format!("Go on later: rejoinder {verb} {run}")
        }
        StopReason::Interrupted => {
            format!("Go on with: rejoinder {} {run}", if verb == "judge" { "resume" } else { verb })
        }
    };
    stopped(stop, judge, &format!("what was answered is kept. {go_on}"))
}

/// How asking a judge ended, in words, with what to do next.
pub fn stopped(stop: StopReason, judge: &JudgeSection, next: &str) -> Failure {
    let (exit, why) = match stop {
        StopReason::Budget => (Exit::Budget, "the budget is spent".to_owned()),
        StopReason::Refuses { status, words } => (Exit::Unavailable, refused(status, &words, judge)),
        StopReason::Silent(why) => (
            Exit::Unavailable,
            format!(
                "the judge's answers hold nothing: {}\nno more is asked, so that no more is paid for",
                why.describe()
            ),
        ),
        StopReason::Unavailable(why) => (Exit::Unavailable, format!("the server does not answer: {why}")),
        StopReason::Unreachable(why) => (Exit::Unavailable, format!("the judge cannot be reached: {why}")),
        StopReason::Interrupted => (Exit::Interrupted, "interrupted".to_owned()),
    };
    Failure::new(exit, format!("{why}\n{next}"))
}

/// That the server refuses, in the server's words, with what is probably wrong.
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

/// Says how to go on after a failure that leaves the run resumable.
fn resumable(mut failure: Failure, run: &RunDir) -> Failure {
    if matches!(failure.exit, Exit::Io | Exit::Interrupted) && !failure.closed_pipe {
        let (folder, flags) = (word(&run.path), &failure.resume_flags);
        let way = match flags.is_empty() {
            true => "go on with",
            false => "mend what fails and begin a new run, or bear more and go on with",
        };
        failure.message += &format!("\nwhat was done is kept; {way}: rejoinder resume {folder}{flags}");
    }
    failure
}
