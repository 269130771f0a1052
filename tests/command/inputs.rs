//! Every format from the command on: what `inspect` says of it, and that a run reads it alike whole, in threads and
//! after a kill.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{DIALOGUES, figure, folder, output_files, rejoinder, rows, text, write};

const FORMATS: &str = "tests/data/formats";

fn fixtures() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(FORMATS).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_none_or(|ext| ext != "read"));
    all.sort();
    all
}

#[test]
fn inspect_says_what_every_file_holds_and_a_run_reads_as_much() {
    let dir = folder();
    // Few rules: it is reading that is tried here.
    let config = write(dir.path(), "c.toml", "format = 1\nplugin = []\n[rules]\npacks = [\"en\"]\n");
    for path in fixtures() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let input = text(&path);
        let looked = rejoinder(&["inspect", &input, "--json"]).expect(0).json();
        let page = rejoinder(&["inspect", &input]).expect(0).stdout;
        let format = looked["files"][0]["format"].as_str().unwrap();
        assert!(page.contains(format) && page.contains("── 0:0 ·"), "{page}");
        let run = dir.path().join(name);
        let summary =
            rejoinder(&["run", &input, "--config", &config, "--json", "--out", &text(&run)]).expect(0).json();
        assert_eq!(figure(&summary, "conversations"), figure(&looked, "conversations"), "{name}");
        assert_eq!(figure(&summary, "turns"), figure(&looked, "later_turns"), "{name}");
        let bad: u64 = looked["bad"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(figure(&summary, "quarantined"), bad, "{name}");
        assert!(figure(&summary, "conversations") > 0, "{name}");
        // What was accepted leads back to its dialogue.
        if let Some(row) = rows_of(&run).first() {
            let id = row["id"].as_str().unwrap().to_owned();
            let explained = rejoinder(&["explain", &text(&run), &id]).expect(0).stdout;
            assert!(explained.contains(row["span"].as_str().unwrap_or_default()), "{explained}");
        }
        rejoinder(&["export", "kto", &text(&run)]).expect(0);
    }
}

fn rows_of(run: &Path) -> Vec<Value> {
    let part = run.join("parts/part-00000.jsonl");
    if part.exists() { rows(&part) } else { Vec::new() }
}

#[test]
fn a_turn_that_several_paths_of_a_tree_share_is_looked_at_once() {
    let looked = rejoinder(&["inspect", &format!("{FORMATS}/oasst_trees.jsonl"), "--json"]).expect(0).json();
    assert_eq!((figure(&looked, "conversations"), figure(&looked, "shared_messages")), (3, 4));
    assert_eq!(figure(&looked, "later_turns"), 3, "m2, m5 and m7");
}

/// Many of the example dialogues, in a shape that goes through an adapter.
fn many(count: usize) -> Vec<Value> {
    let dialogues = rows(Path::new(DIALOGUES));
    let of = |n: usize| {
        let dialogue = &dialogues[n % dialogues.len()];
        let turns = dialogue["conversation"].as_array().unwrap();
        let all: Vec<Value> = turns
            .iter()
            .map(|m| json!({"from": m["role"].as_str().unwrap().replace("user", "human"), "value": m["content"]}))
            .collect();
        // Every seventh comes in two pieces.
        if n.is_multiple_of(7) && all.len() > 2 {
            let (head, tail) = all.split_at(2);
            return vec![
                json!({"id": format!("d{n}_0"), "conversations": head}),
                json!({"id": format!("d{n}_2"), "conversations": tail}),
            ];
        }
        vec![json!({"id": format!("d{n}"), "conversations": all, "pad": "x".repeat(n % 4000)})]
    };
    (0..count).flat_map(of).collect()
}

