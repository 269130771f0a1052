//! `rejoinder rules check`: all mistakes at once.

use std::collections::{BTreeSet, HashSet};

use clap::Args;
use rejoinder_core::diagnostic::Severity;
use rejoinder_rules::{FactCondition, Pack, PackError, Rule};
use rejoinder_scan::fact_problems;

use super::super::settings::{ConfigFileArgs, effective_config};
use super::super::{print, print_json};
use super::FilesArgs;
use super::files::{identity, load_readable};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    files: FilesArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
}

pub(super) fn main(args: &CheckArgs) -> Result<Exit, Failure> {
    let files = &args.files;
    let (loaded, mut findings) = load_readable(files)?;
    let count = loaded.len() + findings.len();
    let rules: usize = loaded.iter().map(|l| l.own().content.rules.len()).sum();
    let rules_of = loaded.iter().flat_map(|file| &file.own().content.rules);
    let names_facts = |rule: &&Rule| {
        rule.facts().next().is_some() || rule.tests.all().iter().any(|test| !test.facts.is_empty())
    };
    let asking: Vec<Rule> = rules_of.filter(names_facts).cloned().collect();
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
        if let Err(PackError::Invalid(clashes)) = Pack::in_force(together, &[]) {
            findings.extend(clashes);
        }
    }
    let given = asking.iter().flat_map(|rule| rule.tests.all()).flat_map(|test| test.facts.keys().cloned());
    let asked: BTreeSet<String> =
        asking.iter().flat_map(Rule::facts).map(FactCondition::name).chain(given).collect();
    // Which facts there are, the plugins of a config say.
    let unchecked = match asked.is_empty() {
        true => asked,
        false => {
            let effective = effective_config(&args.config, &[])?;
            match effective.file() {
                Some(_) => {
                    findings.extend(fact_problems(&effective, &asking)?);
                    BTreeSet::new()
                }
                None => asked,
            }
        }
    };
    let errors = findings.iter().filter(|d| d.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    if files.json {
        print_json(
            &serde_json::json!({ "rules": rules, "errors": errors, "warnings": warnings, "findings": findings, "unchecked_facts": unchecked }),
        )?;
    } else {
        for finding in &findings {
            print(&format!("{finding}\n\n"))?;
        }
        if !unchecked.is_empty() {
            let names: Vec<&str> = unchecked.iter().map(String::as_str).collect();
            print(&format!(
                "not checked, since plugins tell them: {}; `--config FILE` names the plugins\n",
                names.join(", ")
            ))?;
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
