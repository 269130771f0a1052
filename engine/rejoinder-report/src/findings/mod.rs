//! Findings in rule files for the programs that show them: code hosts, editors, workflows.

mod github;
mod sarif;

use rejoinder_core::diagnostic::Diagnostic;

pub use github::workflow_commands;
pub use sarif::sarif;

/// What is wrong, and what to do about it.
fn message(finding: &Diagnostic) -> String {
    match finding.help.is_empty() {
        true => finding.message.clone(),
        false => format!("{}\n{}", finding.message, finding.help),
    }
}

/// A path without the `./` at its beginning, which no reader of findings wants.
fn plain_path(mut path: &str) -> &str {
    while let Some(inner) = path.strip_prefix("./") {
        path = inner.trim_start_matches('/');
    }
    path
}

#[cfg(test)]
mod tests;
