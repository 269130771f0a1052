//! What came of asking requests in somebody else's words.

use std::fmt::Write as _;

use rejoinder_judge::NANOS_PER_UNIT;
use rejoinder_run::given_requests::{AskedRequests, ResultCounts};
use serde::Serialize;

use super::numbers::{counted, thousands};

/// The figures, as `--json` prints them.
#[derive(Clone, Debug, Serialize)]
pub struct AskedReport {
    /// Requests = answered + refused + empty + too long + unanswered.
    pub requests: u64,
    /// Requests with an answer.
    pub answered: u64,
    /// Requests that the server refused.
    pub refused: u64,
    /// Requests whose answer held nothing.
    pub empty: u64,
    /// Requests that are longer than the model's context.
    pub too_long: u64,
    /// Requests without a result so far.
    pub unanswered: u64,
    /// Requests that this command did not make, since the reply was stored or another request was the same.
    pub reused: u64,
    /// HTTP requests so far, over the folder's whole life, also those whose outcome a kill has hidden.
    pub calls: u64,
    /// Tokens spent so far, with what is reserved for such requests.
    pub spent_tokens: u64,
    /// Money spent so far, by the configured prices.
    pub spent_money: f64,
    /// GPU-seconds spent so far, by the configured rates.
    pub spent_gpu_seconds: f64,
    /// Input tokens that the server reported.
    pub reported_input_tokens: u64,
    /// Input tokens that the server had computed before.
    pub reported_cached_tokens: u64,
    /// Output tokens that the server reported.
    pub reported_output_tokens: u64,
    /// The model that was asked.
    pub model: String,
    /// Other models, as which the server answered.
    pub other_models: Vec<String>,
    /// Wall-clock seconds of this command.
    pub seconds: f64,
    /// The file of results.
    pub answers: String,
}

impl AskedReport {
    /// The figures of what was asked of a model.
    pub fn of(asked: &AskedRequests, model: &str, seconds: f64) -> Self {
        let ResultCounts { answered, refused, empty, too_long, unanswered } = asked.counts;
        let (amount, usage) = (asked.spent.amount, asked.spent.usage);
        Self {
            requests: answered + refused + empty + too_long + unanswered,
            answered,
            refused,
            empty,
            too_long,
            unanswered,
            reused: asked.asked.progress.from_store,
            calls: amount.calls,
            spent_tokens: amount.tokens,
            spent_money: amount.money as f64 / NANOS_PER_UNIT,
            spent_gpu_seconds: amount.gpu as f64 / NANOS_PER_UNIT,
            reported_input_tokens: usage.prompt_tokens,
            reported_cached_tokens: usage.cached_tokens,
            reported_output_tokens: usage.completion_tokens,
            model: model.to_owned(),
            other_models: asked.asked.other_models.iter().cloned().collect(),
            seconds,
            answers: asked.answers.display().to_string(),
        }
    }

    /// The figures for people.
    pub fn text(&self) -> String {
        let mut out = counted(self.requests, "request");
        let results = [
            (self.answered, "answered"),
            (self.refused, "refused"),
            (self.empty, "answered with nothing"),
            (self.too_long, "too long"),
            (self.unanswered, "without an answer"),
        ];
        let told = results.iter().filter(|(count, what)| *count > 0 || *what == "answered");
        let told: Vec<String> = told.map(|(count, what)| format!("{} {what}", thousands(*count))).collect();
        let _ = writeln!(out, ": {}", told.join(", "));
        if self.reused > 0 {
            let _ =
                writeln!(out, "  reused: {}, asked before or the same as another", thousands(self.reused));
        }
        let _ = writeln!(
            out,
            "  asked so far: {}, {} input tokens ({} of them computed before), {} output tokens",
            counted(self.calls, "HTTP request"),
            thousands(self.reported_input_tokens),
            thousands(self.reported_cached_tokens),
            thousands(self.reported_output_tokens),
        );
        if self.spent_money > 0.0 || self.spent_gpu_seconds > 0.0 {
            let _ = writeln!(
                out,
                "  spent so far by the configured prices: {:.4} in money, {:.1} GPU-seconds",
                self.spent_money, self.spent_gpu_seconds
            );
        }
        let _ = writeln!(out, "  in {:.2} s, written to {}", self.seconds, self.answers);
        out
    }
}
