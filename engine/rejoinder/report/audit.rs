//! What an audit certifies, for people and as the run's `certificate.json`.

use std::fmt::Write as _;
use std::path::PathBuf;

use rejoinder_cascade::certificate::{Certificate, Certified};
use rejoinder_core::{Category, Purpose};
use rejoinder_ledger::part;
use serde::Serialize;

use crate::failure::Failure;
use crate::pipeline::audit::{Draw, Sample};
use crate::pipeline::run_dir::RunDir;
use crate::report::summary::thousands;

/// How the oracle that is a judge is called; its model's name follows.
pub const JUDGE: &str = "the judge";
/// How good the paper's judge is (arXiv 2407.10944).
const PAPERS_JUDGE: &str =
    "of Mixtral-8x7B the paper measured a precision of .43 and a recall of .58 against people";

/// A certificate and what it is about.
#[derive(Clone, Debug, Serialize)]
pub struct AuditReport {
    /// Whose answers count as the truth.
    pub oracle: String,
    /// What is known of how often that is the truth.
    pub oracle_quality: String,
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// How the sample was drawn.
    pub draw: Draw,
    /// Sampled turns whose answer says nothing: the worst is assumed of them.
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
    /// Of a run and its sample, by the answers of an oracle about the sample's turns.
    ///
    /// # Errors
    /// If the run cannot be read, or the confidence is none.
    pub fn of(
        run: &RunDir,
        sample: &Sample,
        purpose: Purpose,
        confidence: f64,
        oracle: String,
        answers: &[Option<Option<Category>>],
    ) -> Result<Self, Failure> {
        let manifest = &run.manifest;
        let is_judge = oracle.starts_with(JUDGE);
        let mut certificate = sample.certify(run, purpose, confidence, answers)?;
        if !is_judge {
            certificate.is_relative_to_labels();
        }
        Ok(Self {
            oracle_quality: match is_judge {
                true => format!("how often {oracle} is right was not measured here; {PAPERS_JUDGE}"),
                false => {
                    format!("{oracle} are taken for the truth; how often they are was not measured here")
                }
            },
            oracle,
            purpose: purpose.to_string(),
            draw: sample.draw,
            unreadable: answers.iter().filter(|answer| answer.is_none()).count(),
            engine: manifest.engine.clone(),
            rules_hash: manifest.rules_hash.clone(),
            plugins: manifest.plugins.iter().map(|plugin| plugin.identity.clone()).collect(),
            certificate,
        })
    }

    /// Lower bound of the recall of all that is wanted.
    pub fn recall(&self) -> f64 {
        self.main().map_or(0.0, |claim| claim.recall.at_least)
    }

    /// Writes it as the run's certificate; returns where.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, run: &RunDir) -> Result<PathBuf, Failure> {
        let mut json = serde_json::to_vec_pretty(self).expect("a certificate is plain data");
        json.push(b'\n');
        let file = run.path.join("certificate.json");
        part::write(&file, &json)?;
        Ok(file)
    }

    fn main(&self) -> Option<&Certified> {
        self.certificate.claims.first()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let share = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"));
        let _ = writeln!(
            out,
            "For `{}`, against {}, all bounds together with confidence {}:\n",
            self.purpose, self.oracle, self.certificate.confidence
        );
        let _ = writeln!(out, "{}\n", self.oracle_quality);
        let _ = writeln!(
            out,
            "{:<24}{:>20}{:>20}{:>20}{:>20}",
            "", "recall, estimated", "surely at least", "precision, estim.", "surely at least"
        );
        for claim in &self.certificate.claims {
            let _ = writeln!(
                out,
                "{:<24}{:>20}{:>20.3}{:>20}{:>20.3}",
                claim.name,
                share(claim.recall.estimate),
                claim.recall.at_least,
                share(claim.precision.estimate),
                claim.precision.at_least
            );
        }
        let _ = writeln!(out, "\n{:<30}{:>14}{:>12}{:>12}", "turns not asked about", "", "drawn", "feedback");
        for part in self.main().into_iter().flat_map(|claim| &claim.parts).filter(|part| part.units > 0) {
            let [units, sampled, positive] = [part.units, part.sampled, part.positive].map(thousands);
            let _ = writeln!(out, "  {:<28}{units:>14}{sampled:>12}{positive:>12}", part.name);
        }
        if self.unreadable > 0 {
            let _ =
                writeln!(out, "{} of the answers say nothing: the worst is assumed of them", self.unreadable);
        }
        out.push_str("\nThis assumes:\n");
        for assumption in &self.certificate.assumptions {
            let _ = writeln!(out, "* {assumption}");
        }
        out
    }
}
