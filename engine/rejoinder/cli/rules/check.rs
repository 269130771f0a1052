//! `rejoinder rules check`: all mistakes at once.

use std::collections::HashSet;

use rejoinder_core::diagnostic::Severity;
use rejoinder_rules::{Pack, PackError};

use super::super::{print, print_json};
use super::FilesArgs;
use super::files::{identity, load_readable};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;

pub(super) fn main(files: &FilesArgs) -> Result<Exit, Failure> {
    let (loaded, mut findings) = load_readable(files)?;
    let count = loaded.len() + findings.len();
    let rules: usize = loaded.iter().map(|l| l.own().content.rules.len()).sum();
    let mut seen = HashSet::new();
    for file in &loaded {
        // Warnings about what it extends are not the author's.
        let errors = file.packs.iter().flat_map(|p| p.content.errors.clone());
        for finding in errors.chain(file.own().warnings()) {
            if seen.insert(finding.clone()) {
                findings.push(finding);
            }
        }
    }
    // Clashes between files, and what is disabled in vain, show only when they are compiled together.
    if findings.iter().all(|d| d.severity == Severity::Warning) {
        let mut together: Vec<Pack> = Vec::new();
        let mut met = HashSet::new();
        for pack in loaded.into_iter().flat_map(|l| l.packs) {
            if met.insert(identity(&pack.file)) {
                together.push(pack);
            }
        }
        if let Err(PackError::Invalid(clashes)) = Pack::compile(together, &[]) {
            findings.extend(clashes);
        }
    }
    let errors = findings.iter().filter(|d| d.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    if files.json {
        print_json(
            &serde_json::json!({ "rules": rules, "errors": errors, "warnings": warnings, "findings": findings }),
        )?;
    } else {
        for finding in &findings {
            print(&format!("{finding}\n\n"))?;
        }
        print(&format!(
            "{} in {}: {}, {}\n",
            counted(rules as u64, "rule"),
            counted(count as u64, "file"),
            counted(errors as u64, "error"),
            counted(warnings as u64, "warning")
        ))?;
    }
    Ok(if errors > 0 { Exit::CheckFailed } else { Exit::Ok })
}
