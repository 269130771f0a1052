//! Personal data that stays out of exports.

use clap::Args;
use rejoinder_export::redaction::{PersonalKind, RedactedRows, Redactor};

use rejoinder_run::exporting::TrainingFiles;

use crate::cli::terminal::remark;
use rejoinder_report::numbers::counted;

#[derive(Debug, Args)]
pub(super) struct RedactionArgs {
    /// Take personal data out: emails, phones, ips, keys
    ///
    /// Each is told by its form, and a placeholder such as [EMAIL] takes its place; for people who review it is masked instead, so
    /// that places stay. Names and postal addresses have no form, and stay.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', help_heading = "Personal data")]
    redact: Vec<PersonalKind>,
}

impl RedactionArgs {
    /// What takes personal data out, if some is to be taken out.
    pub(super) fn redactor(&self) -> Option<Redactor> {
        (!self.redact.is_empty()).then(|| Redactor::new(self.redact.iter().copied()))
    }

    /// Takes out of training files what is to be taken out.
    pub(super) fn out_of(&self, files: TrainingFiles) -> TrainingFiles {
        match self.redactor() {
            Some(redactor) => files.redacted(&redactor),
            None => files,
        }
    }
}

/// What whoever reads the rows should know of the personal data in them.
pub(super) fn note(redactor: &Redactor) -> String {
    let kinds: Vec<_> = redactor.kinds().map(PersonalKind::name).collect();
    format!(
        "personal data was taken out where its form tells it ({}); names, postal addresses and what is written in words stay",
        kinds.join(", ")
    )
}

/// Tells how many rows personal data was taken out of.
pub(super) fn tell(redactor: &Redactor, redacted: RedactedRows, noun: &str) {
    for (what, rows) in redacted.changes() {
        remark(&format!("changed: {}, in which {what}", counted(rows, noun)));
    }
    remark(&note(redactor));
}
