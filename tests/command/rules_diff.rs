//! `rejoinder rules diff`: what a change of rules does to an input, before it ships.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, dialogues_with_hidden_thanks, figure, folder, rejoinder, rows, text, write};

/// Rules as they are.
const OLD: &str = r#"format = 1
[[rule]]
id = "mine.thanks"
category = "UR5"
route = "accept"
any = ["thanks", "thank you"]

[[rule]]
id = "mine.wrong"
category = "UR2"
route = "escalate"
any = ["no", "wrong"]
"#;

/// Rules as they are to be: one accepts as something else, one rejects, one is new and one is gone.
const NEW: &str = r#"format = 1
[[rule]]
id = "mine.thanks"
category = "UR4"
route = "accept"
any = ["thanks"]
max-words = 6

[[rule]]
id = "mine.explain"
category = "UR1"
route = "reject"
any = ["explain", "write"]

[[rule]]
id = "mine.python"
category = "UR2"
route = "accept"
any = ["python"]
weight = 3.0
"#;

/// What a run decided about each later turn that it did not reject, by the turn's id.
fn decisions(run: &Path) -> BTreeMap<String, String> {
    let files = |kind: &str| -> Vec<Value> {
        let Ok(entries) = std::fs::read_dir(run.join(kind)) else { return Vec::new() };
        entries.flat_map(|entry| rows(&entry.unwrap().path())).collect()
    };
    let accepted = files("parts").into_iter().map(|row| {
        let category = row["category"].as_str().unwrap().to_owned();
        (row["id"].as_str().unwrap().to_owned(), category)
    });
    let waiting = files("spool");
    let waiting = waiting.iter().flat_map(|row| row["turns"].as_array().unwrap());
    let waiting = waiting.map(|turn| (turn["id"].as_str().unwrap().to_owned(), "waiting".to_owned()));
    accepted.chain(waiting).collect()
}

/// How a turn stands, as [`decisions`] says it; `None` for one that is rejected or not looked at.
fn standing(row: &Value) -> Option<String> {
    match row["standing"].as_str().unwrap() {
        "accepted" => Some(row["category"].as_str().unwrap().to_owned()),
        "waiting" => Some("waiting".to_owned()),
        _ => None,
    }
}

/// Runs both rule sets, and compares all decisions with what `rules diff` says, which is returned.
fn assert_equals_two_runs(
    folder: &Path,
    corpus: &str,
    rest: &str,
    packs: [&str; 2],
    named: [&str; 2],
) -> Value {
    let config = |name: &str, packs: &str| {
        write(folder, name, format!("format = 1\n[rules]\npacks = [{packs}]\n{rest}"))
    };
    let found: Vec<(BTreeMap<String, String>, Value)> = packs
        .iter()
        .enumerate()
        .map(|(side, packs)| {
            let out = folder.join(format!("run-{side}"));
            let _ = std::fs::remove_dir_all(&out);
            let config = config(&format!("run-{side}.toml"), packs);
            let args = ["run", corpus, "--offline", "--json", "--config", &config, "--out", &text(&out)];
            let summary = rejoinder(&args).expect(0).json();
            (decisions(&out), summary)
        })
        .collect();
    let base = config("base.toml", packs[0]);
    let args = ["rules", "diff", named[0], named[1], "--on", corpus, "--config", &base, "--json", "--all"];
    let report = rejoinder(&args).expect(0).json();
    let mut replayed = found[0].0.clone();
    for row in report["changed_turns"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap().to_owned();
        assert_eq!(replayed.get(&id).cloned(), standing(&row["before"]), "{row}");
        match standing(&row["after"]) {
            Some(now) => replayed.insert(id, now),
            None => replayed.remove(&id),
        };
    }
    assert_eq!(replayed, found[1].0, "{rest}");
    for (side, (decided, summary)) in ["before", "after"].into_iter().zip(&found) {
        let count = |name: &str| report[side][name].as_u64().unwrap();
        assert_eq!(figure(&report, "turns"), figure(summary, "turns"));
        assert_eq!(count("not_looked_at"), figure(summary, "not_looked_at"), "{side} {rest}");
        assert_eq!(count("rejected"), figure(summary, "rejected"), "{side} {rest}");
        assert_eq!(count("waiting"), figure(summary, "undecided"), "{side} {rest}");
        assert_eq!(count("accepted") + count("waiting"), decided.len() as u64, "{side} {rest}");
    }
    report
}

