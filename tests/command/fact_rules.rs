//! Rules that ask plugins for facts: what such a rule and such a plugin are billed for, and what is checked before a run.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use rejoinder_cascade::DecisionReason;
use rejoinder_core::RecordId;
use rejoinder_run::RunDir;
use rejoinder_scan::{Scan, ScanError};
use serde_json::Value;

use crate::capabilities::{MARKS, SHOUTS, SWEARS, config, dialogues, mood, mood_named, run};
use crate::support::{figure, folder, rejoinder, text};

/// The row of a rule or plugin in a plan.
fn bill<'p>(plan: &'p Value, of: &str, id: &str) -> &'p Value {
    let rows = plan[of].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no {id}: {plan}"))
}

#[test]
fn a_plugin_that_tells_facts_is_billed_for_the_votes_that_its_facts_let_others_give() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SHOUTS, "and the Loire"]);
    let rules =
        "[[rule]]\nid = \"t.loud\"\ncategory = \"UR2\"\nroute = \"escalate\"\nfacts = [\"mood.shouts\"]\n";
    let voter = mood_named("loud", dir.path(), &["VOTES"]);
    let config =
        config(dir.path(), rules, &mood(dir.path(), &["FACTS"]), &format!("[[plugin]]\npath = {voter:?}"));
    let plan = rejoinder(&["plan", &input, "--config", &config, "--json"]).expect(0).json();
    let [mood, rule] = [bill(&plan, "plugins", "mood"), bill(&plan, "rules", "t.loud")];
    // Without the facts no rule marks the turn, and the other plugin is not asked about it.
    assert_eq!((figure(mood, "asks"), figure(rule, "asks")), (1, 1), "{plan}");
}

#[test]
fn a_fault_of_facts_that_another_rule_asked_for_stays_without_a_rule() {
    let dir = folder();
    let input = dialogues(dir.path(), &["hell is broken and marked", "and the Loire"]);
    let asks = "[[rule]]\nid = \"t.angry\"\ncategory = \"UR2\"\nroute = \"escalate\"\nany = [\"hell\"]\nfacts = [\"mood.sentiment < 0\"]\n";
    let config = config(dir.path(), &format!("{MARKS}{asks}"), &mood(dir.path(), &["FACTS"]), "");
    let plan = rejoinder(&["plan", &input, "--config", &config, "--json"]).expect(0).json();
    let rule = bill(&plan, "rules", "t.marked");
    assert_eq!(figure(rule, "asks"), 0, "the turn waits since the plugin failed: {plan}");
}

#[test]
fn a_plugin_that_gives_facts_alone_has_no_votes_to_measure() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SHOUTS]);
    let refused =
        rejoinder(&["plugin", "bench", &mood(dir.path(), &["FACTS"]), "--corpus", &input]).expect(2).stderr;
    assert!(refused.contains("gives facts alone") && refused.contains("`rejoinder plan`"), "{refused}");
}

#[test]
fn the_facts_of_a_rules_tests_are_held_to_what_plugins_declare() {
    let dir = folder();
    let library = mood(dir.path(), &["FACTS"]);
    let rule = "[[rule]]\nid = \"t.x\"\nroute = \"reject\"\nfacts = [\"mood.shouts\"]\nallow = [\"W105\"]\n[[rule.test]]\ndialogue = [\"U: a\", \"A: b\", \"U: c\"]\n";
    let check = |facts: &str, with_config: bool| {
        let rules = format!("{rule}facts = {{ {facts} }}\nexpect = {{ route = \"none\" }}\n");
        let config = config(dir.path(), &rules, &library, "");
        let file = text(&dir.path().join("rules.toml"));
        match with_config {
            true => rejoinder(&["rules", "check", &file, "--config", &config]),
            false => rejoinder(&["rules", "check", &file]),
        }
    };
    for (facts, says) in [
        ("\"mood.sentiment\" = 7", "lies between -1 and 1"),
        ("\"mood.sentiment\" = \"angry\"", "`mood.sentiment` is a number"),
        ("\"mood.sentiment\" = true", "`mood.sentiment` is a number"),
        ("\"mood.sentimen\" = -0.8", "did you mean `sentiment`?"),
        ("\"mood.tone\" = \"cross\"", "`mood.tone` is never `cross`"),
        ("\"mood.shouts\" = 1", "`mood.shouts` is true or false"),
        ("\"moot.tone\" = \"calm\"", "did you mean `mood`?"),
    ] {
        let checked = check(facts, true).expect(3).stdout;
        assert!(
            checked.contains("error[R015]") && checked.contains("rules.toml:9:11\n"),
            "{facts}\n{checked}"
        );
        assert!(checked.contains(says), "{facts}\n{checked}");
    }
    check("\"mood.sentiment\" = -0.8, \"mood.tone\" = \"calm\", \"mood.shouts\" = true", true).expect(0);
    let unchecked = check("\"mood.sentimen\" = 7", false).expect(0).stdout;
    assert!(
        unchecked.contains("not checked, since plugins tell them: mood.sentimen, mood.shouts"),
        "{unchecked}"
    );
    for (facts, code, says) in [
        ("\"not mood.sentiment\" = 1", "R009", "`not mood.sentiment` names no fact of a plugin"),
        ("\"mood.sentiment\" = nan", "R004", "found `nan`, which no plugin can tell"),
    ] {
        let checked = check(facts, false).expect(3).stdout;
        assert!(checked.contains(&format!("error[{code}]")) && checked.contains(says), "{checked}");
    }
}

