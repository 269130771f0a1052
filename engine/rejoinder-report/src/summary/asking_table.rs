//! What asking would take for each purpose, at recalls that a cut ships for.

use std::fmt::Write as _;

use rejoinder_run::folder::Manifest;
use rejoinder_run::forecast::{FORECAST_PURPOSES, FORECAST_RECALLS};
use rejoinder_run::judging::Judge;
use rejoinder_run::stats::ScanCounts;
use rejoinder_scan::ScoreRole;
use serde::Serialize;

use super::asking_cost::AskingCost;
use crate::numbers::thousands;
use rejoinder_run::RunError;

/// What asking would take for one purpose and recall. Shares of turns are of all later turns; shares of requests and tokens are of
/// what the paper's method takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AskingRow {
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// The recall that the cut kept on the labels that it was measured on.
    pub recall: f64,
    /// Whether the run went by this cut.
    pub in_force: bool,
    /// Turns to ask about.
    pub turns: u64,
    /// Their share of all later turns.
    pub turn_share: f64,
    /// Requests about these turns.
    pub requests: u64,
    /// The requests as a share of the paper's.
    pub request_share: f64,
    /// Input tokens of these requests, estimated.
    pub input_tokens: u64,
    /// The input tokens as a share of the paper's.
    pub token_share: f64,
    /// How the judge would be asked.
    pub form: String,
    /// What a new run takes to go by this cut.
    pub arguments: String,
}

/// The rows of a run's counts.
pub(super) fn asking_rows(
    manifest: &Manifest,
    counts: &ScanCounts,
    paper: &AskingCost,
) -> Result<Vec<AskingRow>, RunError> {
    let form = Judge::expected(&manifest.config.judge, manifest.judge.as_ref())?.form;
    let here = AskingCost::of(&manifest.config, manifest.judge.as_ref(), &counts.stats)?;
    // What windows share is shown once; other turns are taken to share as much as those that wait.
    let shared = match form.questions_per_request() {
        1 => 1.0,
        _ => counts.stats.group_shown_tokens as f64 / counts.stats.shown_tokens.max(1) as f64,
    };
    let share = |part: u64, of: u64| part as f64 / of.max(1) as f64;
    let rows = FORECAST_PURPOSES.into_iter().flat_map(|purpose| {
        let counted = counts.forecast.purposes.get(&purpose.to_string()).copied();
        counted
            .into_iter()
            .flatten()
            .zip(FORECAST_RECALLS)
            .map(move |(turns, recall)| (purpose, recall, turns))
    });
    let row = |(purpose, recall, counted): (_, f64, rejoinder_run::forecast::TurnsToAsk)| {
        let in_force = match &manifest.score {
            ScoreRole::Assumed(cut) => {
                cut.purpose == purpose && (f64::from(cut.recall) - recall).abs() < 1e-6
            }
            _ => false,
        };
        let shown = (counted.shown_tokens as f64 * shared) as u64;
        let (requests, input_tokens) = match AskingCost::of_turns(&form, counted.turns, shown) {
            _ if in_force => (here.requests, here.input_tokens),
            cost => (cost.requests, cost.input_tokens),
        };
        AskingRow {
            purpose: purpose.to_string(),
            recall,
            in_force,
            turns: counted.turns,
            turn_share: share(counted.turns, counts.stats.turns),
            requests,
            request_share: share(requests, paper.requests),
            input_tokens,
            token_share: share(input_tokens, paper.input_tokens),
            form: form.form.to_string(),
            arguments: format!("--for {purpose} --assumed-recall {recall}"),
        }
    };
    Ok(rows.map(row).collect())
}

/// The table for people; nothing without rows.
pub(super) fn text(rows: &[AskingRow]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let mut out = format!(
        "\nwhat asking takes by cuts that ship with the score ({}); shares of later turns, and of the paper's requests and input tokens\n\
         {:<6}{:>6}{:>16}{:>17}{:>21}  {}\n",
        first.form, "  for", "recall", "turns", "requests", "input tokens", "type"
    );
    for row in rows {
        let cell = |count: u64, share: f64| format!("{} {:>5.1} %", thousands(count), 100.0 * share);
        let _ = writeln!(
            out,
            "  {:<4}{:>6}{:>16}{:>17}{:>21}  {}",
            row.purpose,
            row.recall,
            cell(row.turns, row.turn_share),
            cell(row.requests, row.request_share),
            cell(row.input_tokens, row.token_share),
            if row.in_force { "(in force)" } else { &row.arguments },
        );
    }
    out
}
