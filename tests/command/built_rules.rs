//! Rules that build on other rules, as authors and their runs see them.

use serde_json::Value;

use crate::capabilities::{config, dialogues, mood, run};
use crate::support::{figure, folder, rejoinder, rows, text, write};

const BASES: &str = r#"
[[rule]]
id = "t.object"
category = "UR2"
route = "escalate"
any = ["wrong", "mistake"]
allow = ["W102"]

[[rule]]
id = "t.thanks"
route = "score"
weight = 0.0
any = ["thanks", "thank you"]
allow = ["W102"]
"#;

const BUILT: &str = r#"
[[rule]]
id = "t.polite"
category = "UR2"
route = "accept"
all-of = ["t.thanks", "t.object"]

  [[rule.test]]
  dialogue = ["U: name a river", "A: The Seine.", "U: Thanks. That is wrong."]
  expect = { route = "accept", span = "Thanks.", hits = ["t.object", "t.thanks", "t.polite"] }
  [[rule.test]]
  dialogue = ["U: name a river", "A: The Seine.", "U: That is wrong."]
  expect = { route = "none" }
"#;

fn rules(folder: &std::path::Path, name: &str, rules: &str) -> String {
    write(folder, name, format!("format = 1\n{rules}"))
}

/// The turns that a run accepted, in the order of the input.
pub(crate) fn accepted(run: &std::path::Path) -> Vec<Value> {
    rows(&run.join("parts/part-00000.jsonl"))
}

#[test]
fn a_rule_hits_where_the_rules_that_it_names_hit() {
    let dir = folder();
    let file = rules(dir.path(), "r.toml", &format!("{BUILT}{BASES}"));
    rejoinder(&["rules", "check", &file]).expect(0);
    let tests = rejoinder(&["rules", "test", &file, "--json"]).expect(3).json();
    // `hits` names the rules in the order of the file.
    assert!(
        tests["tests"][0]["detail"].as_str().unwrap().contains("\"t.polite\", \"t.object\", \"t.thanks\""),
        "{tests}"
    );
    let file = rules(dir.path(), "r.toml", &format!("{BASES}{BUILT}"));
    rejoinder(&["rules", "test", &file]).expect(0);
    let list = rejoinder(&["rules", "list", &file]).expect(0).stdout;
    assert!(list.contains("all-of = [\"t.thanks\", \"t.object\"]"), "{list}");
}

#[test]
fn a_disabled_rule_serves_those_that_build_on_it_and_gives_no_hit() {
    let dir = folder();
    let input = dialogues(dir.path(), &["Thanks. That is wrong.", "That is wrong."]);
    let write_config = |disable: &str| {
        rules(dir.path(), "rules.toml", &format!("{BASES}{BUILT}"));
        let toml = format!(
            "format = 1\n[rules]\npacks = [\"./rules.toml\"]\ndisable = {disable}\n[cascade]\nscore = false\n"
        );
        write(dir.path(), "c.toml", toml)
    };
    let found = |name: &str, config: &str| -> Vec<Value> {
        let out = dir.path().join(name);
        run(&input, config, &out, &[]).expect(0);
        accepted(&out)
    };
    let all = found("all", &write_config("[]"));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["rules"], serde_json::json!(["t.object", "t.thanks", "t.polite"]), "{}", all[0]);
    let served = found("served", &write_config("[\"t.object\"]"));
    assert_eq!(served.len(), 1);
    assert_eq!(served[0]["rules"], serde_json::json!(["t.thanks", "t.polite"]), "{}", served[0]);
    assert_eq!(served[0]["span"], "Thanks.", "{}", served[0]);
    let stats =
        rejoinder(&["rules", "stats", &input, "--config", &text(&dir.path().join("c.toml")), "--json"]);
    let stats = stats.expect(0).json();
    let ids: Vec<&str> =
        stats["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["t.thanks", "t.polite"]);
    // A building block of weight 0 decides nothing.
    assert_eq!((figure(&stats["rules"][0], "hits"), figure(&stats["rules"][0], "effect")), (1, 0), "{stats}");
    assert_eq!((figure(&stats["rules"][1], "hits"), figure(&stats["rules"][1], "effect")), (1, 1), "{stats}");
}