#[test]
fn an_array_is_read_alike_in_threads_and_after_kills() {
    let dir = folder();
    let array = serde_json::to_string_pretty(&many(3000)).unwrap();
    let input = write(dir.path(), "sharegpt.json", array);
    let config = write(dir.path(), "c.toml", "format = 1\nplugin = []\n[output]\npart-mib = 1\n");
    let run = |name: &str, threads: &str| {
        let out = dir.path().join(name);
        let args = ["run", &input, "--json", "--config", &config, "--threads", threads, "--out", &text(&out)];
        (rejoinder(&args).expect(0).json(), out)
    };
    let (summary, whole) = run("whole", "1");
    assert_eq!((figure(&summary, "conversations"), figure(&summary, "quarantined")), (3000, 0));
    let files = output_files(&whole);
    assert!(files.len() > 4, "several parts: {}", files.len());
    assert!(output_files(&run("threads", "3").1) == files);
    // As a kill leaves it: only the first parts are committed.
    let killed = run("killed", "2").1;
    let ledger = rusqlite::Connection::open(killed.join("ledger.sqlite")).unwrap();
    ledger.execute_batch("DELETE FROM parts WHERE idx > 0; DELETE FROM facts WHERE name = 'scan';").unwrap();
    drop(ledger);
    let resumed = rejoinder(&["resume", &text(&killed), "--json"]).expect(0).json();
    assert!(output_files(&killed) == files, "the same bytes");
    for key in ["conversations", "turns", "bytes"] {
        assert_eq!(figure(&resumed, key), figure(&summary, key), "{key}");
    }
}

#[test]
fn languages_can_be_chosen_and_what_is_left_out_is_counted() {
    let dir = folder();
    let all = rejoinder(&["inspect", DIALOGUES, "--json"]).expect(0).json();
    let languages = all["languages"].as_object().unwrap();
    let of = |code: &str| languages[code].as_u64().unwrap();
    assert!(of("en") > 0 && of("de") > 0);
    let run = text(&dir.path().join("run"));
    let summary =
        rejoinder(&["run", DIALOGUES, "--lang", "de,English", "--json", "--out", &run]).expect(0).json();
    assert_eq!(figure(&summary, "conversations"), of("en") + of("de"));
    assert_eq!(figure(&summary, "other_language"), figure(&all, "conversations") - of("en") - of("de"));
    let config = write(dir.path(), "c.toml", "format = 1\nplugin = []\n[input]\nlang = [\"de\"]\n");
    let looked = rejoinder(&["inspect", DIALOGUES, "--config", &config, "--json"]).expect(0).json();
    assert_eq!(figure(&looked, "conversations"), of("de"));
    let config =
        write(dir.path(), "c.toml", "format = 1\nplugin = []\n[input]\nlang = [\"de\", \"klingonese\"]\n");
    assert!(
        rejoinder(&["inspect", DIALOGUES, "--config", &config]).expect(7).stderr.contains("is no language")
    );
    assert!(rejoinder(&["inspect", DIALOGUES, "--lang", "x"]).expect(2).stderr.contains("is no language"));
}

#[test]
fn duplicates_are_left_out_where_one_asks_for_it_and_counted() {
    let dir = folder();
    let dialogues = std::fs::read_to_string(DIALOGUES).unwrap();
    let shouted = dialogues.lines().next().unwrap().replace("sorts a list", "SORTS a list,");
    let input = write(dir.path(), "in.jsonl", format!("{dialogues}{dialogues}{shouted}\n"));
    let run = |name: &str, kind: &str, input: &str, threads: &str| {
        let out = dir.path().join(name);
        let args = ["run", input, "--duplicates", kind, "--threads", threads, "--json", "--out", &text(&out)];
        let summary = rejoinder(&args).expect(0).json();
        (figure(&summary, "conversations"), figure(&summary, "duplicates"), output_files(&out))
    };
    let count = dialogues.lines().count() as u64;
    let (once, none, _) = run("once", "near", DIALOGUES, "1");
    assert_eq!((once, none), (count, 0));
    let (kept, left_out, _) = run("keep", "keep", &input, "1");
    assert_eq!((kept, left_out), (2 * count + 1, 0));
    let (kept, left_out, exact) = run("exact", "exact", &input, "1");
    assert_eq!((kept, left_out), (count + 1, count));
    assert!(exact == run("threads", "exact", &input, "3").2);
    let looked = rejoinder(&["inspect", &input, "--duplicates", "near", "--json"]).expect(0).json();
    assert_eq!((figure(&looked, "conversations"), figure(&looked, "duplicates")), (2 * count + 1, count + 1));
    let (kept, left_out, _) = run("near", "near", &input, "2");
    assert_eq!((kept, left_out), (count, count + 1));
}

