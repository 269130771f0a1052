//! `rejoinder ask`: requests in somebody else's words, asked by the judge's machinery.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use rejoinder_judge::StopReason;
use rejoinder_run::given_requests::{self, AskedRequests, GivenAsking, NoteKind};
use rejoinder_run::watch::Watch;
use rejoinder_scan::config::Config;
use rejoinder_scan::default_threads;

use super::args::{JUDGE, OUTPUT};
use super::settings::{ConfigFileArgs, effective_config};
use super::terminal::remark;
use super::{asking, print_json, print_page, signals, terminal};
use crate::failure::{Exit, Failure};
use rejoinder_report::asked_requests::AskedReport;
use rejoinder_report::numbers::counted;

#[derive(Debug, Args)]
pub(super) struct AskArgs {
    /// Requests: lines of OpenAI's Batch format
    ///
    /// `custom_id`, and in `body` the `messages` and, if given, `max_tokens`, `model` and `temperature` 0. Any other key of the body is
    /// refused, since it would make another question of it.
    #[arg(value_name = "REQUESTS")]
    requests: PathBuf,
    /// Folder for ledger, replies and answers.jsonl
    ///
    /// One judge's. The same command goes on where an earlier one has ended; other requests may be asked in the same folder, and
    /// answers.jsonl then holds theirs.
    #[arg(long, value_name = "FOLDER", help_heading = OUTPUT)]
    out: PathBuf,
    #[command(flatten)]
    config: ConfigFileArgs,
    /// Greatest number of requests over the folder's whole life
    #[arg(long, value_name = "N", help_heading = JUDGE)]
    calls: Option<u64>,
    /// Ask again where the stored result is no answer
    ///
    /// Refusals, empty answers, and what the server found too long. Without it such results are kept, for the same request would end
    /// the same way.
    #[arg(long, help_heading = JUDGE)]
    ask_again: bool,
    /// Print one JSON object instead of the summary
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

pub(super) fn main(args: &AskArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let mut config = effective_config(&args.config, &[])?.config;
    config.budget.calls = args.calls.or(config.budget.calls);
    if config.judge.base_url.is_none() {
        return Err(Failure::usage(
            "no judge is configured: give --config FILE with [judge] base-url = \"http://…/v1\" and model = \"…\"",
        ));
    }
    let wanted =
        GivenAsking { config: &config, requests: &args.requests, folder: &args.out, again: args.ask_again };
    let watch = Watch::default();
    signals::stop_on_interrupt(&watch.stop)?;
    let asked =
        asking::with_operator(&watch, default_threads(), |operator| given_requests::ask(wanted, operator))?;
    tell(&asked, &config);
    let report = AskedReport::of(&asked, &config.judge.model, begun.elapsed().as_secs_f64());
    let printed = match args.json {
        true => print_json(&report),
        false if terminal::is_quiet() => Ok(()),
        false => print_page(&report.text()),
    };
    match printed {
        // Whoever read it may be gone; how asking ended is told all the same.
        Err(failure) if !failure.closed_pipe => return Err(failure),
        _ => {}
    }
    match asked.stop {
        None => Ok(Exit::Ok),
        Some(stop) => Err(stopped(stop, &config)),
    }
}

/// Says what the operator should know of how the judge answered.
fn tell(asked: &AskedRequests, config: &Config) {
    let AskedRequests { asked: report, told, forgotten, .. } = asked;
    if *forgotten > 0 {
        remark(&format!("asked for again: {}", counted(*forgotten, "result")));
    }
    asking::tell_of_parameters(asked.parameters);
    asking::tell_of_left_out(report);
    for note in told {
        let what = match note.kind {
            NoteKind::Refused => "was refused",
            NoteKind::Empty => "was answered with nothing",
            NoteKind::TooLong => "is too long",
        };
        remark(&format!("request {} {what}: {}", note.custom_id, note.words));
    }
    asking::tell_of_other_models(report, &config.judge.model);
}

/// How asking ended, in words for the operator.
fn stopped(stop: StopReason, config: &Config) -> Failure {
    let go_on = match &stop {
        StopReason::Budget => {
            "Raise it and go on: the same command with a larger --calls N or another [budget]"
        }
        StopReason::Refuses { .. } | StopReason::Silent(_) => "Mend it and go on: the same command",
        StopReason::Unavailable(_) | StopReason::Unreachable(_) => "Go on later: the same command",
        StopReason::Interrupted => "Go on with the same command",
    };
    let next = format!("what was answered is kept and stands in answers.jsonl. {go_on}");
    match stop {
        StopReason::Silent(why) => Failure::new(
            Exit::Unavailable,
            format!(
                "the judge's answers hold nothing: {}\nno more is asked, so that no more is paid for\n{next}",
                why.describe_given()
            ),
        ),
        stop => asking::stopped(stop, &config.judge, &next),
    }
}
