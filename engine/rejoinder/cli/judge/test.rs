//! `rejoinder judge test`: whether a judge can be asked, how, and what a request takes, before a run depends on it.

use clap::Args;
use rejoinder_core::{Answer, Category};
use rejoinder_judge::{LabelConstraint, NANOS_PER_UNIT, ServerCapabilities};
use rejoinder_run::judging::{ExampleAnswer, JudgeTrial};
use rejoinder_run::recall::OracleError;
use rejoinder_scan::config::{BaseUrl, Config, JudgeSection};
use serde::Serialize;

use crate::cli::args::OUTPUT;
use crate::cli::settings::{ConfigFileArgs, effective_config};
use crate::cli::terminal::remark;
use crate::cli::{asking, print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    #[command(flatten)]
    config: ConfigFileArgs,
    /// Print one JSON object; of several endpoints a list of them
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

/// What was found out.
#[derive(Debug, Serialize)]
struct TrialReport {
    base_url: String,
    model: String,
    answered_as: Vec<String>,
    key: String,
    findings: ServerCapabilities,
    form: String,
    prompt: String,
    /// For each example: its text, the right answer, and what the judge said.
    examples: Vec<ExampleRow>,
    requests: u64,
    input_tokens: u64,
    cached_tokens: u64,
    output_tokens: u64,
    /// What all of it took, by the configured prices.
    money: f64,
    /// Seconds that the server worked for an example, as measured.
    server_seconds_a_request: f64,
}

#[derive(Debug, Serialize)]
struct ExampleRow {
    text: &'static str,
    expected: String,
    answer: String,
    is_right: bool,
}

pub(super) fn main(args: &TestArgs) -> Result<Exit, Failure> {
    let config = effective_config(&args.config, &[])?.config;
    let urls = config.judge.base_urls();
    if urls.is_empty() {
        return Err(Failure::usage(
            "no judge is configured: give --config FILE with [judge] base-url = \"http://…/v1\" and model = \"…\"",
        ));
    }
    let (mut trials, mut failures) = (Vec::new(), Vec::new());
    for url in urls {
        match trial(&config, url) {
            Ok(trial) => trials.push(trial),
            Err(failure) => failures.push(failure),
        }
    }
    let reports: Vec<TrialReport> =
        trials.iter().map(|trial| TrialReport::of(trial, config.judge.api_key_env.as_deref())).collect();
    match reports.as_slice() {
        [] => {}
        [report] if args.json && urls.len() == 1 => print_json(report)?,
        reports if args.json => print_json(&reports)?,
        reports => print(&reports.iter().map(TrialReport::text).collect::<Vec<_>>().join("\n"))?,
    }
    let mut failures = failures.into_iter();
    if let Some(first) = failures.next() {
        failures.for_each(|failure| remark(&failure.message));
        return Err(first);
    }
    let fault = match trials.as_slice() {
        trials if !trials.iter().flat_map(|trial| &trial.examples).all(ExampleAnswer::is_right) => {
            "the judge does not tell thanks from a question: a run would keep its answers, and they would tell nothing"
        }
        trials if !trials.iter().all(|trial| trial.can_as(&trials[0])) => {
            "the endpoints do not do the same, and a run asks all of them for what it finds that one does: let base-url name those \
             that are alike"
        }
        _ => return Ok(Exit::Ok),
    };
    Err(Failure::new(Exit::CheckFailed, fault))
}

/// Tries one endpoint out.
///
/// # Errors
/// If it cannot be asked: why, with its address where there are others.
fn trial(config: &Config, url: &str) -> Result<JudgeTrial, Failure> {
    let judge = JudgeSection { base_url: Some(BaseUrl::One(url.to_owned())), ..config.judge.clone() };
    let one = Config { judge, ..config.clone() };
    JudgeTrial::of(&one).map_err(|halt| {
        let mut failure = match halt {
            OracleError::Failed(error) => error.into(),
            OracleError::Stopped(stop) => {
                asking::stopped(stop, &one.judge, "mend it and try again: rejoinder judge test")
            }
        };
        if config.judge.base_urls().len() > 1 {
            failure.message = format!("{url}: {}", failure.message);
        }
        failure
    })
}

impl TrialReport {
    /// A trial in figures and words; the key comes from the environment variable of this name.
    fn of(trial: &JudgeTrial, key: Option<&str>) -> Self {
        let JudgeTrial { judge, findings, other_models, examples, spent, server_time } = trial;
        let example = |example: &ExampleAnswer| ExampleRow {
            text: example.text,
            expected: name(example.expected).to_owned(),
            answer: match example.answer {
                Answer::Unknown => example.why.clone(),
                answer => name(answer).to_owned(),
            },
            is_right: example.is_right(),
        };
        Self {
            base_url: judge.client.base_urls.concat(),
            model: judge.client.model.clone(),
            answered_as: other_models.clone(),
            key: key
                .map_or_else(|| "none".to_owned(), |name| format!("from the environment variable {name}")),
            form: judge.form.form.to_string(),
            prompt: format!("{} {}", judge.form.template.name, judge.form.template.version),
            examples: examples.iter().map(example).collect(),
            requests: spent.amount.calls,
            input_tokens: spent.usage.prompt_tokens,
            cached_tokens: spent.usage.cached_tokens,
            output_tokens: spent.usage.completion_tokens,
            money: spent.amount.money as f64 / NANOS_PER_UNIT,
            server_seconds_a_request: server_time.seconds / server_time.requests.max(1) as f64,
            findings: findings.clone(),
        }
    }

    fn text(&self) -> String {
        let ServerCapabilities {
            constraint,
            logprobs,
            letters,
            reuses_prefix,
            json_schema,
            context,
            parameters,
            ..
        } = &self.findings;
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let mut lines = vec![
            ("judge", format!("{} at {}", self.model, self.base_url)),
            ("key", self.key.clone()),
            ("context", context.map_or_else(|| "not told".to_owned(), |tokens| format!("{tokens} tokens"))),
            (
                "constraint",
                match constraint {
                    LabelConstraint::None => "none is obeyed for one letter".to_owned(),
                    obeyed => format!("{obeyed:?} is obeyed for one letter").to_lowercase(),
                },
            ),
            (
                "several letters",
                match letters {
                    None => "not given, or not tried".to_owned(),
                    Some(letters) => format!(
                        "by {}, {:?} between them, {} probabilities of each",
                        format!("{:?}", letters.constraint).to_lowercase(),
                        letters.separator,
                        if letters.alternatives { "with" } else { "without" }
                    ),
                },
            ),
            ("prefix reuse", if *reuses_prefix { "seen" } else { "not seen" }.to_owned()),
            ("log-probabilities", yes(*logprobs)),
            ("JSON schema", yes(*json_schema)),
            ("prompt", self.prompt.clone()),
            ("form", self.form.clone()),
        ];
        if parameters.max_completion_tokens {
            lines.push(("parameters", "max_completion_tokens in place of max_tokens".to_owned()));
        }
        if parameters.default_temperature {
            lines.push(("parameters", "no temperature".to_owned()));
        }
        if let Some(most) = parameters.top_logprobs {
            lines.push(("parameters", format!("log-probabilities of {most} tokens at most")));
        }
        if !self.answered_as.is_empty() {
            lines.push(("answered as", self.answered_as.join(", ")));
        }
        for ExampleRow { text, expected, answer, is_right } in &self.examples {
            let mark = if *is_right { "as it should" } else { "WRONG" };
            lines.push(("example", format!("“{text}” → {answer} ({mark}: {expected})")));
        }
        lines.push((
            "took",
            format!(
                "{} requests, {} input tokens ({} of them computed before), {} output tokens, {:.6} in money",
                self.requests, self.input_tokens, self.cached_tokens, self.output_tokens, self.money
            ),
        ));
        if self.server_seconds_a_request > 0.0 {
            let seconds = format!(
                "the server worked {:.3} s for a request; a run measures what tokens take",
                self.server_seconds_a_request
            );
            lines.push(("measured", seconds));
        }
        let line =
            |(label, text): &(&str, String)| format!("{label:<20}{}\n", rejoinder_core::printable(text));
        lines.iter().map(line).collect()
    }
}

fn name(answer: Answer) -> &'static str {
    answer.category().map_or("no feedback", Category::code)
}