#[test]
fn the_shape_can_be_given_and_a_wrong_one_costs_only_words() {
    let input = format!("{FORMATS}/sharegpt.jsonl");
    let dir = folder();
    let wrong = rejoinder(&["inspect", &input, "--format", "chatgpt", "--json"]).expect(9).json();
    assert_eq!(figure(&wrong, "conversations"), 0);
    assert!(
        wrong["bad"]
            .to_string()
            .contains("of another shape than the file's (a ChatGPT account export): it has the keys"),
        "{wrong}"
    );
    let ended = rejoinder(&["inspect", &input, "--format", "sharegtp"]).expect(2);
    assert!(ended.stderr.contains("sharegpt"), "{}", ended.stderr);
    let config = write(dir.path(), "c.toml", "format = 1\nplugin = []\n[input]\nformat = \"sharegtp\"\n");
    let ended = rejoinder(&["inspect", &input, "--config", &config]).expect(7);
    assert!(ended.stderr.contains("did you mean `sharegpt`"), "{}", ended.stderr);
}

#[test]
fn a_parquet_file_without_the_messages_is_refused_with_its_schema() {
    let input = format!("{FORMATS}/lmsys.parquet");
    let ended = rejoinder(&["run", &input, "--map", "messages=chat", "--out", "never"]);
    assert_eq!(ended.code, 8, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("no column `chat`") && ended.stderr.contains("REPEATED group list"),
        "{}",
        ended.stderr
    );
    assert!(!Path::new("never").exists());
}

#[test]
fn dialogues_are_shown_without_what_steers_a_terminal() {
    let dir = folder();
    let record =
        json!({"id": "\u{1b}]0;x\u{7}", "messages": [{"role": "user", "content": "\u{1b}[2J\u{202e}"}]});
    let input = write(dir.path(), "in.jsonl", record.to_string());
    let page = rejoinder(&["inspect", &input]).expect(0).stdout;
    assert!(!page.contains(['\u{1b}', '\u{7}', '\u{202e}']) && page.contains("\\u{1b}[2J"), "{page}");
}

#[test]
fn what_a_folder_holds_and_is_not_read_is_said() {
    let dir = folder();
    let chat = json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "thanks!"}]);
    write(dir.path(), "a.jsonl", json!({ "messages": chat }).to_string());
    let table = write(dir.path(), "labels.csv", "id,label\n1,UR5\n");
    let ended = rejoinder(&["inspect", &text(dir.path())]).expect(0);
    assert!(
        ended
            .stderr
            .contains(&format!("not read: {table}; tables and archives are read where they are named")),
        "{}",
        ended.stderr
    );
    assert!(!rejoinder(&["inspect", &text(dir.path()), &table]).expect(0).stderr.contains("not read"));
    std::fs::remove_file(dir.path().join("a.jsonl")).unwrap();
    assert!(rejoinder(&["inspect", &text(dir.path())]).expect(8).stderr.contains("not read"));
}

