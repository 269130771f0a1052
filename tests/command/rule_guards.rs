//! Guards of rules: kept and broken, on labelled logs, by what a run's judge said, at the end of a run, and over shards.

use std::path::Path;

use serde_json::{Value, json};

use crate::first_minute::within;
use crate::support::server::{Server, by_rule};
use crate::support::{folder, rejoinder, text, write};

/// Two rules, each with a place for a guard, as is the file.
fn rules(file: &str, thanks: &str, no: &str) -> String {
    let guard = |name: &str, limit: &str| match limit {
        "" => String::new(),
        limit => format!("[{name}]\n{limit}\n"),
    };
    let rule = |id: &str, category: &str, route: &str, phrase: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\ncategory = \"{category}\"\nroute = \"{route}\"\nany = [\"{phrase}\"]\n"
        )
    };
    [
        "format = 1\n".to_owned(),
        guard("guard", file),
        rule("g.thanks", "UR5", "accept", "thanks"),
        guard("rule.guard", thanks),
        rule("g.no", "UR2", "escalate", "no"),
        guard("rule.guard", no),
    ]
    .concat()
}

/// 100 turns: 30 with thanks, of which 27 are labelled as UR5; 40 with a no, of which 30 are UR2 by label and by the judge's rule; 30 others.
fn chats() -> String {
    let turn = |number: usize| match number {
        0..27 => ("thanks, that works", Some("UR5")),
        27..30 => ("write a note of thanks", None),
        30..60 => ("no, that is wrong", Some("UR2")),
        60..70 => ("there is no hurry, what about lunch", None),
        _ => ("and another one", None),
    };
    let record = |number: usize| {
        let (turn, label) = turn(number);
        let labels: Vec<Value> =
            label.iter().map(|category| json!({ "turn": 2, "category": category })).collect();
        let messages = json!([
            { "role": "user", "content": format!("question {number}") },
            { "role": "assistant", "content": "an answer" },
            { "role": "user", "content": turn },
        ]);
        let split = if number.is_multiple_of(9) { "few" } else { "many" };
        json!({ "conversation_id": number.to_string(), "conversation": messages, "labels": labels, "split": split })
            .to_string()
            + "\n"
    };
    (0..100).map(record).collect()
}

/// A folder with chats, rules, and a config in which these rules alone are in force.
fn bench(rules: &str, more: &str) -> tempfile::TempDir {
    let dir = folder();
    write(dir.path(), "chats.jsonl", chats());
    write(dir.path(), "g.toml", rules);
    let config = "format = 1\nplugin = []\n[rules]\npacks = [\"./g.toml\"]\n[cascade]\nscore = false\n";
    write(dir.path(), "rejoinder.toml", config.to_owned() + more);
    dir
}

fn judged_by(server: &Server) -> String {
    format!("[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n", server.base_url())
}

