//! Findings in rule files for the programs that show them: code hosts, editors, workflows.

mod github;
mod sarif;

pub use github::workflow_commands;
pub use sarif::sarif;

#[cfg(test)]
mod tests;
