//! Trying a judge out before a run depends on the judge: what the server can do, and whether the judge tells thanks from a
//! question.

use std::ops::ControlFlow;

use rejoinder_core::{Answer, Category};
use rejoinder_judge::accounts::LocalAccounts;
use rejoinder_judge::{AskReport, Finding, ProbeError, Question, ServerCapabilities, ServerTime, probe};
use rejoinder_ledger::{Ledger, Reply, ReplyStore, SpendingTotal};
use rejoinder_scan::Config;

use super::{Judge, settings};
use crate::error::RunError;
use crate::recall::OracleError;

/// What a user may say last in a dialogue, too clear to be mistaken, and the right answer.
const EXAMPLES: [(&str, Answer); 2] = [
    ("Thank you, that is exactly what I needed!", Answer::Feedback(Category::Ur5)),
    ("And which river flows through it?", Answer::NoFeedback),
];

/// The result of trying a judge out.
pub struct JudgeTrial {
    /// The judge that was asked.
    pub judge: Judge,
    /// What the server can do.
    pub findings: ServerCapabilities,
    /// Other models than the one asked for, as which the server answered.
    pub other_models: Vec<String>,
    /// The judge's answer to each example.
    pub examples: Vec<ExampleAnswer>,
    /// What all requests took.
    pub spent: SpendingTotal,
    /// How long the server worked for the examples.
    pub server_time: ServerTime,
}

/// The judge's answer to an example.
#[derive(Clone, Debug)]
pub struct ExampleAnswer {
    /// What the user says.
    pub text: &'static str,
    /// The right answer.
    pub expected: Answer,
    /// The judge's answer.
    pub answer: Answer,
    /// The reason why there is no answer; empty where there is an answer.
    pub why: String,
}

impl ExampleAnswer {
    /// Whether the judge's answer is the right one.
    pub fn is_right(&self) -> bool {
        self.answer == self.expected
    }
}

impl JudgeTrial {
    /// Tries the judge of a config out with a handful of requests, within its budget; nothing is kept.
    ///
    /// # Errors
    /// If the config names no judge or cannot be used, or the judge was not asked to the end.
    pub fn of(config: &Config) -> Result<Self, OracleError> {
        let client = settings::client(&config.judge)?.ok_or(RunError::NoJudge)?;
        let (ledger, store) = (Ledger::in_memory()?, ReplyStore::in_memory()?);
        let limits = settings::limits(&config.budget);
        let findings = probe::probe(&client, &ledger, &limits).map_err(|error| match error {
            ProbeError::Stopped(stop) => OracleError::Stopped(stop),
            ProbeError::Failed(error) => error.into(),
        })?;
        let judge = Judge::new(client, &findings)?;
        let accounts = LocalAccounts { ledger: &ledger, replies: &store, limits };
        let (mut other_models, mut reasons) = (Vec::new(), Vec::new());
        let (mut replies, mut server_time) = (Vec::new(), ServerTime::default());
        let questions = EXAMPLES.map(|(said, _)| Question::example(said));
        // One after the other, so that the second shows whether the server reuses what both begin with.
        for question in &questions {
            let asked = question.clone();
            let AskReport { other_models: others, empty, stop, server_time: worked, .. } =
                rejoinder_judge::ask(
                    &judge.client,
                    &judge.form,
                    Box::new(move |sink| {
                        let _ = sink(vec![asked]);
                    }),
                    &accounts,
                    &mut |_| ControlFlow::Continue(()),
                )?;
            if let Some(stop) = stop {
                return Err(OracleError::Stopped(stop));
            }
            server_time += worked;
            other_models.extend(others);
            reasons.extend(empty.into_keys().map(|why| why.describe().to_owned()));
            let followed = judge.form.follow(std::slice::from_ref(question), &store)?;
            replies.extend(followed.into_iter().map(|followed| followed.replies));
        }
        let examples = EXAMPLES.into_iter().zip(questions.iter().zip(&replies));
        let examples = examples.map(|((text, expected), (question, replies))| {
            let (answer, why) = answer(&judge, question, replies);
            let why = if answer.is_known() { why } else { reasons.first().cloned().unwrap_or(why) };
            ExampleAnswer { text, expected, answer, why }
        });
        let examples = examples.collect();
        let spent = ledger.spent()?;
        Ok(Self { judge, findings, other_models, examples, spent, server_time })
    }

    /// Whether two servers can do the same.
    pub fn can_as(&self, other: &Self) -> bool {
        let of = |trial: &Self| ServerCapabilities { endpoint: String::new(), ..trial.findings.clone() };
        of(self) == of(other)
    }
}

/// What the judge said of a question's turn, and why that is nothing.
fn answer(judge: &Judge, question: &Question, replies: &[Reply]) -> (Answer, String) {
    let read = judge.form.read(std::slice::from_ref(question), replies);
    let finding = read.and_then(|found| found.into_iter().flatten().next()).map(|found| found.finding);
    match finding {
        Some(Finding::Feedback { category, .. }) => (Answer::Feedback(category), String::new()),
        Some(Finding::NoFeedback) => (Answer::NoFeedback, String::new()),
        Some(Finding::Unverified(why)) => (Answer::Unknown, why),
        None => (Answer::Unknown, "no answer".to_owned()),
    }
}
