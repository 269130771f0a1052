//! `rejoinder rules test`: the dialogues that authors put beside their rules.

use rejoinder_rules::Pack;
use rejoinder_rules::testing::{self, TestResult};

use super::super::{print, print_json};
use super::{FilesArgs, load};
use crate::failure::{Exit, Failure};

pub(super) fn main(files: &FilesArgs) -> Result<Exit, Failure> {
    let mut reports = Vec::new();
    for loaded in load(files)? {
        reports.extend(testing::run(&Pack::compile(loaded.packs, &[])?, &loaded.file));
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