#[test]
fn a_diff_is_the_difference_of_two_runs_turn_by_turn() {
    let dir = folder();
    let path = dir.path();
    let (old, new) = (write(path, "old.toml", OLD), write(path, "new.toml", NEW));
    let twice = write(path, "twice.jsonl", std::fs::read_to_string(DIALOGUES).unwrap().repeat(2));
    let unlike = write(path, "unlike.jsonl", dialogues_with_hidden_thanks(60));
    let mine = [&*format!("\"*\", {old:?}"), &*format!("\"*\", {new:?}")];
    let price = "[judge.price]\ninput = 1.0\noutput = 2.0\n";
    let report = assert_equals_two_runs(path, DIALOGUES, price, mine, [&old, &new]);
    for (side, config) in [("before", "run-0.toml"), ("after", "run-1.toml")] {
        let plan =
            rejoinder(&["plan", DIALOGUES, "--config", &text(&path.join(config)), "--json"]).expect(0).json();
        assert_eq!(report[side]["cost"], plan["here"], "{side}");
        assert!(plan["here"]["money"].is_array(), "{plan}");
    }
    for (corpus, rest) in [
        (DIALOGUES, "[cascade]\nscore = false\n"),
        (DIALOGUES, "other-languages = \"ask\"\n[cascade]\nscore = false\n"),
        (&*twice, "[input]\nduplicates = \"exact\"\n"),
        (&*twice, "disable = [\"en.positive.thanks_only\", \"en.positive.thanks_open\"]\n"),
        (&*unlike, ""),
    ] {
        assert_equals_two_runs(path, corpus, rest, mine, [&old, &new]);
    }
    // A pack less: some languages are not looked at any more.
    let rest = "[cascade]\nscore = false\n";
    assert_equals_two_runs(path, DIALOGUES, rest, ["\"en\", \"de\"", "\"en\""], ["de", "none"]);
    assert_equals_two_runs(path, DIALOGUES, rest, ["\"en\"", "\"en\", \"de\""], ["none", "de"]);
}

#[test]
fn the_text_says_what_is_compared_and_what_changes() {
    let dir = folder();
    let (old, new) = (write(dir.path(), "old.toml", OLD), write(dir.path(), "new.toml", NEW));
    let said = rejoinder(&["rules", "diff", &old, &new, "--on", DIALOGUES, "--labels"]).expect(0).stdout;
    for part in [
        "beside both, from the config: en, zh, ja, es, fr, de, pt, ru",
        "decided otherwise",
        "waiting for the judge",
        "input tokens",
        "what changes",
        "rules responsible",
        "mine.thanks",
        "labels: ",
        "all labelled turns",
        "recall without judge",
        "newly rejected, with none that is wanted",
        "newly hit by mine.",
        "▶",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    // The packs that share a rule with what is named are not beside it.
    let said = rejoinder(&["rules", "diff", "en", "none", "--on", DIALOGUES]).expect(0).stdout;
    assert!(said.contains("in force on no side, since they share a rule with OLD or NEW: en"), "{said}");
}

#[test]
fn what_changes_nothing_is_said_to_and_why() {
    let dir = folder();
    let old = write(dir.path(), "old.toml", OLD);
    let none = write(
        dir.path(),
        "none.toml",
        OLD.replace("mine.", "my.")
            .replace("\"no\", \"wrong\"", "\"zzyzx\"")
            .replace("\"thanks\", \"thank you\"", "\"xyzzy\""),
    );
    let nothing = |args: &[&str]| {
        rejoinder(&[&["rules", "diff"], args, &["--on", DIALOGUES]].concat()).expect(0).stdout
    };
    let same = nothing(&[&old, &old]);
    assert!(same.contains("The same decision for all ") && same.contains("hold the same rules"), "{same}");
    let unheard = nothing(&["none", &none]);
    assert!(unheard.contains("does not occur in this input"), "{unheard}");
}

#[test]
fn a_comment_for_a_pull_request_holds_no_chat_text_unless_somebody_wants_it() {
    let dir = folder();
    let hostile = json!({ "conversation_id": "c", "conversation": [
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": "Hello." },
        { "role": "user", "content": "plugh </pre><script>alert(1)</script> `code` \u{1b}[31m" },
    ] });
    let corpus = write(dir.path(), "c.jsonl", format!("{hostile}\n"));
    let new = write(
        dir.path(),
        "new.toml",
        "format = 1\n[[rule]]\nid = \"mine.a\"\ncategory = \"UR2\"\nroute = \"accept\"\nany = [\"plugh\"]\n",
    );
    let diff = |flags: &[&str]| {
        rejoinder(&[&["rules", "diff", "none", &new, "--on", &corpus], flags].concat()).expect(0).stdout
    };
    let brief = diff(&["--markdown"]);
    assert!(brief.contains("| accepted | 0 | 1 | +1 |"), "{brief}");
    assert!(!brief.contains("plugh") && !brief.contains("script"), "{brief}");
    let whole = diff(&["--markdown", "--samples"]);
    assert!(whole.contains("plugh") && !whole.contains("<script>") && !whole.contains('\u{1b}'), "{whole}");
    assert_eq!(whole.matches("</pre>").count(), 1, "{whole}");
    assert!(!diff(&[]).contains('\u{1b}'));
}

#[test]
fn a_runs_judge_speaks_of_the_turns_that_waited_and_of_no_others() {
    let dir = folder();
    let server = Server::start(by_rule);
    let out = text(&dir.path().join("run"));
    let judge = format!("format = 1\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\n", server.base_url());
    let config = write(dir.path(), "judge.toml", judge);
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &out]).expect(0);
    let asked = server.requests();
    let new = write(dir.path(), "new.toml", NEW);
    let report = rejoinder(&["rules", "diff", "none", &new, "--on", &out, "--json"]).expect(0).json();
    let labels = &report["labels"];
    assert!(labels["population"].as_str().unwrap().contains("no sample of the rest"), "{labels}");
    assert_eq!(labels["figures"], json!([]), "{labels}");
    assert!(figure(labels, "turns") > 0, "{labels}");
    assert_eq!(server.requests(), asked, "nobody is asked");
    let said = rejoinder(&["rules", "diff", "none", &new, "--on", &out]).expect(0).stdout;
    assert!(said.contains("no precision or recall over all turns"), "{said}");
    rejoinder(&["rules", "diff", "none", &new, "--on", &out, DIALOGUES]).expect(2);
    rejoinder(&["rules", "diff", "none", &new, "--on", &out, "--config", &config]).expect(2);
}

