//! What an audit certifies, for people.

use std::fmt::Write as _;

use rejoinder_cascade::certificate::CertifiedClaim;
use rejoinder_run::recall::AuditReport;

use crate::numbers::thousands;

fn main_claim(report: &AuditReport) -> Option<&CertifiedClaim> {
    report.certificate.claims.first()
}

/// A certificate, and what the certificate is about, as text.
pub fn text(report: &AuditReport) -> String {
    let mut out = String::new();
    let share = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"));
    let _ = writeln!(
        out,
        "For `{}`, against {}, all bounds together with confidence {}:\n",
        report.purpose, report.oracle, report.certificate.confidence
    );
    if let Some(form) = &report.form {
        let _ = writeln!(out, "asked for {form}, in samples and in the run alike");
    }
    let _ = writeln!(out, "{}\n", report.oracle_quality);
    let _ = writeln!(
        out,
        "{:<24}{:>20}{:>20}{:>20}{:>20}",
        "", "recall, estimated", "surely at least", "precision, estim.", "surely at least"
    );
    for claim in &report.certificate.claims {
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
    for part in main_claim(report).into_iter().flat_map(|claim| &claim.parts).filter(|part| part.units > 0) {
        let [units, sampled, positive] = [part.units, part.sampled, part.positive].map(thousands);
        let _ = writeln!(out, "  {:<28}{units:>14}{sampled:>12}{positive:>12}", part.name);
    }
    if report.unreadable > 0 {
        let _ =
            writeln!(out, "{} of the answers say nothing: the worst is assumed of them", report.unreadable);
    }
    out.push_str("\nThis assumes:\n");
    for assumption in &report.certificate.assumptions {
        let _ = writeln!(out, "* {assumption}");
    }
    out
}
