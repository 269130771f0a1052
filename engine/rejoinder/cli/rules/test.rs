//! `rejoinder rules test`: the dialogues that authors put beside their rules, and the guards of the rules.

use clap::Args;
use rejoinder_rules::testing::{self, TestReport, TestResult};
use rejoinder_rules::{Pack, Rule};

use super::super::{print, print_json};
use super::files::load_in_force;
use super::guards::GuardArgs;
use super::{FilesArgs, load};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;
use rejoinder_report::rule_author::guards::{self, GuardCounts};

/// Untested rules that are named.
const NAMED: usize = 5;

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    #[command(flatten)]
    files: FilesArgs,
    #[command(flatten)]
    guards: GuardArgs,
}

pub(super) fn main(args: &TestArgs) -> Result<Exit, Failure> {
    let TestArgs { files, guards } = args;
    guards.refuse_unfit()?;
    let (mut reports, mut untested) = (Vec::new(), Vec::new());
    let is_of_config = !files.are_named() && !guards.on.is_empty();
    let loaded = match is_of_config {
        true => load_in_force(&guards.packs_in_force()?)?,
        false => load(files)?,
    };
    // Of the packs in force one may extend another: each is tested with those before it.
    for file in loaded {
        let rules = file.own().content.rules.iter();
        untested.extend(rules.filter(|rule| rule.is_untested()).map(|rule: &Rule| rule.id.clone()));
        let packs = match is_of_config {
            true => Pack::with_extended(file.own().clone()),
            false => file.packs,
        };
        reports.extend(testing::run(&Pack::compile(packs, &[])?, &file.file));
    }
    let checked = match guards.on.is_empty() {
        true => None,
        false => Some(guards.check(files.named())?),
    };
    let count = |test: fn(&TestResult) -> bool| reports.iter().filter(|r| test(&r.result)).count();
    let failed = count(|r| matches!(r, TestResult::Failed(_)));
    let todo = count(|r| matches!(r, TestResult::Todo(_) | TestResult::TodoPassed));
    let passed = reports.len() - failed - todo;
    let guarded = checked.as_deref().map(GuardCounts::of);
    if files.json {
        let rows: Vec<_> = reports
            .iter()
            .map(|r| {
                let (result, detail) = describe(&r.result);
                serde_json::json!({ "rule": r.rule, "file": r.file, "line": r.line, "result": result, "detail": detail })
            })
            .collect();
        let mut all = serde_json::json!({ "passed": passed, "failed": failed, "todo": todo, "untested": untested, "tests": rows });
        if let Some(rows) = &checked {
            all["guards"] = serde_json::json!({ "counts": guarded, "limits": rows });
        }
        print_json(&all)?;
    } else {
        print_tests(&reports)?;
        let verdict = if failed > 0 { "FAILED" } else { "ok" };
        print(&format!("\ntest result: {verdict}. {passed} passed; {failed} failed; {todo} todo\n"))?;
        if !untested.is_empty() {
            print(&untested_line(&untested))?;
        }
        if let Some(rows) = checked.filter(|rows| !rows.is_empty()) {
            print(&format!("\n{}", guards::text(&rows)))?;
        }
    }
    Ok(match failed > 0 || guarded.is_some_and(|counts| counts.broken > 0) {
        true => Exit::CheckFailed,
        false => Exit::Ok,
    })
}

fn print_tests(reports: &[TestReport]) -> Result<(), Failure> {
    for report in reports.iter().filter(|r| r.result != TestResult::Passed) {
        let (result, detail) = describe(&report.result);
        print(&format!(
            "test {} ({}:{}) ... {result}\n    {detail}\n",
            report.rule, report.file, report.line
        ))?;
    }
    Ok(())
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

fn describe(result: &TestResult) -> (&'static str, &str) {
    match result {
        TestResult::Passed => ("ok", ""),
        TestResult::Failed(difference) => ("FAILED", difference),
        TestResult::Todo(remark) => ("todo", remark),
        TestResult::TodoPassed => ("todo", "this passes now: remove `todo`"),
    }
}
