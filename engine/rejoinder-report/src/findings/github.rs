//! Findings as commands of a GitHub workflow, which shows each beside its line.

use rejoinder_core::diagnostic::{Diagnostic, Severity};
use rejoinder_core::printable;

use super::{message, plain_path};

/// A line for each finding, such as `::error file=a.toml,line=1,col=2,endColumn=5,title=R005::what is wrong`.
pub fn workflow_commands(findings: &[Diagnostic]) -> String {
    findings.iter().map(workflow_command).collect()
}

fn workflow_command(finding: &Diagnostic) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!(
        "::{command} file={},line={},col={},endColumn={},title={}::{}\n",
        property(plain_path(&finding.file)),
        finding.line,
        finding.column,
        finding.column + finding.width,
        property(finding.code),
        data(&message(finding)),
    )
}

/// The text of a command: no line break ends it, and no character in it steers the terminal that shows the log.
fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    printable(&escaped).into_owned()
}

/// A property of a command, which ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
