//! What an audit certifies, as a run's `certificate.json`.

use std::path::PathBuf;

use rejoinder_cascade::certificate::Certificate;
use rejoinder_core::{Answer, Purpose};
use rejoinder_ledger::part;
use serde::Serialize;

use super::audit::{AuditDraw, AuditSample};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging;

/// What certificates call a judge; its model's name follows.
pub const JUDGE: &str = "the judge";
/// What a certificate assumes of turns that share requests, where nothing else was said.
const FIXED_LETTERS: &str = "The turns that share a request do not change one another's answers; `judge compare` measures how often \
                             they do, and `audit --lean` reckons with that.";
/// How good the paper's judge is (arXiv 2407.10944).
const PAPERS_JUDGE: &str =
    "of Mixtral-8x7B the paper measured a precision of .43 and a recall of .58 against people";

/// A certificate, and what the certificate is about.
#[derive(Clone, Debug, Serialize)]
pub struct AuditReport {
    /// Whose answers count as the truth.
    pub oracle: String,
    /// What is known of how often these answers are the truth.
    pub oracle_quality: String,
    /// The form of the requests to the judge, in words; absent where labels were asked.
    pub form: Option<String>,
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// How the sample was drawn.
    pub draw: AuditDraw,
    /// Sampled turns whose answer says nothing: for each the worst is assumed.
    pub unreadable: usize,
    /// The engine's version.
    pub engine: String,
    /// Hash of the rules in force.
    pub rules_hash: String,
    /// The plugins, by identity.
    pub plugins: Vec<String>,
    /// The bounds.
    #[serde(flatten)]
    pub certificate: Certificate,
}

impl AuditReport {
    /// The report on a run and its sample, by the answers of an oracle about the sample's turns. `lean` is the probability with
    /// which turns that share a request change the letter of one of them.
    ///
    /// # Errors
    /// If the run cannot be read, or the confidence is not between 0 and 1.
    pub fn of(
        run: &RunDir,
        sample: &AuditSample,
        purpose: Purpose,
        confidence: f64,
        lean: f64,
        oracle: String,
        answers: &[Answer],
    ) -> Result<Self, RunError> {
        let manifest = &run.manifest;
        let is_judge = oracle.starts_with(JUDGE);
        let mut certificate = sample.certify(run, purpose, confidence, lean, answers)?;
        let form = judging::judge_of(run)?.filter(|_| is_judge).map(|judge| judge.form.form);
        if !is_judge {
            certificate.make_relative_to_labels();
        }
        if lean == 0.0 && form.is_some_and(|form| form.turns() > 1) {
            certificate.assumptions.push(FIXED_LETTERS.to_owned());
        }
        Ok(Self {
            oracle_quality: match is_judge {
                true => format!("how often {oracle} is right was not measured here; {PAPERS_JUDGE}"),
                false => {
                    format!("{oracle} are taken for the truth; how often they are was not measured here")
                }
            },
            oracle,
            form: form.map(|form| form.to_string()),
            purpose: purpose.to_string(),
            draw: sample.draw,
            unreadable: answers.iter().filter(|answer| !answer.is_known()).count(),
            engine: manifest.engine.clone(),
            rules_hash: manifest.rules_hash.clone(),
            plugins: manifest.plugins.iter().map(|plugin| plugin.identity.clone()).collect(),
            certificate,
        })
    }

    /// Lower bound of the recall of all that is wanted.
    pub fn recall(&self) -> f64 {
        self.certificate.claims.first().map_or(0.0, |claim| claim.recall.at_least)
    }

    /// Writes the report as the run's certificate; returns the file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, run: &RunDir) -> Result<PathBuf, RunError> {
        let mut json = serde_json::to_vec_pretty(self).expect("a certificate is plain data");
        json.push(b'\n');
        let file = run.path.join("certificate.json");
        part::write(&file, &json)?;
        Ok(file)
    }
}
