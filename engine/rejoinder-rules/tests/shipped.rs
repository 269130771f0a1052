//! The shipped packs are sound: no finding of any kind, and every test in them passes.

use rejoinder_rules::testing::{self, TestResult};
use rejoinder_rules::{Pack, Route};

#[test]
fn shipped_packs_have_no_findings_and_pass_their_tests() {
    let packs = Pack::load("en").unwrap();
    for pack in packs {
        let findings: Vec<String> = pack.content.findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{}", findings.join("\n\n"));
        let set = Pack::compile(vec![pack], &[]).unwrap();
        let failed: Vec<String> = testing::run(&set)
            .into_iter()
            .filter(|t| matches!(t.result, TestResult::Failed(_) | TestResult::TodoPassed))
            .map(|t| format!("{} ({}:{}): {:?}", t.rule, t.file, t.line, t.result))
            .collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}

#[test]
fn every_shipped_rule_has_a_positive_and_a_negative_test() {
    for pack in Pack::load("en").unwrap() {
        for rule in &pack.content.rules {
            let negative = |t: &rejoinder_rules::RuleTest| {
                t.expect.route.as_deref() == Some("none") || t.expect.hits.as_ref().is_some_and(Vec::is_empty)
            };
            assert!(rule.tests.iter().any(negative), "{} has no negative test", rule.id);
            assert!(rule.tests.iter().any(|t| !negative(t)), "{} has no positive test", rule.id);
            assert!(
                rule.category.is_some() || matches!(rule.route, Route::Reject | Route::Score),
                "{}",
                rule.id
            );
        }
    }
}
