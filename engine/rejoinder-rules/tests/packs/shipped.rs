//! The shipped packs are sound: no finding of any kind, and every test in them passes.

use rejoinder_rules::testing::{self, TestResult};
use rejoinder_rules::{FactReading, Pack, Route, RuleTest, Scanner};

fn shipped() -> Vec<Pack> {
    let names: Vec<String> = Pack::shipped().map(str::to_owned).collect();
    Pack::load(&names).unwrap()
}

#[test]
fn shipped_packs_have_no_findings_and_pass_their_tests() {
    for pack in shipped() {
        let findings: Vec<String> =
            pack.content.errors.iter().chain(&pack.warnings()).map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{}", findings.join("\n\n"));
        assert!(!pack.content.version.is_empty(), "{} has no version", pack.file);
        let file = pack.file.clone();
        let set = Pack::compile(vec![pack], &[]).unwrap();
        let failed: Vec<String> = testing::run(&set, &file)
            .into_iter()
            .filter(|t| matches!(t.result, TestResult::Failed(_) | TestResult::TodoPassed))
            .map(|t| format!("{} ({}:{}): {:?}", t.rule, t.file, t.line, t.result))
            .collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }
}

#[test]
fn every_shipped_rule_has_a_positive_and_a_negative_test() {
    for pack in shipped() {
        for rule in &pack.content.rules {
            assert!(
                rule.tests.all().iter().any(|test| test.is_negative(&rule.id)),
                "{} has no negative test",
                rule.id
            );
            assert!(
                !rule.tests.all().iter().all(|test| test.is_negative(&rule.id)),
                "{} has no positive test",
                rule.id
            );
            assert!(
                rule.category.is_some() || matches!(rule.route, Route::Reject | Route::Score),
                "{}",
                rule.id
            );
        }
    }
}

#[test]
fn explanations_say_what_the_scan_decides() {
    let packs = shipped();
    let tests: Vec<RuleTest> =
        packs.iter().flat_map(|p| &p.content.rules).flat_map(|r| r.tests.all().to_vec()).collect();
    let set = Pack::compile(packs, &[]).unwrap();
    let mut scanner = Scanner::new(&set);
    let mut hits_in_all = 0;
    for test in &tests {
        let conversation = testing::conversation(&test.dialogue);
        let turn = conversation.messages.len() - 1;
        scanner.begin(&conversation);
        let hits: Vec<_> =
            scanner.scan(&conversation, turn).iter().map(|h| (h.rule, h.start..h.end)).collect();
        let trials = scanner.explain(&conversation, turn, |_| FactReading::NotAsked);
        assert_eq!(trials.len(), set.rules().len());
        let explained: Vec<_> = trials.into_iter().filter_map(|t| Some((t.rule, t.hit?))).collect();
        assert_eq!(hits, explained, "{:?}", test.dialogue);
        hits_in_all += hits.len();
    }
    assert!(hits_in_all > tests.len() / 2);
}
