//! What an audit certified.

use rejoinder_cascade::certificate::Certificate;
use rejoinder_run::recall::audit::AuditDraw;
use rejoinder_run::{RunDir, RunError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cut::cut_text;
use crate::numbers::thousands;
use crate::summary::Summary;

/// Units of a text of a certificate.
const TEXT_UNITS: usize = 1_000;

/// What an audit certified.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CertificateReport {
    /// The certificate in words for readers who know nothing of bounds.
    pub sentence: String,
    /// What has changed since the audit; absent where the audit is about the run as it is now.
    pub outdated: Option<String>,
    /// Whose answers count as the truth.
    pub oracle: String,
    /// What is known of how often these answers are the truth.
    pub oracle_quality: String,
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// The probability with which all bounds hold together.
    pub confidence: f64,
    /// A row for all that is wanted, then one for each group of categories.
    pub claims: Vec<ClaimRow>,
    /// Rejected turns that were to be drawn.
    pub drawn_rejected: u64,
    /// Accepted turns that were to be drawn.
    pub drawn_accepted: u64,
    /// The seed of the draw.
    pub seed: u64,
    /// Drawn turns whose answer says nothing: for each the worst is assumed.
    pub unreadable: u64,
    /// What all bounds assume.
    pub assumptions: Vec<String>,
}

/// What is certified of one group of categories.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClaimRow {
    /// The categories, such as `UR2+UR3`.
    pub name: String,
    /// The share of the feedback that was found, as the sample estimates it; absent where nothing can be said.
    pub recall_estimate: Option<f64>,
    /// The share of the feedback that was surely found.
    pub recall_at_least: f64,
    /// The share of what was found that is feedback, as the sample estimates it; absent where nothing can be said.
    pub precision_estimate: Option<f64>,
    /// The share of what was found that surely is feedback.
    pub precision_at_least: f64,
}

/// A certificate as it is kept.
#[derive(Deserialize)]
struct KeptCertificate {
    oracle: String,
    oracle_quality: String,
    #[serde(rename = "for")]
    purpose: String,
    draw: AuditDraw,
    unreadable: u64,
    #[serde(flatten)]
    certificate: Certificate,
}

impl CertificateReport {
    /// The certificate of a run, if the run was audited, and the certificate says what certificates of today say.
    ///
    /// # Errors
    /// If the certificate's file cannot be read.
    pub(super) fn of(run: &RunDir, summary: &Summary) -> Result<Option<Self>, RunError> {
        let Some(json) = run.certificate()? else { return Ok(None) };
        let Ok(kept) = serde_json::from_value::<KeptCertificate>(json) else { return Ok(None) };
        let outdated = outdated(&kept.certificate, summary);
        let claims: Vec<ClaimRow> = kept
            .certificate
            .claims
            .iter()
            .map(|claim| ClaimRow {
                name: claim.name.clone(),
                recall_estimate: claim.recall.estimate,
                recall_at_least: claim.recall.at_least,
                precision_estimate: claim.precision.estimate,
                precision_at_least: claim.precision.at_least,
            })
            .collect();
        let assumptions = kept.certificate.assumptions.iter().map(|text| cut_text(text, TEXT_UNITS));
        Ok(Some(Self {
            sentence: sentence(&kept, claims.first()),
            outdated,
            oracle: cut_text(&kept.oracle, TEXT_UNITS),
            oracle_quality: cut_text(&kept.oracle_quality, TEXT_UNITS),
            purpose: kept.purpose,
            confidence: kept.certificate.confidence,
            claims,
            drawn_rejected: kept.draw.rejected as u64,
            drawn_accepted: kept.draw.accepted as u64,
            seed: kept.draw.seed,
            unreadable: kept.unreadable,
            assumptions: assumptions.collect(),
        }))
    }

    /// The same without the name of the file of labels, which is a path.
    pub(super) fn without_names(mut self) -> Self {
        const LABELS: &str = "labels of a file";
        if !self.oracle.starts_with(rejoinder_run::recall::JUDGE) {
            for text in [&mut self.sentence, &mut self.oracle_quality] {
                *text = text.replace(&self.oracle, LABELS);
            }
            LABELS.clone_into(&mut self.oracle);
        }
        self
    }
}

/// The main claim for readers who know nothing of bounds.
fn sentence(kept: &KeptCertificate, main: Option<&ClaimRow>) -> String {
    let Some(main) = main else { return "The audit certifies nothing.".to_owned() };
    let oracle = cut_text(&kept.oracle, TEXT_UNITS);
    let hundred = |share: f64| (100.0 * share).floor();
    let wanted = match kept.purpose.as_str() {
        "all" => "feedback".to_owned(),
        purpose => format!("feedback for `{purpose}`"),
    };
    let recall = match hundred(main.recall_at_least) {
        0.0 => format!("The sample is too small to say how much of the {wanted} the run has found"),
        percent => format!("Of 100 turns with {wanted}, the run has found at least {percent}"),
    };
    let precision = match hundred(main.precision_at_least) {
        0.0 => "too small, too, to say how often what it found is right".to_owned(),
        percent => format!("of 100 turns that it found, at least {percent} are right"),
    };
    format!(
        "{recall}; {precision}. That is {} % sure, and as true as {oracle}: {}.",
        100.0 * kept.certificate.confidence,
        kept.oracle_quality
    )
}

/// What has changed since the audit.
fn outdated(certificate: &Certificate, summary: &Summary) -> Option<String> {
    let main = certificate.claims.first()?;
    let waiting = main.parts.iter().find(|part| part.name == "undecided")?.units;
    (waiting != summary.undecided).then(|| {
        format!(
            "The audit is about an earlier state of the run: {} turns waited for the judge then, and {} do now. Audit it again: \
             rejoinder audit",
            thousands(waiting),
            thousands(summary.undecided)
        )
    })
}
