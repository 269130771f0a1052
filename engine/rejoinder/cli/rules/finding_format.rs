//! The forms in which findings are printed.

use clap::{Args, ValueEnum};
use rejoinder_core::diagnostic::Diagnostic;
use rejoinder_report::findings::{sarif, workflow_commands};

use super::super::args::OUTPUT;
use super::super::{print, print_json};
use crate::failure::Failure;

/// In which form findings are printed.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct FindingFormatArgs {
    /// Form of the findings
    #[arg(long, value_name = "FORM", default_value = "human", help_heading = OUTPUT)]
    format: FindingFormat,
    /// Print one JSON object, as --format json does
    #[arg(long, conflicts_with = "format", help_heading = OUTPUT)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FindingFormat {
    /// Text for people
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, which code hosts and editors read
    Sarif,
    /// Commands of a GitHub workflow, a line a finding
    Github,
}

impl FindingFormatArgs {
    /// Prints findings: as text for people, as one value, or as others read them. `summary` is a line of plain text.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(super) fn print(
        self,
        findings: &[Diagnostic],
        summary: &str,
        human: impl FnOnce() -> Result<(), Failure>,
        json: impl FnOnce() -> serde_json::Value,
    ) -> Result<(), Failure> {
        match if self.json { FindingFormat::Json } else { self.format } {
            FindingFormat::Human => {
                human()?;
                print(summary)
            }
            FindingFormat::Json => print_json(&json()),
            FindingFormat::Sarif => print_json(&sarif(findings, env!("CARGO_PKG_VERSION"))),
            FindingFormat::Github => print(&(workflow_commands(findings) + summary)),
        }
    }
}