#[test]
fn inspect_says_what_each_shape_saw_and_what_is_joined() {
    let cases = "tests/data/cases";
    let page = rejoinder(&["inspect", &format!("{cases}/langfuse-turn-per-trace/window.jsonl"), "--why"])
        .expect(0)
        .stdout;
    assert!(page.contains("langfuse   4 of 4 records have `input` and `output` of a trace"), "{page}");
    assert!(page.contains("3 calls make `s-9`") && page.contains("`t0`: its messages stand in"), "{page}");
    let traces = format!("{cases}/langfuse-turn-per-trace/traces.jsonl");
    let apart = rejoinder(&["inspect", &traces, "--no-join", "--json"]).expect(0).json();
    assert_eq!((figure(&apart, "conversations"), figure(&apart, "joined")), (3, 0));
    let dir = folder();
    let config = write(dir.path(), "c.toml", "format = 1\nplugin = []\n[input]\njoin = false\n");
    assert_eq!(rejoinder(&["inspect", &traces, "--config", &config, "--json"]).expect(0).json(), apart);
}

#[test]
fn joined_calls_are_read_alike_in_threads_and_after_kills() {
    let dir = folder();
    let dialogues = rows(Path::new(DIALOGUES));
    let (mut calls, mut sessions): (Vec<(usize, Value)>, u64) = (Vec::new(), 0);
    for n in 0..1500 {
        let all = dialogues[n % dialogues.len()]["conversation"].as_array().unwrap();
        if all.iter().enumerate().any(|(at, m)| (m["role"] == "user") != at.is_multiple_of(2)) {
            continue;
        }
        sessions += 1;
        for turn in 0..all.len() / 2 {
            let answered = &all[2 * turn + 1];
            // Every third session brings its whole history, the others one turn a call.
            let from = if n.is_multiple_of(3) { 0 } else { 2 * turn };
            let input = &all[from..=2 * turn];
            let time = format!("2026-01-01T00:{turn:02}:00Z");
            // Calls of sessions stand between each other's.
            calls.push((n + 40 * turn, json!({"id": format!("{n}-{turn}"), "session_id": format!("s{n}"), "timestamp": time, "type": "GENERATION", "input": input, "output": answered, "pad": "x".repeat(n % 3000)})));
        }
    }
    calls.sort_by_key(|(place, _)| *place);
    let content: String = calls.iter().map(|(_, call)| format!("{call}\n")).collect();
    let input = write(dir.path(), "calls.jsonl", content);
    let config = write(
        dir.path(),
        "c.toml",
        "format = 1\nplugin = []\n[rules]\npacks = [\"en\"]\n[output]\npart-mib = 1\n",
    );
    let run = |name: &str, threads: &str| {
        let out = dir.path().join(name);
        let args = ["run", &input, "--json", "--config", &config, "--threads", threads, "--out", &text(&out)];
        (rejoinder(&args).expect(0).json(), out)
    };
    let (summary, whole) = run("whole", "1");
    assert_eq!(
        (figure(&summary, "conversations"), figure(&summary, "quarantined")),
        (sessions, 0),
        "{summary}"
    );
    assert!(figure(&summary, "joined") > 500 && figure(&summary, "repeated") > 100, "{summary}");
    let files = output_files(&whole);
    assert!(files.len() > 3, "several parts: {}", files.len());
    assert!(output_files(&run("threads", "3").1) == files);
    let killed = run("killed", "2").1;
    let ledger = rusqlite::Connection::open(killed.join("ledger.sqlite")).unwrap();
    ledger.execute_batch("DELETE FROM parts WHERE idx > 1; DELETE FROM facts WHERE name = 'scan';").unwrap();
    drop(ledger);
    let resumed = rejoinder(&["resume", &text(&killed), "--json"]).expect(0).json();
    assert!(output_files(&killed) == files, "the same bytes");
    for key in ["conversations", "turns", "bytes", "joined", "repeated"] {
        assert_eq!(figure(&resumed, key), figure(&summary, key), "{key}");
    }
}