/// The exit code, the standing and the figure of the only limit.
fn only(dir: &Path, args: &[&str]) -> (i32, String, Option<f64>, String) {
    let ended = within(dir, &[&["rules", "test", "--json"], args].concat());
    let limits = ended.json()["guards"]["limits"].clone();
    let [row] = &**limits.as_array().unwrap() else { panic!("{limits}") };
    let figure = row["figure"].as_f64().map(|figure| (figure * 1e6).round() / 1e6);
    (
        ended.code,
        row["standing"].as_str().unwrap().to_owned(),
        figure,
        row["says"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn each_limit_is_kept_or_broken_on_labelled_logs() {
    let on = ["--on", "chats.jsonl", "--labels"];
    let check = |rules: &str, more: &str, expected: (i32, &str, Option<f64>), says: &str| {
        let found = only(bench(rules, more).path(), &on);
        assert_eq!((found.0, found.1.as_str(), found.2), expected, "{rules}: {}", found.3);
        assert!(found.3.contains(says), "{rules}: {}", found.3);
    };
    let of_file = |limit: &str| rules(limit, "", "");
    let of_thanks = |limit: &str| rules("", limit, "");
    let of_no = |limit: &str| rules("", "", limit);
    let (kept, broken) = ((0, "kept"), (3, "broken"));
    for (rules, (code, standing), figure, says) in [
        (of_no("max-escalation-share = 0.4"), kept, 0.4, "40 of 100 later turns wait"),
        (of_no("max-escalation-share = 0.39"), broken, 0.4, "40 of 100 later turns wait"),
        (of_thanks("max-escalation-share = 0"), kept, 0.0, "0 of 100 later turns"),
        (of_file("max-escalation-share = 0.39"), broken, 0.4, "40 of 100 later turns"),
        (
            of_thanks("max-accept-share = 0.3"),
            kept,
            0.3,
            "30 of 100 later turns are accepted by a guarded rule",
        ),
        (
            of_file("max-accept-share = 0.29"),
            broken,
            0.3,
            "30 of 100 later turns are accepted by a guarded rule",
        ),
        (of_no("max-accept-share = 0"), kept, 0.0, "0 of 100"),
        (of_thanks("min-precision = 0.75"), kept, 0.761402, "27 right of 30 known, out of 30 accepted turns"),
        (
            of_thanks("min-precision = 0.8"),
            broken,
            0.761402,
            "0.900 feedback, at least 0.761 (95 %), by the labels",
        ),
        (of_thanks("min-precision = { share = 0.9, bound = \"measured\" }"), kept, 0.9, "feedback"),
        (of_thanks("min-precision = { share = 0.91, bound = \"measured\" }"), broken, 0.9, "feedback"),
        (
            of_no("min-precision = { share = 0.75, bound = \"measured\", of = \"category\" }"),
            kept,
            0.75,
            "30 right of 40",
        ),
        (of_file("min-precision = { share = 0.81, bound = \"measured\" }"), kept, 0.814286, "30 right of 40"),
        (
            of_file("min-precision = { share = 0.82, bound = \"measured\" }"),
            broken,
            0.814286,
            "27 right of 30",
        ),
    ] {
        check(&rules, "", (code, standing, Some(figure)), says);
    }
    // What the rules take for another category is feedback all the same.
    let other = |of: &str| {
        let limit = format!("min-precision = {{ share = 0.5, bound = \"measured\", of = \"{of}\" }}");
        of_no(&limit).replace("\"UR2\"", "\"UR3\"")
    };
    check(&other("feedback"), "", (0, "kept", Some(0.75)), "30 right of 40");
    check(&other("category"), "", (3, "broken", Some(0.0)), "0 right of 40");
    let unproven = (0, "unproven", None);
    check(&of_no("max-cost-per-1000 = 5"), "", unproven, "no price");
    let by_judge = "min-precision = { share = 0.5, against = \"judge\" }";
    check(&of_thanks(by_judge), "", unproven, "not all kinds of turns have an answer by the judge");
    let (cheap, dear) = ("[judge.price]\ninput = 1e-3\n", "[judge.price]\ninput = 1e3\n");
    for (price, code, standing) in [(cheap, 0, "kept"), (dear, 3, "broken")] {
        let dir = bench(&of_no("max-cost-per-1000 = 5"), price);
        let found = only(dir.path(), &on);
        assert_eq!((found.0, found.1.as_str()), (code, standing), "{}", found.3);
        assert!(found.3.contains("about 40 of 100 later turns"), "{}", found.3);
    }
}

#[test]
fn too_few_answers_prove_nothing_and_say_how_many_would() {
    let dir = bench(&rules("", "min-precision = 0.9", ""), "");
    let few = ["--on", "chats.jsonl", "--labels", "--where", "split=few"];
    let (code, standing, _, says) = only(dir.path(), &few);
    assert_eq!((code, standing.as_str()), (0, "unproven"), "{says}");
    assert!(says.contains("3 right of 4 known") && says.contains("at least 29 answers needed"), "{says}");
    let (code, standing, _, says) = only(dir.path(), &["--on", "chats.jsonl"]);
    assert_eq!((code, standing.as_str()), (0, "unproven"), "{says}");
}

#[test]
fn a_broken_guard_is_shown_with_its_place() {
    let dir = bench(&rules("max-accept-share = 0.1", "max-accept-share = 0.5", ""), "");
    let ended = within(dir.path(), &["rules", "test", "--on", "chats.jsonl"]).expect(3).stdout;
    // A config's paths are whole ones.
    let file = text(&dir.path().join("g.toml"));
    let broken = format!(
        "guard of all rules of {file}: max-accept-share = 0.1 ({file}:3:20) ... BROKEN\n    0.3000: 30 of 100"
    );
    let kept = format!("guard of rule g.thanks: max-accept-share = 0.5 ({file}:10:20) ... kept\n");
    assert!(ended.contains(&broken) && ended.contains(&kept), "{ended}");
    assert!(ended.ends_with("\nguard result: BROKEN. 1 kept; 1 broken; 0 not proven\n"), "{ended}");
    // Files that are named stand beside the packs of the config, or in the place of another version of them.
    write(dir.path(), "new.toml", rules("", "max-accept-share = 0.2", ""));
    let ended = within(dir.path(), &["rules", "test", "new.toml", "--on", "chats.jsonl"]).expect(3).stdout;
    assert!(ended.contains("(new.toml:8:20) ... BROKEN") && !ended.contains("g.toml"), "{ended}");
    write(
        dir.path(),
        "more.toml",
        "format = 1\n[guard]\nmax-accept-share = 0.9\n[[rule]]\nid = \"m\"\nroute = \"accept\"\ncategory = \"UR5\"\nany = [\"lunch\"]\n",
    );
    let ended = within(dir.path(), &["rules", "test", "more.toml", "--on", "chats.jsonl"]).expect(3).stdout;
    assert!(ended.contains("BROKEN. 2 kept; 1 broken"), "{ended}");
    // Of a folder, the files that are no older version stay.
    std::fs::create_dir(dir.path().join("team")).unwrap();
    for name in ["g.toml", "more.toml"] {
        std::fs::copy(dir.path().join(name), dir.path().join("team").join(name)).unwrap();
    }
    let config = std::fs::read_to_string(dir.path().join("rejoinder.toml")).unwrap();
    write(dir.path(), "rejoinder.toml", config.replace("./g.toml", "./team"));
    let ended =
        within(dir.path(), &["rules", "test", "new.toml", "--on", "chats.jsonl", "--json"]).expect(3).json();
    assert_eq!(ended["guards"]["counts"], json!({ "kept": 1, "broken": 1, "unproven": 0 }));
    write(dir.path(), "rejoinder.toml", config);
    // Rules that are not in force are not guarded, and without guards there is nothing to check.
    let config = std::fs::read_to_string(dir.path().join("rejoinder.toml")).unwrap();
    write(dir.path(), "rejoinder.toml", config.replace("[cascade]", "disable = [\"g.thanks\"]\n[cascade]"));
    let ended = within(dir.path(), &["rules", "test", "--on", "chats.jsonl", "--json"]).expect(0).json();
    assert_eq!(ended["guards"]["counts"], json!({ "kept": 1, "broken": 0, "unproven": 0 }));
    write(dir.path(), "g.toml", rules("", "", ""));
    let ended = within(dir.path(), &["rules", "test", "--on", "chats.jsonl"]).expect(0);
    assert!(ended.stderr.contains("no rule in force has a guard"), "{ended:?}");
    within(dir.path(), &["rules", "test", "--label-file", "x.jsonl"]).expect(2);
}

#[test]
fn a_change_that_breaks_a_guard_of_the_new_rules_fails_and_says_so_in_each_form() {
    let limits = "max-accept-share = 0.29\nmax-escalation-share = 0.4";
    let dir = bench(&rules("", "", ""), "[judge.price]\ninput = 1\n");
    let measured =
        "min-precision = { share = 0.75, bound = \"measured\", of = \"category\" }\nmax-cost-per-1000 = 1e9";
    write(dir.path(), "new.toml", rules(limits, "", measured));
    let diff = |old: &str, new: &str, more: &[&str]| {
        let args = ["rules", "diff", old, new, "--on", "chats.jsonl"];
        within(dir.path(), &[&args[..], more].concat())
    };
    let on = ["rules", "test", "new.toml", "--on", "chats.jsonl", "--json"];
    for flags in [&[][..], &["--labels"], &["--labels", "--where", "split=few"]] {
        let tested = within(dir.path(), &[&on[..], flags].concat()).expect(3).json();
        let found = diff("g.toml", "new.toml", &[flags, &["--json"]].concat()).expect(3).json();
        assert_eq!(found["guards"], tested["guards"]["limits"], "{flags:?}");
    }
    let found = diff("g.toml", "new.toml", &["--labels", "--json"]).expect(3).json();
    assert_eq!(standings(found["guards"].as_array().unwrap()), ["kept", "broken", "kept", "kept"]);
    let said = diff("g.toml", "new.toml", &["--labels"]).expect(3).stdout;
    let broken = "guard of all rules of new.toml: max-accept-share = 0.29 (new.toml:3:20) ... BROKEN\n    0.3000: 30 of 100";
    assert!(said.contains(broken) && said.contains("guard result: BROKEN. 3 kept; 1 broken"), "{said}");
    let comment = diff("g.toml", "new.toml", &["--labels", "--markdown"]).expect(3).stdout;
    let row =
        "| `all rules of new.toml: max-accept-share = 0.29 (new.toml:3:20)` | **broken** | 0.3000: 30 of 100";
    assert!(comment.contains(row) && !comment.contains("lunch"), "{comment}");
    assert!(comment.contains("\n\n**1 limit of guards broken.**\n\n| "), "{comment}");
    // What the old rules break does not count.
    let other = diff("new.toml", "g.toml", &["--json"]).expect(0).json();
    assert_eq!(other["guards"], json!([]));
}

#[test]
fn broken_guards_are_findings_with_their_places() {
    let dir = bench(&rules("max-accept-share = 0.1", "max-accept-share = 0.5", ""), "");
    let test = |form: &str| {
        within(dir.path(), &["rules", "test", "g.toml", "--on", "chats.jsonl", "--format", form]).expect(3)
    };
    let commands = test("github").stdout;
    let place = "::error file=g.toml,line=3,col=20,endColumn=23,title=G001::";
    assert!(commands.starts_with(place), "{commands}");
    assert_eq!(commands.matches("::error").count(), 1, "{commands}");
    assert!(commands.contains("30 of 100 later turns are accepted by a guarded rule"), "{commands}");
    let results = test("sarif").json()["runs"][0]["results"].clone();
    assert_eq!((results.as_array().unwrap().len(), &results[0]["ruleId"]), (1, &"G001".into()));
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startLine"], &region["startColumn"]), (&json!(3), &json!(20)));
    assert_eq!(test("json").json()["guards"]["counts"]["broken"], 1);
}

/// The limits of a summary, and of the check of the same run.
fn both(dir: &Path, summary: &Value, run: &str) -> Vec<Value> {
    let checked = within(dir, &["rules", "test", "--on", run, "--json"]).json();
    assert_eq!(summary["guards"], checked["guards"]["limits"], "{run}");
    summary["guards"].as_array().unwrap().clone()
}

fn standings(limits: &[Value]) -> Vec<&str> {
    limits.iter().map(|limit| limit["standing"].as_str().unwrap()).collect()
}

#[test]
fn a_run_warns_of_broken_guards_at_its_end_and_fails_where_it_is_strict() {
    let server = Server::start(by_rule);
    let guarded = rules(
        "max-escalation-share = 0.3",
        "min-precision = 0.5",
        "min-precision = { share = 0.7, bound = \"measured\", of = \"category\" }\nmax-cost-per-1000 = 1e9",
    );
    let dir = bench(&guarded, &(judged_by(&server) + "[judge.price]\ninput = 1\n"));
    let run = ["run", "chats.jsonl", "--out", "run"];
    let ended = within(dir.path(), &run).expect(0).stdout;
    let ended = ended.split_whitespace().collect::<Vec<_>>().join(" ");
    let file = text(&dir.path().join("g.toml"));
    let limit = format!("all rules of {file}: max-escalation-share = 0.3 ({file}:3:24). 0.4000: 40 of 100");
    assert!(ended.contains(&format!("! a guard is broken: {limit}")), "{ended}");
    let unproven = "! 1 limit of guards could neither be proven nor refuted by this run; why: rejoinder rules test --on run";
    assert!(ended.contains(unproven), "{ended}");
    let asked = server.all_requests();
    let again = within(dir.path(), &["resume", "run", "--json"]).expect(0).json();
    let limits = both(dir.path(), &again, "run");
    // Of what was accepted nobody was asked about.
    assert_eq!(standings(&limits), ["broken", "unproven", "kept", "kept"]);
    assert_eq!(
        limits[2]["precision"]["waiting"],
        json!({ "turns": 40, "known": 40, "right": 30, "conversations": 40, "chosen": 0 })
    );
    let strict = within(dir.path(), &["resume", "run", "--strict-guards"]).expect(3);
    let says = "--strict-guards: 1 limit was broken; the run is finished, and kept in run; each guard: rejoinder rules test --on run";
    assert!(strict.stderr.contains(says), "{}", strict.stderr);
    within(dir.path(), &["show", "run", "--accepted"]).expect(0);
    within(dir.path(), &["rules", "test", "--on", "run", "--on", "chats.jsonl"]).expect(2);
    assert_eq!(server.all_requests(), asked, "a check asks nobody");
    // An audit asks about a sample of what was accepted.
    within(dir.path(), &["audit", "run", "--rejected", "20", "--accepted", "30"]);
    let audited = within(dir.path(), &["resume", "run", "--json"]).expect(0).json();
    let limits = both(dir.path(), &audited, "run");
    assert_eq!(standings(&limits), ["broken", "kept", "kept", "kept"]);
    assert_eq!(
        limits[1]["precision"]["accepted"],
        json!({ "turns": 30, "known": 30, "right": 30, "conversations": 30, "chosen": 0 })
    );
    assert_eq!(limits[1]["precision"]["oracle"], "judge");
    // Another version of the rules, by the answers that there are.
    write(dir.path(), "new.toml", rules("max-escalation-share = 0.4", "", ""));
    within(dir.path(), &["rules", "test", "new.toml", "--on", "run"]).expect(0);
    write(dir.path(), "g.toml", rules("max-escalation-share = 0.4", "", ""));
    within(dir.path(), &["run", "chats.jsonl", "--strict-guards", "--out", "fine"]).expect(0);
    write(dir.path(), "g.toml", rules("max-escalation-share = 0.39", "", ""));
    within(dir.path(), &["run", "chats.jsonl", "--strict-guards", "--offline", "--out", "strict"]).expect(3);
    within(dir.path(), &["resume", "strict"]).expect(0);
}

#[test]
fn guards_of_a_run_in_shards_are_those_of_one_process() {
    let server = Server::start(by_rule);
    let guarded = rules(
        "max-escalation-share = 0.3\nmin-precision = 0.1",
        "max-accept-share = 0.4",
        "min-precision = { share = 0.7, bound = \"measured\" }\nmax-cost-per-1000 = 1e9",
    );
    let dir = bench(&guarded, &(judged_by(&server) + "[judge.price]\ninput = 1\n"));
    write(dir.path(), "chats.jsonl", chats().repeat(40));
    let run = ["run", "chats.jsonl", "--json", "--out"];
    let whole = within(dir.path(), &[&run[..], &["whole", "--threads", "1"]].concat()).expect(0).json();
    let limits = both(dir.path(), &whole, "whole");
    assert_eq!(standings(&limits), ["broken", "unproven", "kept", "kept", "kept"]);
    let threads = within(dir.path(), &[&run[..], &["threads", "--threads", "3"]].concat()).expect(0).json();
    assert_eq!(threads["guards"], whole["guards"]);
    for shard in ["3/3", "1/3", "2/3"] {
        let ended = within(dir.path(), &[&run[..], &["job", "--shard", shard]].concat()).expect(0).json();
        assert!(ended.get("guards").is_none(), "a shard is no whole: {ended}");
    }
    let strict = ["--shard", "1/3", "--strict-guards"];
    let refused = within(dir.path(), &[&run[..], &["job"], &strict[..]].concat()).expect(2);
    assert!(refused.stderr.contains("rejoinder merge DIR --strict-guards"), "{}", refused.stderr);
    within(dir.path(), &["merge", "job", "--strict-guards"]).expect(3);
    let merged = within(dir.path(), &["merge", "job", "--json"]).expect(0).json();
    assert_eq!(merged["guards"], whole["guards"]);
}

#[test]
fn guards_hold_over_nights_and_what_was_forgotten() {
    let server = Server::start(by_rule);
    let dir = bench(&rules("max-escalation-share = 0.3", "", ""), &judged_by(&server));
    let first = within(dir.path(), &["run", "chats.jsonl", "--json", "--out", "first"]).expect(0).json();
    write(dir.path(), "more.jsonl", chats().replace("\"conversation_id\":\"", "\"conversation_id\":\"b"));
    let args = ["run", "more.jsonl", "--after", "first", "--json", "--out", "second"];
    let second = within(dir.path(), &args).expect(0).json();
    assert_eq!(first["guards"][0]["figure"], second["guards"][0]["figure"]);
    assert_eq!(both(dir.path(), &second, "second")[0]["standing"], "broken");
    within(dir.path(), &["forget", "first", "--conversation", "30"]).expect(0);
    let limits = within(dir.path(), &["resume", "first", "--json"]).expect(0).json()["guards"].clone();
    assert_eq!(limits[0]["standing"], "broken");
}

#[test]
fn rules_with_tests_that_are_only_noted_are_untested() {
    let dir = folder();
    let test = "[[rule.test]]\ndialogue = [\"U: a\", \"A: b\", \"U: thanks a lot\"]\nexpect = { route = \"accept\" }\n";
    let todo = test.to_owned() + "todo = \"a person writes it\"\n";
    let file = rules("", "", "").replace("[[rule]]\nid = \"g.no\"", &(todo + "[[rule]]\nid = \"g.no\""));
    let path =
        write(dir.path(), "g.toml", file + &test.replace("thanks a lot", "no").replace("accept", "escalate"));
    let ended = rejoinder(&["rules", "test", &path]).expect(0).stdout;
    let says = "1 rule untested (no test, or only such as are marked `todo`): g.thanks\n";
    assert!(ended.ends_with(&format!("1 todo\n{says}")), "{ended}");
    let json = rejoinder(&["rules", "test", &path, "--json"]).expect(0).json();
    assert_eq!(json["untested"], json!(["g.thanks"]));
    let checked = rejoinder(&["rules", "check", &path]).expect(0).stdout;
    assert!(checked.contains("the rule has no test that is done: all are marked `todo`"), "{checked}");
}
