//! `rejoinder rules test`: the dialogues that authors put beside their rules, and the guards of the rules.

use clap::Args;
use rejoinder_core::diagnostic::{Diagnostic, Severity, SourceText};
use rejoinder_core::printable;
use rejoinder_rules::testing::{self, TestReport, TestResult};
use rejoinder_rules::{Pack, Rule};

use super::super::print;
use super::files::load_in_force;
use super::finding_format::FindingFormatArgs;
use super::guards::GuardArgs;
use super::{FilesArgs, load};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;
use rejoinder_report::rule_author::guards::{self, GuardCounts, GuardRow};

/// Untested rules that are named.
const NAMED: usize = 5;

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    #[command(flatten)]
    files: FilesArgs,
    #[command(flatten)]
    guards: GuardArgs,
    #[command(flatten)]
    format: FindingFormatArgs,
}

pub(super) fn main(args: &TestArgs) -> Result<Exit, Failure> {
    let TestArgs { files, guards, format } = args;
    let bench = guards.bench()?;
    let (mut reports, mut untested) = (Vec::new(), Vec::new());
    let of_config = bench.as_ref().filter(|_| !files.are_named());
    let loaded = match of_config {
        Some(bench) => load_in_force(bench.packs_in_force())?,
        None => load(files)?,
    };
    // Of the packs in force one may extend another: each is tested with those before it.
    for file in loaded {
        let rules = file.own().content.rules.iter();
        untested.extend(rules.filter(|rule| rule.is_untested()).map(|rule: &Rule| rule.id.clone()));
        let packs = match of_config {
            Some(_) => Pack::with_extended(file.own().clone(), &[]),
            None => file.packs,
        };
        reports.extend(testing::run(&Pack::compile(packs, &[])?, &file.file));
    }
    let results = bench.map(|bench| bench.check(files.named())).transpose()?;
    let checked: Option<Vec<GuardRow>> =
        results.as_ref().map(|results| results.iter().map(GuardRow::from).collect());
    let count = |test: fn(&TestResult) -> bool| reports.iter().filter(|r| test(&r.result)).count();
    let failed = count(|r| matches!(r, TestResult::Failed(_)));
    let todo = count(|r| matches!(r, TestResult::Todo(_) | TestResult::TodoPassed));
    let passed = reports.len() - failed - todo;
    let guarded = checked.as_deref().map(GuardCounts::of);
    let verdict = if failed > 0 { "FAILED" } else { "ok" };
    let mut summary = format!("\ntest result: {verdict}. {passed} passed; {failed} failed; {todo} todo\n");
    if !untested.is_empty() {
        summary += &untested_line(&untested);
    }
    if let Some(rows) = checked.as_ref().filter(|rows| !rows.is_empty()) {
        summary += &format!("\n{}", guards::text(rows));
    }
    let broken = results.iter().flatten().filter_map(super::guards::finding);
    let findings: Vec<Diagnostic> = reports.iter().filter_map(finding).chain(broken).collect();
    format.print(
        &findings,
        &summary,
        || reports.iter().filter(|r| r.result != TestResult::Passed).try_for_each(print_report),
        || {
            let rows: Vec<_> = reports.iter().map(row).collect();
            let mut all = serde_json::json!({ "passed": passed, "failed": failed, "todo": todo, "untested": untested, "tests": rows });
            if let Some(rows) = &checked {
                all["guards"] = serde_json::json!({ "counts": guarded, "limits": rows });
            }
            all
        },
    )?;
    Ok(match failed > 0 || guarded.is_some_and(|counts| counts.broken > 0) {
        true => Exit::CheckFailed,
        false => Exit::Ok,
    })
}

/// How many rules no test tries, with the first of them.
fn untested_line(untested: &[String]) -> String {
    let more = if untested.len() > NAMED { ", …" } else { "" };
    let named = untested[..untested.len().min(NAMED)].join(", ");
    format!(
        "{} untested (no test, or only such as are marked `todo`): {named}{more}\n",
        counted(untested.len() as u64, "rule")
    )
}

fn print_report(report: &TestReport) -> Result<(), Failure> {
    let (result, detail) = describe(&report.result);
    let text = format!("test {} ({}:{}) ... {result}\n    {detail}\n", report.rule, report.file, report.line);
    print(&printable(&text))
}

fn row(report: &TestReport) -> serde_json::Value {
    let (result, detail) = describe(&report.result);
    serde_json::json!({ "rule": report.rule, "file": report.file, "line": report.line, "result": result, "detail": detail })
}

fn describe(result: &TestResult) -> (&'static str, &str) {
    match result {
        TestResult::Passed => ("ok", ""),
        TestResult::Failed(difference) => ("FAILED", difference),
        TestResult::Todo(remark) => ("todo", remark),
        TestResult::TodoPassed => ("todo", "this passes now: remove `todo`"),
    }
}

/// What is wrong with a test; nothing about one that passes, or that its author knows not to pass.
fn finding(report: &TestReport) -> Option<Diagnostic> {
    let (code, severity, message, help) = match &report.result {
        TestResult::Passed | TestResult::Todo(_) => return None,
        TestResult::Failed(difference) => (
            "T001",
            Severity::Error,
            format!("a test of rule `{}` fails: {difference}", report.rule),
            "mend the rule, or what the test expects",
        ),
        TestResult::TodoPassed => (
            "T002",
            Severity::Warning,
            format!("a test of rule `{}` is marked as `todo` and passes", report.rule),
            "remove `todo`",
        ),
    };
    let source = SourceText { name: &report.file, text: "[[rule.test]]" };
    let finding = source.diagnostic_in_line(report.line, code, 0..source.text.len(), message, help);
    Some(Diagnostic { severity, ..finding })
}
