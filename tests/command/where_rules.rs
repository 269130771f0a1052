//! Rules that ask for metadata columns, as authors and their runs see them.

use std::path::Path;

use serde_json::{Value, json};

use crate::built_rules::accepted;
use crate::capabilities::run;
use crate::support::{folder, rejoinder, text, write};

const RULES: &str = r#"format = 1
[[rule]]
id = "t.model"
category = "UR3"
route = "accept"
any = ["wrong"]
where = { model = ["gpt-4", "gpt-5"], temperature = 0.5, moderation.flagged = false }

  [[rule.test]]
  dialogue = ["U: name a river", "A: The Seine.", "U: That is wrong, I think."]
  columns = { model = "gpt-4", temperature = 0.5, moderation.flagged = [true, false] }
  expect = { route = "accept" }
  [[rule.test]]
  dialogue = ["U: name a river", "A: The Seine.", "U: That is wrong, I think."]
  columns = { model = "gpt-3", temperature = 0.5, moderation.flagged = false }
  expect = { route = "none" }
  [[rule.test]]
  dialogue = ["U: name a river", "A: The Seine.", "U: That is wrong, I think."]
  expect = { route = "none" }

[[rule]]
id = "t.paid"
category = "UR5"
route = "accept"
any = ["great"]
where = { plan = { not = "free" } }
allow = ["W102"]
"#;

fn record(turn: &str, columns: &Value) -> String {
    let mut record = json!({"messages": [
        {"role": "user", "content": "name a river"},
        {"role": "assistant", "content": "The Seine."},
        {"role": "user", "content": turn},
    ]});
    record.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
    record.to_string() + "\n"
}

fn config(dir: &Path, rules: &str) -> String {
    write(dir, "rules.toml", rules);
    write(dir, "c.toml", "format = 1\n[rules]\npacks = [\"./rules.toml\"]\n[cascade]\nscore = false\n")
}

fn input(dir: &Path) -> String {
    let lines = [
        record(
            "wrong",
            &json!({"id": "yes", "model": "gpt-5", "temperature": 0.5, "moderation": [{"flagged": true}, {"flagged": false}], "plan": "free"}),
        ),
        record(
            "wrong",
            &json!({"id": "other model", "model": "gpt-3", "temperature": 0.5, "moderation": {"flagged": false}}),
        ),
        record(
            "wrong",
            &json!({"id": "other number", "model": "gpt-4", "temperature": 0.7, "moderation": {"flagged": false}}),
        ),
        record("wrong", &json!({"id": "none", "model": "gpt-4", "temperature": 0.5})),
        record("great", &json!({"id": "paid", "plan": "\u{1b}[31mpro"})),
        record("great", &json!({"id": "free", "plan": "free"})),
        record("great", &json!({"id": "no plan"})),
    ];
    write(dir, "in.jsonl", lines.concat())
}

#[test]
fn a_rule_hits_where_the_record_has_the_value() {
    let dir = folder();
    let config = config(dir.path(), RULES);
    let file = text(&dir.path().join("rules.toml"));
    rejoinder(&["rules", "check", &file]).expect(0);
    rejoinder(&["rules", "test", &file]).expect(0);
    let out = dir.path().join("run");
    let ended = run(&input(dir.path()), &config, &out, &[]).expect(0);
    let found: Vec<String> =
        accepted(&out).iter().map(|row| row["conversation_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, ["yes", "paid"]);
    assert!(!ended.stdout.contains("rule-columns"), "{}", ended.stdout);
    // The same condition on the command line chooses the same records.
    let stats = ["rules", "stats", &input(dir.path()), "--config", &config, "--json"];
    let stats = rejoinder(&[&stats[..], &["--where", "moderation.flagged=false"]].concat()).expect(0).json();
    assert_eq!((&stats["turns"], &stats["rules"][0]["hits"]), (&json!(3), &json!(1)), "{stats}");
}

#[test]
fn explain_shows_the_value_disarmed() {
    let dir = folder();
    let config = config(dir.path(), RULES);
    let out = dir.path().join("run");
    run(&input(dir.path()), &config, &out, &[]).expect(0);
    let explain = |id: &str| rejoinder(&["explain", &text(&out), id, "--rule", "t.paid"]).expect(0).stdout;
    let paid = explain("0:4:2");
    assert!(
        paid.contains("PASS where.plan = { not = \"free\" }") && paid.contains("`\\u{1b}[31mpro`"),
        "{paid}"
    );
    assert!(!paid.contains('\u{1b}'), "{paid:?}");
    let free = explain("0:5:2");
    assert!(free.contains("FAIL where.plan") && free.contains("`free`"), "{free}");
    let none = explain("0:6:2");
    assert!(
        none.contains("FAIL where.plan") && none.contains("the record has no value in such a column"),
        "{none}"
    );
}

#[test]
fn a_column_that_no_record_has_is_named() {
    let dir = folder();
    let config = config(dir.path(), &RULES.replace("temperature = 0.5", "temprature = 0.5"));
    let input = input(dir.path());
    let says = "Rules ask in `where` for columns that none of 7 conversations with later turns has, and never hit: \
                the rule t.model asks for `temprature` (did you mean `temperature`?). \
                The columns here are `model`, `moderation`, `plan`, `temperature`.";
    let out = dir.path().join("run");
    let summary = run(&input, &config, &out, &[]).expect(0).json();
    let remarks = summary["remarks"].as_array().unwrap();
    let about: Vec<&Value> = remarks.iter().filter(|remark| remark["name"] == "rule-columns").collect();
    assert_eq!(about.len(), 1, "{summary}");
    assert_eq!(about[0]["text"], says);
    let stats = rejoinder(&["rules", "stats", &input, "--config", &config]).expect(0);
    assert_eq!(stats.stderr.matches(says).count(), 1, "{}", stats.stderr);
    let plan = rejoinder(&["plan", &input, "--config", &config]).expect(0).stdout;
    assert_eq!(plan.matches("the rule t.model asks for `temprature`").count(), 1, "{plan}");
}

#[test]
fn what_can_be_no_column_s_value_is_reported_at_its_place() {
    let dir = folder();
    for (condition, says, place) in [
        ("{}", "`where` names no column", ":5:9"),
        ("{ model = [] }", "compared with no value", ":5:19"),
        ("{ model = {} }", "compared with no value", ":5:19"),
        ("{ model = { not = [] } }", "compared with no value", ":5:27"),
        ("{ model = 1979-05-27 }", "found datetime", ":5:19"),
        ("{ model = [\"a\", [\"b\"]] }", "found array", ":5:25"),
        ("{ model = { not = \"a\", is = \"b\" } }", "`not` stands alone", ":5:19"),
        ("{ \"\" = 1 }", "an empty name", ":5:11"),
    ] {
        let rule = format!("format = 1\n[[rule]]\nid = \"a\"\nroute = \"score\"\nwhere = {condition}\n");
        let said = rejoinder(&["rules", "check", &write(dir.path(), "r.toml", rule)]).expect(3).stdout;
        assert!(said.contains("R019") && said.contains(says) && said.contains(place), "{condition}\n{said}");
    }
}
