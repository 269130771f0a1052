//! `rejoinder rules check`: all mistakes at once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Display;

use clap::Args;
use rejoinder_core::diagnostic::{Diagnostic, Severity};
use rejoinder_report::numbers::counted;
use rejoinder_rules::{FactCondition, Pack, PackError, PackIdentity, Rule};
use rejoinder_scan::config::EffectiveConfig;
use rejoinder_scan::fact_problems;

use super::super::print;
use super::super::settings::{ConfigFileArgs, effective_config, found_config};
use super::super::terminal::remark;
use super::FilesArgs;
use super::files::{LoadedFile, load_readable};
use super::finding_format::FindingFormatArgs;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    files: FilesArgs,
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    format: FindingFormatArgs,
}

pub(super) fn main(args: &CheckArgs) -> Result<Exit, Failure> {
    let (loaded, mut findings) = load_readable(&args.files)?;
    let files = loaded.len() + findings.len();
    let rules: usize = loaded.iter().map(|l| l.own().content.rules.len()).sum();
    let asking = asking(&loaded);
    let are_all_read = findings.is_empty();
    findings.extend(loaded.iter().flat_map(|file| file.own().warnings()));
    let order: Vec<String> = loaded.iter().map(|file| file.own().file.clone()).collect();
    let checked: HashSet<PackIdentity> = loaded.iter().map(|file| file.own().identity().clone()).collect();
    let together = Pack::each_once(loaded.into_iter().flat_map(|file| file.packs));
    findings.extend(conflicts(&together, &checked, &args.config)?);
    // What is wrong between files shows beside the errors in them. A name that no rule has may be one of a file that was not read.
    if let Err(PackError::Invalid(errors)) = Pack::in_force(together, &[]) {
        let is_sure = |error: &Diagnostic| are_all_read || !matches!(error.code, "R012" | "R017");
        findings.extend(errors.into_iter().filter(is_sure));
    }
    let unchecked = unchecked_facts(&asking, &args.config, &mut findings)?;
    sort(&mut findings, order);
    let errors = findings.iter().filter(|d| d.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    let summary = format!(
        "{} in {}: {}, {}\n",
        counted(rules as u64, "rule"),
        counted(files as u64, "file"),
        counted(errors as u64, "error"),
        counted(warnings as u64, "warning")
    );
    args.format.print(
        &findings,
        &summary,
        || print_all(&findings, &unchecked),
        || serde_json::json!({ "rules": rules, "errors": errors, "warnings": warnings, "findings": findings, "unchecked_facts": unchecked }),
    )?;
    Ok(if errors > 0 { Exit::CheckFailed } else { Exit::Ok })
}

/// Warnings about rules that accept the same words in different categories, in the files that are checked, or in one of them and in
/// a pack that the config puts in force beside it.
///
/// # Errors
/// If the user named a config that cannot be used.
fn conflicts(
    together: &[Pack],
    checked: &HashSet<PackIdentity>,
    config: &ConfigFileArgs,
) -> Result<Vec<Diagnostic>, Failure> {
    let without = |what: &str, why: &dyn Display| {
        remark(&format!(
            "{what} cannot be used, so no conflict with the packs in force was looked for: {why}"
        ));
    };
    let config = match (config.named(), found_config(config.is_said())) {
        (Some(named), _) => Some(EffectiveConfig::load(Some(named))?),
        // One that was found is no part of what is checked.
        (None, Some(found)) => EffectiveConfig::load_found(found)
            .inspect_err(|error| without(&found.display().to_string(), error))
            .ok(),
        (None, None) => None,
    };
    let rules = config.map(|config| config.config.rules).unwrap_or_default();
    let in_force = Pack::load(&rules.packs)
        .inspect_err(|error| without("a pack of the config", error))
        .unwrap_or_default();
    let is_checked = |pack: &Pack| checked.contains(pack.identity());
    if !in_force.iter().any(is_checked) {
        return Ok(Pack::conflicts(together, is_checked, &[]));
    }
    let all = Pack::each_once(in_force.into_iter().chain(together.iter().cloned()));
    Ok(Pack::conflicts(&all, is_checked, &rules.disable))
}

/// The rules of the files that ask for facts, or whose tests give some.
fn asking(loaded: &[LoadedFile]) -> Vec<Rule> {
    let names_facts = |rule: &&Rule| {
        rule.facts().next().is_some() || rule.tests.all().iter().any(|test| !test.facts.is_empty())
    };
    loaded.iter().flat_map(|file| &file.own().content.rules).filter(names_facts).cloned().collect()
}

/// The facts that could not be checked, since no config names plugins; what is wrong with facts is added to the findings.
///
/// # Errors
/// If the config or a plugin in it cannot be used.
fn unchecked_facts(
    asking: &[Rule],
    config: &ConfigFileArgs,
    findings: &mut Vec<Diagnostic>,
) -> Result<BTreeSet<String>, Failure> {
    let given = asking.iter().flat_map(|rule| rule.tests.all()).flat_map(|test| test.facts.keys().cloned());
    let asked: BTreeSet<String> =
        asking.iter().flat_map(Rule::facts).map(FactCondition::name).chain(given).collect();
    if asked.is_empty() {
        return Ok(asked);
    }
    // Which facts there are, the plugins of a config say.
    let effective = effective_config(config, &[])?;
    if effective.file().is_none() {
        return Ok(asked);
    }
    findings.extend(fact_problems(&effective, asking)?);
    Ok(BTreeSet::new())
}

/// Sorts findings by their places: the files that are checked in their order, and before them others, such as what cannot be read.
fn sort(findings: &mut [Diagnostic], checked: Vec<String>) {
    let mut files: HashMap<String, usize> = HashMap::new();
    let known: HashSet<&String> = checked.iter().collect();
    let others = findings.iter().map(|finding| &finding.file).filter(|file| !known.contains(file));
    let others: Vec<String> = others.cloned().collect();
    for file in others.into_iter().chain(checked) {
        let next = files.len();
        files.entry(file).or_insert(next);
    }
    findings.sort_by_key(|finding| (files[&finding.file], finding.line, finding.column));
}

fn print_all(findings: &[Diagnostic], unchecked: &BTreeSet<String>) -> Result<(), Failure> {
    for finding in findings {
        print(&format!("{finding}\n\n"))?;
    }
    if unchecked.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = unchecked.iter().map(String::as_str).collect();
    print(&format!(
        "not checked, since plugins tell them: {}; `--config FILE` names the plugins\n",
        names.join(", ")
    ))
}
