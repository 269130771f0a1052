//! The judge: what was asked, what came back, and what it took.

use rejoinder_run::judging::LetterCheck;
use schemars::JsonSchema;
use serde::Serialize;

use super::cut::cut_text;
use super::left_out::ReasonRow;
use crate::summary::Summary;

/// Units of a name or a reason.
const TEXT_UNITS: usize = 200;
/// Reasons in the list.
const REASONS: usize = 20;

/// What was asked of a judge, and what came back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct JudgeSection {
    /// The model that was asked for, as the config names it; absent where no judge was asked.
    pub model: Option<String>,
    /// How the judge is asked, or would be.
    pub form: String,
    /// The prompt: name, version and the beginning of its hash.
    pub prompt: String,
    /// Turns that the judge settled.
    pub judged: u64,
    /// Turns of these with feedback.
    pub feedback: u64,
    /// Turns whose answer is of no use: they keep waiting.
    pub useless: u64,
    /// Why answers are of no use; empty in an anonymous report, since reasons may quote chats.
    pub useless_reasons: Vec<ReasonRow>,
    /// HTTP requests made, also those whose outcome a kill has hidden.
    pub calls: u64,
    /// Requests about what an earlier request, which several turns shared, did not settle.
    pub calls_apart: u64,
    /// HTTP requests that were made again, since the first had no answer.
    pub calls_again: u64,
    /// Input tokens, as the server counts.
    pub input_tokens: u64,
    /// Input tokens that the server had computed before.
    pub cached_tokens: u64,
    /// Output tokens, as the server counts.
    pub output_tokens: u64,
    /// Money spent, by the configured prices.
    pub money: f64,
    /// GPU-seconds spent, by the configured rates.
    pub gpu_seconds: f64,
    /// Seconds that the server was measured to work for its answers.
    pub server_seconds: f64,
    /// The same for one request; absent where nothing was measured.
    pub server_seconds_per_call: Option<f64>,
    /// The judge's agreement with itself; absent where no turn was asked about twice.
    pub letters: Option<LetterTrial>,
}

/// Turns that were asked about once more, with the letters in another order.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct LetterTrial {
    /// Turns that were answered both times.
    pub turns: u64,
    /// Turns that got the same answer, by another letter.
    pub same_answer: u64,
    /// Turns that got the same letter, which means something else the second time.
    pub same_letter: u64,
}

impl JudgeSection {
    pub(super) fn of(summary: &Summary, anonymous: bool) -> Self {
        let LetterCheck { turns, same_letter, same_answer } = summary.letters;
        let measured = summary.measured_server_seconds > 0.0 && summary.calls > 0;
        let mut reasons: Vec<ReasonRow> = summary
            .unverified_reasons
            .iter()
            .filter(|_| !anonymous)
            .map(|(why, count)| ReasonRow { reason: cut_text(why, TEXT_UNITS), count: *count })
            .collect();
        reasons.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
        reasons.truncate(REASONS);
        Self {
            model: model(summary),
            form: summary.form.clone(),
            prompt: cut_text(&summary.prompt, TEXT_UNITS),
            judged: summary.judged,
            feedback: summary.judged_feedback.total(),
            useless: summary.unverified,
            useless_reasons: reasons,
            calls: summary.calls,
            calls_apart: summary.requests_apart,
            calls_again: summary.requests_again,
            input_tokens: summary.reported_input_tokens,
            cached_tokens: summary.reported_cached_tokens,
            output_tokens: summary.reported_output_tokens,
            money: summary.spent_money,
            gpu_seconds: summary.spent_gpu_seconds,
            server_seconds: summary.measured_server_seconds,
            server_seconds_per_call: measured.then(|| summary.measured_server_seconds / summary.calls as f64),
            letters: (turns > 0).then_some(LetterTrial { turns, same_answer, same_letter }),
        }
    }
}

/// The model that was asked for; absent where no judge was asked.
pub(super) fn model(summary: &Summary) -> Option<String> {
    let was_asked = summary.calls > 0 || summary.judged > 0;
    summary.judge.as_ref().filter(|_| was_asked).map(|judge| cut_text(&judge.model, TEXT_UNITS))
}
