//! Recall against spend: the cut in force, what other purposes and recalls would take, and what an audit certified.

use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::ScoreRole;
use rejoinder_scan::config::PriceSection;
use schemars::JsonSchema;
use serde::Serialize;

use super::certificate::CertificateReport;
use super::funnel::rated;
use crate::summary::Summary;

/// Recall against spend.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecallSection {
    /// By which cut turns were passed over without asking, and what is known of it.
    pub cut: String,
    /// What asking would take for each purpose, at recalls that a cut ships for. The recalls were measured on labelled chats, and are
    /// assumptions about this corpus. Empty where no score ranks the turns.
    pub purposes: Vec<PurposeOptions>,
    /// How many turns have to be asked about for a recall, as the search of this run found; empty where the run searched no cut.
    pub searched: Vec<SearchedCurve>,
    /// What an audit certified; absent where the run was not audited.
    pub certificate: Option<CertificateReport>,
}

/// What asking would take for one purpose.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PurposeOptions {
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// By recall.
    pub options: Vec<AskingOption>,
}

/// What asking would take by one cut.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AskingOption {
    /// The recall that the cut kept on the labels that it was measured on.
    pub recall: f64,
    /// Whether the run went by this cut.
    pub in_force: bool,
    /// Turns to ask about.
    pub turns: u64,
    /// Their share of the later turns.
    pub turn_share: f64,
    /// Requests about these turns.
    pub requests: u64,
    /// The requests as a share of those of the paper's method.
    pub request_share: f64,
    /// Input tokens of the requests, estimated.
    pub input_tokens: u64,
    /// The input tokens as a share of those of the paper's method.
    pub token_share: f64,
    /// Money for the input tokens by the configured prices; absent without prices.
    pub money: Option<f64>,
    /// The arguments by which a new run goes by this cut.
    pub arguments: String,
}

/// How many turns have to be asked about for one purpose.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SearchedCurve {
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// By recall, ascending.
    pub points: Vec<SearchedPoint>,
}

/// How many turns have to be asked about for one recall.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct SearchedPoint {
    /// The share of the wanted feedback that is found, by what the score says.
    pub recall: f64,
    /// Turns to ask about.
    pub turns: u64,
    /// Their share of the later turns.
    pub turn_share: f64,
}

impl RecallSection {
    /// The section of a run.
    ///
    /// # Errors
    /// If the certificate cannot be read.
    pub(super) fn of(run: &RunDir, summary: &Summary, price: &PriceSection) -> Result<Self, RunError> {
        let mut purposes: Vec<PurposeOptions> = Vec::new();
        for row in &summary.asking {
            let option = AskingOption {
                recall: row.recall,
                in_force: row.in_force,
                turns: row.turns,
                turn_share: row.turn_share,
                requests: row.requests,
                request_share: row.request_share,
                input_tokens: row.input_tokens,
                token_share: row.token_share,
                money: rated(row.input_tokens, price.input),
                arguments: row.arguments.clone(),
            };
            match purposes.last_mut().filter(|last| last.purpose == row.purpose) {
                Some(last) => last.options.push(option),
                None => purposes.push(PurposeOptions { purpose: row.purpose.clone(), options: vec![option] }),
            }
        }
        let searched = summary.curves.iter().map(|(purpose, points)| SearchedCurve {
            purpose: purpose.clone(),
            points: points
                .iter()
                .map(|point| SearchedPoint {
                    recall: point.recall,
                    turns: point.turns,
                    turn_share: point.turns as f64 / summary.turns.max(1) as f64,
                })
                .collect(),
        });
        Ok(Self {
            cut: cut(run, summary),
            purposes,
            searched: searched.collect(),
            certificate: CertificateReport::of(run, summary)?,
        })
    }
}

/// By which cut turns were passed over, in a sentence.
fn cut(run: &RunDir, summary: &Summary) -> String {
    let config = &run.manifest.config;
    if let Some(says) = &summary.score_says {
        let says = says.strip_prefix("score: ").unwrap_or(says);
        return capitalised(says);
    }
    match (&run.manifest.score, config.cascade.recall) {
        (ScoreRole::Told, Some(recall)) => match config.cascade.reject_below {
            Some(cut) if cut > 0.0 => format!(
                "This run searched a cut that keeps a recall of {recall} for `{}`: turns below the score {cut:.3} are rejected.",
                config.purpose
            ),
            _ => format!(
                "This run was to keep a recall of {recall} for `{}`: the judge is asked about every turn.",
                config.purpose
            ),
        },
        (ScoreRole::Told, None) => {
            let below = config.cascade.reject_below.unwrap_or_default();
            format!("The config rejects turns below the score {below:.3}.")
        }
        _ => "No score decides: the judge is asked about what rules mark and leave open.".to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let end = if text.ends_with(['.', ')']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}
