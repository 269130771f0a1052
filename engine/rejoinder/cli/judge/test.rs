//! `rejoinder judge test`: whether a judge can be asked, how, and what a request takes, before a run depends on it.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use rejoinder_core::Category;
use rejoinder_judge::{
    AskReport, Finding, LabelConstraint, NANOS_PER_UNIT, ProbeError, Question, ServerCapabilities, probe,
};
use rejoinder_ledger::{Ledger, Reply, ReplyStore};
use rejoinder_run::judging::{Judge, settings};
use rejoinder_scan::config::{BaseUrl, Config, Effective, JudgeSection};
use serde::Serialize;

use crate::cli::terminal::remark;
use crate::cli::{asking, print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    /// Config file with [judge]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one JSON object; of several endpoints a list of them
    #[arg(long)]
    json: bool,
}

/// What a user may say last in a dialogue, so that nobody can mistake it, and what that is.
const EXAMPLES: [(&str, Option<Category>); 2] = [
    ("Thank you, that is exactly what I needed!", Some(Category::Ur5)),
    ("And which river flows through it?", None),
];

/// What was found out.
#[derive(Debug, Serialize)]
struct Report {
    base_url: String,
    model: String,
    answered_as: Vec<String>,
    key: String,
    findings: ServerCapabilities,
    form: String,
    /// For each example: its text, the right answer, and what the judge said.
    examples: Vec<Example>,
    requests: u64,
    input_tokens: u64,
    cached_tokens: u64,
    output_tokens: u64,
    /// What all of it took, by the configured prices.
    money: f64,
}

#[derive(Debug, Serialize)]
struct Example {
    text: &'static str,
    expected: String,
    answer: String,
    is_right: bool,
}

pub(super) fn main(args: &TestArgs) -> Result<Exit, Failure> {
    let config = Effective::load(args.config.as_deref())?.config;
    let urls = config.judge.base_urls();
    if urls.is_empty() {
        return Err(Failure::usage(
            "no judge is configured: give --config FILE with [judge] base-url = \"http://…/v1\" and model = \"…\"",
        ));
    }
    let (mut reports, mut failures) = (Vec::new(), Vec::new());
    for url in urls {
        match Report::of(&config, url) {
            Ok(report) => reports.push(report),
            Err(failure) => failures.push(failure),
        }
    }
    match reports.as_slice() {
        [] => {}
        [report] if args.json && urls.len() == 1 => print_json(report)?,
        reports if args.json => print_json(&reports)?,
        reports => print(&reports.iter().map(Report::text).collect::<Vec<_>>().join("\n"))?,
    }
    let mut failures = failures.into_iter();
    if let Some(first) = failures.next() {
        failures.for_each(|failure| remark(&failure.message));
        return Err(first);
    }
    let fault = match reports.as_slice() {
        reports if !reports.iter().flat_map(|report| &report.examples).all(|example| example.is_right) => {
            "the judge does not tell thanks from a question: a run would keep its answers, and they would tell nothing"
        }
        reports if !reports.iter().all(|report| report.can_as(&reports[0])) => {
            "the endpoints do not do the same, and a run asks all of them for what it finds that one does: let base-url name those \
             that are alike"
        }
        _ => return Ok(Exit::Ok),
    };
    Err(Failure::new(Exit::CheckFailed, fault))
}

impl Report {
    /// What one endpoint does.
    ///
    /// # Errors
    /// If it cannot be asked: why, with its address where there are others.
    fn of(config: &Config, url: &str) -> Result<Self, Failure> {
        let judge = JudgeSection { base_url: Some(BaseUrl::One(url.to_owned())), ..config.judge.clone() };
        Self::of_one(&Config { judge, ..config.clone() }).map_err(|mut failure| {
            if config.judge.base_urls().len() > 1 {
                failure.message = format!("{url}: {}", failure.message);
            }
            failure
        })
    }

    /// Whether both endpoints do the same.
    fn can_as(&self, other: &Self) -> bool {
        let of = |report: &Self| ServerCapabilities { endpoint: String::new(), ..report.findings.clone() };
        of(self) == of(other)
    }