#[test]
fn mistakes_name_the_side() {
    let dir = folder();
    let wrong = write(
        dir.path(),
        "wrong.toml",
        "format = 1\n[[rule]]\nid = \"a\"\nroute = \"nope\"\nany = [\"a\"]\n",
    );
    let ended = rejoinder(&["rules", "diff", "none", &wrong, "--on", DIALOGUES]).expect(7);
    assert!(
        ended.stderr.contains("NEW (") && ended.stderr.contains("`nope` is no value"),
        "{}",
        ended.stderr
    );
    let ended = rejoinder(&["rules", "diff", "enn", "none", "--on", DIALOGUES]).expect(2);
    assert!(ended.stderr.contains("no shipped rule pack"), "{}", ended.stderr);
}

#[test]
fn filters_narrow_all_that_is_compared() {
    let dir = folder();
    let old = write(dir.path(), "old.toml", OLD);
    let new = write(dir.path(), "new.toml", NEW);
    let record = |id: &str, model: &str| {
        let turns = [("user", "Hi"), ("assistant", "Hello."), ("user", "thanks")]
            .map(|(role, content)| json!({ "role": role, "content": content }));
        format!("{}\n", json!({ "conversation_id": id, "model": model, "conversation": turns }))
    };
    let chats = record("x", "a") + &record("y", "b") + &record("z", "b");
    let chats = write(dir.path(), "c.jsonl", chats);
    let args = ["rules", "diff", &old, &new, "--on", &chats, "--where", "model=b"];
    let found = rejoinder(&[&args[..], &["--json"]].concat()).expect(0).json();
    assert_eq!((figure(&found, "turns"), figure(&found, "changed")), (2, 2), "{found}");
    assert!(found["input"].as_str().unwrap().ends_with("records with model=b"), "{found}");
    for labels in [&[][..], &["--labels"]] {
        let args =
            ["rules", "diff", &old, &new, "--on", &chats, "--except", "model=a", "--except", "model=b"];
        let ended = rejoinder(&[&args[..], labels].concat()).expect(2);
        assert!(ended.stderr.contains("no record with a later turn is left"), "{}", ended.stderr);
    }
}
