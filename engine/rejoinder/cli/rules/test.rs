//! `rejoinder rules test`: the dialogues that authors put beside their rules.

use clap::Args;
use rejoinder_core::diagnostic::{Diagnostic, Severity, SourceText};
use rejoinder_core::printable;
use rejoinder_rules::Pack;
use rejoinder_rules::testing::{self, TestReport, TestResult};

use super::super::print;
use super::finding_format::FindingFormatArgs;
use super::{FilesArgs, load};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    #[command(flatten)]
    files: FilesArgs,
    #[command(flatten)]
    format: FindingFormatArgs,
}

pub(super) fn main(args: &TestArgs) -> Result<Exit, Failure> {
    let mut reports = Vec::new();
    for loaded in load(&args.files)? {
        reports.extend(testing::run(&Pack::compile(loaded.packs, &[])?, &loaded.file));
    }
    let count = |test: fn(&TestResult) -> bool| reports.iter().filter(|r| test(&r.result)).count();
    let failed = count(|r| matches!(r, TestResult::Failed(_)));
    let todo = count(|r| matches!(r, TestResult::Todo(_) | TestResult::TodoPassed));
    let passed = reports.len() - failed - todo;
    let verdict = if failed > 0 { "FAILED" } else { "ok" };
    let findings: Vec<Diagnostic> = reports.iter().filter_map(finding).collect();
    args.format.print(
        &findings,
        &format!("\ntest result: {verdict}. {passed} passed; {failed} failed; {todo} todo\n"),
        || reports.iter().filter(|r| r.result != TestResult::Passed).try_for_each(print_report),
        || {
            let rows: Vec<_> = reports.iter().map(row).collect();
            serde_json::json!({ "passed": passed, "failed": failed, "todo": todo, "tests": rows })
        },
    )?;
    Ok(if failed > 0 { Exit::CheckFailed } else { Exit::Ok })
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