    fn of_one(config: &Config) -> Result<Self, Failure> {
        let client =
            &settings::client(&config.judge)?.ok_or_else(|| Failure::usage("no judge is configured"))?;
        let (ledger, store) = (Ledger::in_memory()?, ReplyStore::in_memory()?);
        let limits = settings::limits(&config.budget);
        let stopped =
            |stop| asking::stopped(stop, &config.judge, "mend it and try again: rejoinder judge test");
        let findings = probe::probe(client, &ledger, &limits).map_err(|error| match error {
            ProbeError::Stopped(stop) => stopped(stop),
            ProbeError::Failed(error) => error.into(),
        })?;
        let judge = Judge::new(client.clone(), &findings)?;
        let questions = EXAMPLES.map(|(said, _)| Question::example(said));
        let mut replies = Vec::new();
        let mut other_models = Vec::new();
        let mut reasons = Vec::new();
        // One after the other, so that the second shows whether the server reuses what both begin with.
        for question in &questions {
            let asked = question.clone();
            let AskReport { other_models: others, empty, stop, .. } = rejoinder_judge::ask(
                client,
                &judge.form,
                Box::new(move |sink| {
                    let _ = sink(vec![asked]);
                }),
                &ledger,
                &store,
                &limits,
                &mut |_| ControlFlow::Continue(()),
            )?;
            if let Some(stop) = stop {
                return Err(stopped(stop));
            }
            other_models.extend(others);
            reasons.extend(empty.into_keys().map(|why| why.describe().to_owned()));
            for followed in judge.form.follow(std::slice::from_ref(question), &store)? {
                replies.push(followed.replies);
            }
        }
        let answers =
            questions.iter().zip(&replies).map(|(question, replies)| answer(&judge, question, replies));
        let examples = EXAMPLES.iter().zip(answers).map(|((text, expected), answer)| Example {
            text,
            expected: name(*expected),
            is_right: answer.as_ref().is_ok_and(|said| said == expected),
            answer: answer.map_or_else(|why| reasons.first().cloned().unwrap_or(why), name),
        });
        let spent = ledger.spent()?;
        Ok(Self {
            base_url: client.base_urls.concat(),
            model: client.model.clone(),
            answered_as: other_models,
            key: config
                .judge
                .api_key_env
                .as_ref()
                .map_or_else(|| "none".to_owned(), |name| format!("from the environment variable {name}")),
            form: format!("{} {}", judge.form.template.name, judge.form.template.version),
            examples: examples.collect(),
            requests: spent.amount.calls,
            input_tokens: spent.usage.prompt_tokens,
            cached_tokens: spent.usage.cached_tokens,
            output_tokens: spent.usage.completion_tokens,
            money: spent.amount.money as f64 / NANOS_PER_UNIT,
            findings,
        })
    }

    fn text(&self) -> String {
        let ServerCapabilities { constraint, logprobs, json_schema, context, parameters, .. } =
            &self.findings;
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let mut lines = vec![
            ("judge", format!("{} at {}", self.model, self.base_url)),
            ("key", self.key.clone()),
            ("context", context.map_or_else(|| "not told".to_owned(), |tokens| format!("{tokens} tokens"))),
            (
                "constraint",
                match constraint {
                    LabelConstraint::None => {
                        "none is obeyed: answers in JSON, several turns a request".to_owned()
                    }
                    obeyed => format!("{obeyed:?} is obeyed: one letter a turn").to_lowercase(),
                },
            ),
            ("log-probabilities", yes(*logprobs)),
            ("JSON schema", yes(*json_schema)),
            ("prompt", self.form.clone()),
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
        for Example { text, expected, answer, is_right } in &self.examples {
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
        let line =
            |(label, text): &(&str, String)| format!("{label:<20}{}\n", rejoinder_core::printable(text));
        lines.iter().map(line).collect()
    }
}

/// What the judge said of a question's turn, or why that is nothing.
fn answer(judge: &Judge, question: &Question, replies: &[Reply]) -> Result<Option<Category>, String> {
    let read = judge.form.read(std::slice::from_ref(question), replies);
    let finding = read.and_then(|found| found.into_iter().flatten().next()).map(|found| found.finding);
    match finding {
        Some(Finding::Feedback { category, .. }) => Ok(Some(category)),
        Some(Finding::NoFeedback) => Ok(None),
        Some(Finding::Unverified(why)) => Err(why),
        None => Err("no answer".to_owned()),
    }
}

fn name(category: Option<Category>) -> String {
    category.map_or_else(|| "no feedback".to_owned(), |category| category.code().to_owned())
}