#[test]
fn conditions_that_always_hold_or_never_together_get_a_warning() {
    let dir = folder();
    let library = mood(dir.path(), &["FACTS"]);
    let input = dialogues(dir.path(), &[SWEARS]);
    for (facts, allow, code, says) in [
        ("\"mood.sentiment < 5\"", "", "W107", "the condition always holds"),
        ("\"mood.sentiment >= -1\"", "", "W107", "the condition always holds"),
        (
            "\"mood.shouts\", \"not mood.shouts\"",
            "",
            "W108",
            "`mood.shouts` and `not mood.shouts` never hold together",
        ),
        ("\"mood.sentiment < 0\", \"mood.sentiment > 0.5\"", "", "W108", "never hold together"),
        ("\"mood.sentiment < 5\"", ", \"W107\"", "", ""),
        ("\"mood.shouts\", \"not mood.shouts\"", ", \"W108\"", "", ""),
    ] {
        let rule = format!(
            "[[rule]]\nid = \"t.x\"\nroute = \"reject\"\nfacts = [{facts}]\nallow = [\"W104\", \"W105\"{allow}]\n"
        );
        let config = config(dir.path(), &rule, &library, "");
        let file = text(&dir.path().join("rules.toml"));
        let checked = rejoinder(&["rules", "check", &file, "--config", &config]).expect(0).stdout;
        assert_eq!(checked.contains(&format!("warning[{code}]")), !code.is_empty(), "{facts}\n{checked}");
        assert!(checked.contains(says), "{facts}\n{checked}");
        // A run does not stop at it.
        rejoinder(&["plan", &input, "--config", &config]).expect(0);
    }
}

#[test]
fn facts_are_asked_for_about_a_turn_that_the_judge_was_asked_about_before_and_decide_nothing() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SWEARS, SWEARS]);
    let rules = "[[rule]]\nid = \"t.angry\"\ncategory = \"UR2\"\nroute = \"accept\"\nfacts = [\"mood.sentiment < 0\"]\n";
    let config = config(dir.path(), rules, &mood(dir.path(), &["FACTS"]), "");
    let out = dir.path().join("out");
    run(&input, &config, &out, &[]).expect(0);
    let run = RunDir::open(&out).unwrap();
    let engine = run.engine().unwrap();
    let asked = HashSet::from([RecordId { shard: 0, ordinal: 0, message_index: 2 }]);
    let flow =
        Scan { asked_before: Some(&asked), ..Scan::of(&engine, &run.manifest.inputs, NonZeroUsize::MIN) };
    let mut grounds = Vec::new();
    flow.run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            let turns = scanned.conversations.iter().flat_map(|conversation| scanned.turns(conversation));
            let known = turns.map(|turn| {
                (turn.ground, scanned.hits(turn).len(), scanned.facts(worker.engine, turn).len())
            });
            Ok::<Vec<_>, ScanError>(known.collect())
        },
        |known| {
            grounds.extend(known);
            Ok(())
        },
    )
    .unwrap();
    assert_eq!((grounds[0].1, grounds[0].2), (1, 1), "{grounds:?}");
    assert_eq!(grounds[0].0, DecisionReason::AskedBefore);
    assert_ne!(grounds[1].0, DecisionReason::AskedBefore);
    assert_eq!((grounds[1].1, grounds[1].2), (1, 1), "{grounds:?}");
}
