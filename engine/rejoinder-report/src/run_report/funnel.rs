//! The funnel: from all conversations to the turns with feedback, and what asking takes beside the paper's method.

use std::collections::BTreeMap;

use rejoinder_scan::Engine;
use rejoinder_scan::config::PriceSection;
use schemars::JsonSchema;
use serde::Serialize;

use super::share::{Share, ratio};
use crate::summary::Summary;

/// The share of conversations with feedback that the paper reports of its corpus.
const PAPER_SHARE: f64 = 0.3;

/// From all conversations to the turns with feedback.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Funnel {
    /// Conversations read.
    pub conversations: u64,
    /// Users' messages after a first answer: later turns.
    pub turns: u64,
    /// Later turns that a rule marked.
    pub marked: u64,
    /// What became of the later turns. The turns of all rows are all later turns.
    pub outcomes: Vec<FunnelRow>,
    /// Turns with feedback so far: accepted, or found by the judge.
    pub feedback: u64,
    /// Conversations with feedback so far.
    pub with_feedback: Share,
    /// The share of conversations with feedback that the paper reports: of its own corpus, by its own judge.
    pub paper_with_feedback: f64,
    /// Asking the judge about what the scan left open.
    pub here: AskingBill,
    /// The paper's method on the same input: one request a conversation with a later turn.
    pub paper: AskingBill,
}

/// Turns with the same outcome.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FunnelRow {
    /// A name for programs, such as `accepted-by-rules`.
    pub name: &'static str,
    /// The outcome in words.
    pub words: String,
    /// The turns.
    pub turns: u64,
    /// Their share of all later turns.
    pub share: f64,
    /// Whether these turns hold feedback, as far as the run knows.
    pub is_feedback: bool,
}

/// What asking a judge takes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AskingBill {
    /// Requests.
    pub requests: u64,
    /// Input tokens, estimated, the instructions charged with every request.
    pub input_tokens: u64,
    /// Input tokens, estimated, on a server that computes the instructions once.
    pub input_tokens_shared_prefix: u64,
    /// Money for the input tokens by the configured prices; absent without prices.
    pub money: Option<f64>,
    /// GPU-seconds for the input tokens by the configured rates; absent without rates.
    pub gpu_seconds: Option<f64>,
}

impl AskingBill {
    fn new(requests: u64, input_tokens: u64, input_tokens_shared_prefix: u64, price: &PriceSection) -> Self {
        Self {
            requests,
            input_tokens,
            input_tokens_shared_prefix,
            money: rated(input_tokens, price.input),
            gpu_seconds: rated(input_tokens, price.gpu_seconds_input),
        }
    }
}

/// What tokens take at a rate for a million of them.
pub(super) fn rated(tokens: u64, rate: Option<f64>) -> Option<f64> {
    rate.filter(|rate| *rate > 0.0).map(|rate| tokens as f64 / 1e6 * rate)
}

/// Turns that were accepted, by what accepted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct AcceptedBy {
    rules: u64,
    plugins: u64,
    score: u64,
}

impl AcceptedBy {
    /// `by_name` counts the accepted turns by the name of the accepting rule or plugin.
    fn new(engine: &Engine, by_name: &BTreeMap<String, u64>) -> Self {
        let scorer = engine.scorer().map(|place| engine.registry.plugins()[place].name());
        let mut by = Self::default();
        for (name, turns) in by_name {
            let is_rule = engine.rules.rules().iter().any(|rule| rule.id == *name);
            let own = match () {
                () if is_rule => &mut by.rules,
                () if Some(name.as_str()) == scorer => &mut by.score,
                () => &mut by.plugins,
            };
            *own += turns;
        }
        by
    }
}

impl Funnel {
    /// The funnel of a run. `accepted_by` counts the accepted turns by the name of the accepting rule or plugin.
    pub(super) fn of(
        summary: &Summary,
        engine: &Engine,
        accepted_by: &BTreeMap<String, u64>,
        price: &PriceSection,
        judge: Option<&str>,
    ) -> Self {
        let by = AcceptedBy::new(engine, accepted_by);
        let found = summary.judged_feedback.total();
        let model = judge.map_or_else(|| "the judge".to_owned(), |model| format!("the judge, {model}"));
        let rows = [
            ("accepted-by-rules", "feedback: a rule accepted".to_owned(), by.rules, true),
            ("accepted-by-plugins", "feedback: a plugin accepted".to_owned(), by.plugins, true),
            ("accepted-by-score", "feedback: the score is high enough".to_owned(), by.score, true),
            ("judged-feedback", format!("feedback: {model}, says so"), found, true),
            ("judged-none", format!("no feedback: {model}, says so"), summary.judged - found, false),
            (
                "rejected",
                "no feedback: rejected by rules, plugins or score".to_owned(),
                summary.rejected,
                false,
            ),
            (
                "not-looked-at",
                "not looked at: no rule pack in force reads the language".to_owned(),
                summary.not_looked_at,
                false,
            ),
            ("waiting", "waiting for the judge".to_owned(), summary.undecided, false),
        ];
        let is_shown =
            |name: &str, turns: u64| turns > 0 || ["accepted-by-rules", "rejected"].contains(&name);
        let outcomes = rows.into_iter().filter(|(name, _, turns, _)| is_shown(name, *turns));
        Self {
            conversations: summary.conversations,
            turns: summary.turns,
            marked: summary.candidates,
            outcomes: outcomes
                .map(|(name, words, turns, is_feedback)| FunnelRow {
                    name,
                    words,
                    turns,
                    share: ratio(turns, summary.turns),
                    is_feedback,
                })
                .collect(),
            feedback: summary.accepted.total() + found,
            with_feedback: Share::of_independent(summary.with_feedback, summary.conversations),
            paper_with_feedback: PAPER_SHARE,
            here: AskingBill::new(
                summary.requests,
                summary.input_tokens,
                summary.input_tokens_shared_prefix,
                price,
            ),
            paper: AskingBill::new(
                summary.paper_requests,
                summary.paper_input_tokens,
                summary.paper_input_tokens_shared_prefix,
                price,
            ),
        }
    }
}