#[test]
fn a_run_finds_its_input_again_after_a_move_by_what_it_holds() {
    let dir = folder();
    let config = write(
        dir.path(),
        "c.toml",
        "format = 1\nplugin = []\n[rules]\npacks = [\"en\"]\n[judge]\nmodel = \"m\"\nbase-url = \"http://127.0.0.1:9\"\n",
    );
    let logs = dir.path().join("logs");
    let dialogues = std::fs::read_to_string(DIALOGUES).unwrap();
    let (first, second) =
        dialogues.split_at(dialogues.len() / 2 + dialogues[dialogues.len() / 2..].find('\n').unwrap() + 1);
    for (year, content) in [("2025", first), ("2026", second)] {
        std::fs::create_dir_all(logs.join(year)).unwrap();
        write(&logs.join(year), "chats.jsonl", content);
    }
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", &text(&logs), "--config", &config, "--out", &run, "--offline"]).expect(0);
    let table = rejoinder(&["export", "feedback", &run, "--out", "-"]).expect(0).stdout;
    let id = serde_json::from_str::<Value>(table.lines().next().unwrap()).unwrap()["id"].clone();
    let id = id.as_str().unwrap();
    let ledger = rusqlite::Connection::open(dir.path().join("run/ledger.sqlite")).unwrap();
    ledger.execute("DELETE FROM parts", ()).unwrap();
    ledger.execute("DELETE FROM facts WHERE name = 'scan'", ()).unwrap();
    drop(ledger);
    let expected = output_files(Path::new(&run));

    let now = dir.path().join("elsewhere");
    std::fs::rename(&logs, &now).unwrap();
    let resumed = rejoinder(&["resume", &run, "--offline"]).expect(8).stderr;
    assert!(
        resumed.contains("logs/2025/chats.jsonl is not there") && resumed.contains("--input-root DIR"),
        "{resumed}"
    );
    rejoinder(&["resume", &run, "--offline", "--input-root", &text(&now)]).expect(0);
    assert!(
        output_files(Path::new(&run)) == expected,
        "the names of files in it are those that it began with"
    );

    // What does not need the input does not ask for it.
    assert_eq!(rejoinder(&["export", "feedback", &run, "--out", "-"]).expect(0).stdout, table);
    let batch = text(&dir.path().join("batch.jsonl"));
    rejoinder(&["judge", &run, "--export-batch", &batch]).expect(0);
    let needs: [&[&str]; 5] = [
        &["show", &run],
        &["explain", &run, id],
        &["export", "kto", &run, "--out", "-"],
        &["export", "review", &run, "--for", "argilla", "--out", "-"],
        &["eval", &run, "--labels"],
    ];
    let with = |args: &[&str], root: &Path| rejoinder(&[args, &["--input-root", &text(root)]].concat());
    for args in needs {
        let told = rejoinder(args).expect(8).stderr;
        assert!(told.contains("--input-root DIR"), "{args:?}: {told}");
        with(args, &now).expect(0);
    }
    // All in one folder would be found by the name alone, and one of the two is not there.
    let one = dir.path().join("one");
    std::fs::create_dir(&one).unwrap();
    let told = with(needs[0], &one).expect(7).stderr;
    assert!(told.contains("is not under") && told.contains("one/chats.jsonl is there"), "{told}");
    write(&one, "chats.jsonl", first);
    let told = with(needs[0], &one).expect(7).stderr;
    assert!(
        told.contains("2026/chats.jsonl is not what lies under") && told.contains("one/chats.jsonl has"),
        "{told}"
    );
}

#[test]
fn the_copy_of_standard_input_moves_with_the_run() {
    use std::process::Stdio;
    let dir = folder();
    let run = dir.path().join("run");
    let mut command = crate::support::command(&["run", "-", "--offline", "--out", &text(&run)]);
    let input = Stdio::from(std::fs::File::open(DIALOGUES).unwrap());
    assert!(command.stdin(input).output().unwrap().status.success());
    let moved = dir.path().join("moved");
    std::fs::rename(&run, &moved).unwrap();
    rejoinder(&["show", &text(&moved)]).expect(0);
    rejoinder(&["export", "sft", &text(&moved), "--out", "-"]).expect(0);
}
