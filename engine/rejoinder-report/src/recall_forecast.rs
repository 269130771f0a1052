//! What keeping a recall will take, for people, before it is paid.

use rejoinder_run::recall::{RecallForecast, RecallTarget};
use serde::Serialize;

use super::numbers::{counted, share, thousands};

/// What keeping a recall will take, as `--json` of a plan has it.
#[derive(Clone, Debug, Serialize)]
pub struct RecallPlan {
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// The share of the wanted feedback that must be found.
    pub recall: f64,
    /// The probability with which that share must be found.
    pub confidence: f64,
    /// The turns that will be asked about.
    #[serde(flatten)]
    pub forecast: RecallForecast,
    /// How many turns share a request.
    pub turns_per_request: u64,
    /// Requests about these turns.
    pub requests: u64,
    /// Requests without the promise.
    pub requests_without_promise: u64,
}

impl RecallPlan {
    /// The plan that a forecast is.
    pub fn new(target: &RecallTarget, forecast: RecallForecast, turns_per_request: u64) -> Self {
        Self {
            purpose: target.purpose.to_string(),
            recall: target.recall,
            confidence: target.confidence,
            requests: RecallForecast::requests(forecast.asked(), turns_per_request),
            requests_without_promise: RecallForecast::requests(forecast.without_promise, turns_per_request),
            forecast,
            turns_per_request,
        }
    }
}

/// The forecast in a paragraph: what is asked and why, and where something else would be cheaper.
pub fn text(forecast: &RecallForecast, turns_per_request: u64) -> String {
    let requests = |turns: u64| RecallForecast::requests(turns, turns_per_request);
    let promised = requests(forecast.asked());
    let without = requests(forecast.without_promise);
    let parts = match forecast.is_learning {
        true => format!(
            "{} by their score, which learns meanwhile, {} as samples that make the cut, {} as the audit",
            thousands(forecast.by_score),
            thousands(forecast.samples),
            thousands(forecast.audit)
        ),
        false => format!(
            "{} by their score, and {} of the others as a sample that is the audit, too",
            thousands(forecast.by_score),
            thousands(forecast.samples)
        ),
    };
    let cheaper = match promised >= forecast.conversations {
        true => format!(
            ". The paper's method takes {} and finds all that the judge finds (--judge-all), if whole conversations are not too long",
            counted(forecast.conversations, "request")
        ),
        false => format!("; the paper's method takes {}", thousands(forecast.conversations)),
    };
    format!(
        "keeping the recall will take about {} if the score is right about this corpus: {} of {} later turns ({}), {parts}. Without the promise it is about {}, by the score's \
         own word{cheaper}",
        counted(promised, "request"),
        thousands(forecast.asked()),
        thousands(forecast.turns),
        share(forecast.asked(), forecast.turns),
        thousands(without),
    )
}