#[test]
fn a_pack_disables_the_rules_of_another_and_builds_on_them() {
    let dir = folder();
    rules(dir.path(), "base.toml", BASES);
    let mine = rules(
        dir.path(),
        "mine.toml",
        &format!("extends = [\"./base.toml\"]\ndisable = [\"t.object\", \"t.thanks\"]\n{BUILT}")
            .replace("\"t.object\", \"t.thanks\", \"t.polite\"", "\"t.polite\""),
    );
    rejoinder(&["rules", "check", &mine]).expect(0);
    rejoinder(&["rules", "test", &mine]).expect(0);
}

#[test]
fn names_and_circles_are_reported_beside_the_errors_of_other_rules() {
    let dir = folder();
    let file = rules(
        dir.path(),
        "r.toml",
        "[[rule]]\nid = \"t.wrong\"\nroute = \"score\"\nany = [\"\"]\n\
         [[rule]]\nid = \"t.a\"\nroute = \"score\"\nall-of = [\"t.wrong\", \"c.nix\"]\n\
         [[rule]]\nid = \"t.b\"\nroute = \"score\"\nall-of = [\"t.b\"]\n",
    );
    let said = rejoinder(&["rules", "check", &file]).expect(3).stdout;
    let count = |code: &str| said.matches(&format!("error[{code}]")).count();
    assert_eq!([count("R008"), count("R017"), count("R018")], [1; 3], "{said}");
    assert!(said.contains("`c.nix`") && !said.contains("the rule `t.wrong`"), "{said}");
}

#[test]
fn names_that_lead_nowhere_and_circles_are_reported_at_their_places() {
    let dir = folder();
    let file = rules(
        dir.path(),
        "r.toml",
        &format!(
            "{BASES}\n[[rule]]\nid = \"t.a\"\nroute = \"score\"\nall-of = [\"t.thanks\", \"t.objekt\"]\nallow = [\"W102\"]\n\
             [[rule]]\nid = \"t.b\"\nroute = \"score\"\nany-of = [\"en.wrong.better_wanted\"]\nallow = [\"W102\"]\n\
             [[rule]]\nid = \"t.c\"\nroute = \"score\"\nall-of = [\"t.d\"]\nallow = [\"W102\"]\n\
             [[rule]]\nid = \"t.d\"\nroute = \"score\"\nany-of = [\"t.thanks\", \"t.c\"]\nallow = [\"W102\"]\n\
             [[rule]]\nid = \"t.e\"\nroute = \"score\"\nall-of = [\"t.d\"]\nallow = [\"W102\"]\n\
             [[rule]]\nid = \"t.f\"\nroute = \"score\"\nall-of = [\"t.f\"]\nallow = [\"W102\"]\n"
        ),
    );
    let said = rejoinder(&["rules", "check", &file]).expect(3).stdout;
    for (what, help, place) in [
        ("no pack in force has the rule `t.objekt`", "did you mean `t.object`?", "r.toml:20:23"),
        (
            "no pack in force has the rule `en.wrong.better_wanted`",
            "it stands in the shipped pack `en`: extends = [\"en\"]",
            "r.toml:25:11",
        ),
    ] {
        assert!(
            said.contains(&format!("error[R017]: {what}")) && said.contains(help) && said.contains(place),
            "{said}"
        );
    }
    for (what, place) in [
        ("the rule builds on itself: `t.c` → `t.d` → `t.c`", "r.toml:30:11"),
        ("the rule builds on itself: `t.f` → `t.f`", "r.toml:45:11"),
    ] {
        assert!(said.contains(&format!("error[R018]: {what}")) && said.contains(place), "{said}");
    }
    assert_eq!(said.matches("R018").count(), 2, "{said}");
    let nothing = rules(dir.path(), "n.toml", "[[rule]]\nid = \"a\"\nroute = \"score\"\nall-of = []\n");
    assert!(rejoinder(&["rules", "check", &nothing]).expect(3).stdout.contains("`all-of` names no rule"));
}

