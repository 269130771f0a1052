//! `rejoinder rules`: the rule author's check and test.

use clap::{Args, Subcommand};
use rejoinder_rules::diagnostic::{Diagnostic, Severity};
use rejoinder_rules::testing::{self, TestResult};
use rejoinder_rules::{Pack, PackError};

use super::{print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    verb: RulesVerb,
}

#[derive(Debug, Subcommand)]
enum RulesVerb {
    /// Report all mistakes in rule files, each with file, line and column
    Check(Files),
    /// Run the dialogue tests inside rule files
    Test(Files),
}

#[derive(Debug, Args)]
struct Files {
    /// Rule files, folders of them, or names of shipped packs [default: the shipped packs]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Files {
    fn load(&self) -> Result<Vec<Pack>, Failure> {
        let shipped = vec!["en".to_owned()];
        let names = if self.files.is_empty() { &shipped } else { &self.files };
        let mut packs = Vec::new();
        for name in names {
            packs.extend(Pack::load(name).map_err(|e| match e {
                PackError::Unreadable(..) => Failure::new(Exit::Io, e.to_string()),
                other => Failure::usage(other.to_string()),
            })?);
        }
        Ok(packs)
    }
}

pub(super) fn main(args: &RulesArgs) -> Result<Exit, Failure> {
    match &args.verb {
        RulesVerb::Check(files) => check(files),
        RulesVerb::Test(files) => test(files),
    }
}

fn check(files: &Files) -> Result<Exit, Failure> {
    let packs = files.load()?;
    let rules: usize = packs.iter().map(|p| p.content.rules.len()).sum();
    let mut findings: Vec<Diagnostic> = packs.iter().flat_map(|p| p.content.findings.clone()).collect();
    // Clashes between files show only when they are compiled together.
    let sound = findings.iter().all(|d| d.severity == Severity::Warning);
    let count = packs.len();
    if sound && let Err(PackError::Invalid(clashes)) = Pack::compile(packs, &[]) {
        findings.extend(clashes);
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
        print(&format!("{rules} rules in {count} files: {errors} errors, {warnings} warnings\n"))?;
    }
    Ok(if errors > 0 { Exit::CheckFailed } else { Exit::Ok })
}

fn test(files: &Files) -> Result<Exit, Failure> {
    let mut reports = Vec::new();
    for pack in files.load()? {
        reports.extend(testing::run(&Pack::compile(vec![pack], &[])?));
    }
    let count = |test: fn(&TestResult) -> bool| reports.iter().filter(|r| test(&r.result)).count();
    let failed = count(|r| matches!(r, TestResult::Failed(_)));
    let todo = count(|r| matches!(r, TestResult::Todo(_) | TestResult::TodoPassed));
    let passed = reports.len() - failed - todo;
    if files.json {
        let rows: Vec<_> = reports
            .iter()
            .map(|r| {
                let (result, detail) = describe(&r.result);
                serde_json::json!({ "rule": r.rule, "file": r.file, "line": r.line, "result": result, "detail": detail })
            })
            .collect();
        print_json(&serde_json::json!({ "passed": passed, "failed": failed, "todo": todo, "tests": rows }))?;
    } else {
        for report in reports.iter().filter(|r| r.result != TestResult::Passed) {
            let (result, detail) = describe(&report.result);
            print(&format!(
                "test {} ({}:{}) ... {result}\n    {detail}\n",
                report.rule, report.file, report.line
            ))?;
        }
        let verdict = if failed > 0 { "FAILED" } else { "ok" };
        print(&format!("\ntest result: {verdict}. {passed} passed; {failed} failed; {todo} todo\n"))?;
    }
    Ok(if failed > 0 { Exit::CheckFailed } else { Exit::Ok })
}

fn describe(result: &TestResult) -> (&'static str, &str) {
    match result {
        TestResult::Passed => ("ok", ""),
        TestResult::Failed(difference) => ("FAILED", difference),
        TestResult::Todo(remark) => ("todo", remark),
        TestResult::TodoPassed => ("todo", "this passes now: remove `todo`"),
    }
}