#[test]
fn a_file_is_judged_with_the_packs_that_it_extends() {
    let dir = folder();
    let rule = "[[rule]]\nid = \"t.b\"\nroute = \"score\"\nany-of = [\"en.wrong.better_wanted\"]\nallow = [\"W102\"]\n";
    let bare = rules(dir.path(), "bare.toml", rule);
    rejoinder(&["rules", "check", &bare]).expect(3);
    let extending = rules(dir.path(), "extending.toml", &format!("extends = [\"en\"]\n{rule}"));
    rejoinder(&["rules", "check", &extending]).expect(0);
    let off = format!("extends = [\"en\"]\ndisable = [\"en.wrong.better_wanted\"]\n{rule}");
    rejoinder(&["rules", "check", &rules(dir.path(), "off.toml", &off)]).expect(0);
}

#[test]
fn explain_says_of_each_named_rule_whether_it_hits() {
    let dir = folder();
    rules(dir.path(), "rules.toml", &format!("{BASES}{BUILT}"));
    let config = write(
        dir.path(),
        "c.toml",
        "format = 1\n[rules]\npacks = [\"./rules.toml\"]\ndisable = [\"t.object\"]\n[cascade]\nscore = false\n",
    );
    let explain = |turn: &str| {
        let dialogue = write(dir.path(), "d.txt", format!("U: name a river\nA: The Seine.\nU: {turn}\n"));
        rejoinder(&["explain", &dialogue, "--config", &config, "--all"]).expect(0).stdout
    };
    let said = explain("Thanks. That is wrong.");
    assert!(said.contains("HIT  t.polite accept UR2"), "{said}");
    assert!(said.contains("PASS all-of = [\"t.thanks\", \"t.object\"]"), "{said}");
    assert!(said.contains("`t.thanks` hits, `t.object` (disabled) hits"), "{said}");
    let said = explain("Thanks a lot");
    assert!(said.contains("FAIL all-of") && said.contains("`t.object` (disabled) does not hit"), "{said}");
}

#[test]
fn a_rule_waits_for_the_facts_of_the_rules_that_it_names() {
    let dir = folder();
    let input = dialogues(dir.path(), &["HELL NO. IT IS WRONG.", "hell no. It is wrong.", "HELL NO"]);
    let library = mood(dir.path(), &["FACTS"]);
    let rules = "[[rule]]\nid = \"t.loud\"\nroute = \"score\"\nany = [\"hell\"]\nfacts = [\"mood.shouts\"]\n\
        [[rule]]\nid = \"t.wrong\"\nroute = \"score\"\nany = [\"wrong\"]\n\
        [[rule]]\nid = \"t.both\"\ncategory = \"UR3\"\nroute = \"accept\"\nany = [\"it is\"]\nall-of = [\"t.wrong\", \"t.loud\"]\n\
        [[rule]]\nid = \"t.either\"\ncategory = \"UR3\"\nroute = \"escalate\"\nany-of = [\"t.loud\", \"t.wrong\"]\n";
    let expected = |found: &[Value]| {
        let rules: Vec<(&Value, &Value)> =
            found.iter().map(|row| (&row["conversation_id"], &row["rules"])).collect();
        format!("{rules:?}")
    };
    let config = config(dir.path(), rules, &library, "");
    let out = dir.path().join("run");
    run(&input, &config, &out, &[]).expect(0);
    let accepted = accepted(&out);
    assert_eq!(accepted.len(), 1, "{}", expected(&accepted));
    assert_eq!(accepted[0]["conversation_id"], "0");
    assert_eq!(accepted[0]["rules"], serde_json::json!(["t.loud", "t.wrong", "t.both", "t.either"]));
    assert_eq!(accepted[0]["span"], "IT IS WRONG.");
    let plan = rejoinder(&["plan", &input, "--config", &config, "--json"]).expect(0).json();
    // Without the plugin the third turn would wait for nobody.
    let bill = plan["plugins"].as_array().unwrap().iter().find(|row| row["id"] == "mood").unwrap();
    assert_eq!((figure(&plan, "undecided"), figure(bill, "asks")), (2, 1), "{plan}");
}
