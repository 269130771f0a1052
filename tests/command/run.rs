//! `rejoinder run` as users see it: inputs of all kinds, the summary, the files, the exit codes.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::corpus;
use crate::support::{
    DIALOGUES, MESSAGES, accepted, assert_funnel_adds_up, command, figure, folder, output_files, rejoinder,
    rows, text, write,
};

fn run_json(inputs: &[&str], flags: &[&str]) -> (Value, tempfile::TempDir) {
    let out = folder();
    let path = text(&out.path().join("run"));
    let args = [&["run"], inputs, &["--json", "--out", &path], flags].concat();
    (rejoinder(&args).expect(0).json(), out)
}

#[test]
fn the_main_job_prints_the_funnel_and_what_the_judge_would_cost() {
    let out = folder();
    let ended = rejoinder(&["run", DIALOGUES, "--out", &text(&out.path().join("run"))]).expect(0);
    for expected in [
        "conversations",
        "later turns",
        "candidates",
        "accepted",
        "waiting for the judge",
        "requests to a judge: paper",
    ] {
        assert!(ended.stdout.contains(expected), "no `{expected}` in\n{}", ended.stdout);
    }
}

#[test]
fn the_json_summary_has_the_promised_fields_and_adds_up() {
    let (summary, _out) = run_json(&[DIALOGUES], &[]);
    for field in [
        "conversations",
        "turns",
        "candidates",
        "accepted",
        "rejected",
        "undecided",
        "judged",
        "quarantined",
        "seconds",
        "bytes",
        "run_dir",
        "requests",
        "paper_requests",
        "input_tokens",
        "paper_input_tokens",
    ] {
        assert!(!summary[field].is_null(), "no `{field}` in {summary}");
    }
    assert_funnel_adds_up(&summary);
    assert_eq!(figure(&summary, "conversations"), 80);
    assert!(
        accepted(&summary) > 0 && figure(&summary, "undecided") > 0 && figure(&summary, "rejected") > 0,
        "{summary}"
    );
    assert!(figure(&summary, "requests") < figure(&summary, "paper_requests"), "{summary}");
}

#[test]
fn feedback_rows_begin_with_the_papers_columns_and_point_into_the_turn() {
    let (summary, _out) = run_json(&[DIALOGUES], &[]);
    let file = std::path::Path::new(summary["run_dir"].as_str().unwrap()).join("parts/part-00000.jsonl");
    let raw = std::fs::read_to_string(&file).unwrap();
    assert!(raw.lines().all(|l| l.starts_with(r#"{"conversation_id":"#)), "column order");
    let first_keys: Vec<&str> = raw.lines().next().unwrap().split('"').skip(1).step_by(2).take(1).collect();
    assert_eq!(first_keys, ["conversation_id"]);
    let source = rows(std::path::Path::new(DIALOGUES));
    let mut last = (0, 0);
    for row in rows(&file) {
        let id: Vec<u64> = row["id"].as_str().unwrap().split(':').map(|n| n.parse().unwrap()).collect();
        let message = &source[id[1] as usize]["conversation"][id[2] as usize];
        assert_eq!(source[id[1] as usize]["conversation_id"], row["conversation_id"]);
        let turn = message["content"].as_str().unwrap();
        let span = row["span_start"].as_u64().unwrap() as usize..row["span_end"].as_u64().unwrap() as usize;
        assert_eq!(turn[span].trim(), row["span"].as_str().unwrap().trim());
        assert_eq!(row["label"], if row["category"] == "UR5" { 1 } else { -1 });
        assert_eq!(row["metadata"]["language"], source[id[1] as usize]["language"], "other columns are kept");
        assert!((id[1], id[2]) > last || last == (0, 0), "rows are in input order");
        last = (id[1], id[2]);
    }
}

#[test]
fn every_kind_of_input_gives_the_same_result() {
    let dir = folder();
    let plain = std::fs::read(DIALOGUES).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&plain).unwrap();
    let gz = write(dir.path(), "d.jsonl.gz", gz.finish().unwrap());
    let zst = write(dir.path(), "d.jsonl.zst", zstd::encode_all(&plain[..], 3).unwrap());
    // The content tells the compression, not the name.
    let misnamed = write(dir.path(), "misnamed.jsonl", std::fs::read(&zst).unwrap());
    let sub = dir.path().join("sub");
    std::fs::create_dir(&sub).unwrap();
    write(&sub, "d.jsonl", &plain);
    write(&sub, "notes.txt", "not input");
    let glob = format!("{}/*.jsonl", text(&sub));
    let (expected, _keep) = run_json(&[DIALOGUES], &[]);
    for input in [gz.as_str(), &zst, &misnamed, &text(&sub), &glob] {
        let (summary, _keep) = run_json(&[input], &[]);
        for field in
            ["conversations", "turns", "candidates", "accepted", "undecided", "bytes", "input_tokens"]
        {
            assert_eq!(summary[field], expected[field], "{field} of {input}");
        }
    }
    for stdin in [&plain, &std::fs::read(&zst).unwrap()] {
        let out = folder();
        let mut child = command(&["run", "-", "--json", "--out", &text(&out.path().join("r"))])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        let ended = crate::support::Ended::from(child.wait_with_output().unwrap()).expect(0);
        assert_eq!(ended.json()["accepted"], expected["accepted"]);
        // Standard input is kept, so that exports can pair the feedback with its dialogue.
        rejoinder(&["export", "kto", &text(&out.path().join("r"))]).expect(0);
    }
}

#[test]
fn openai_messages_are_read_with_parts_tools_and_no_id() {
    let (summary, _out) = run_json(&[MESSAGES], &[]);
    assert_eq!((figure(&summary, "conversations"), figure(&summary, "quarantined")), (12, 0));
    assert_funnel_adds_up(&summary);
}

#[test]
fn a_mapping_reads_other_shapes_from_flags_and_from_the_config() {
    let dir = folder();
    let record = json!({"key": 5, "history": [
        {"speaker": "customer", "text": "sort this"}, {"speaker": "agent", "text": "done"}, {"speaker": "customer", "text": "thank you so much!"}]});
    let input = write(dir.path(), "in.jsonl", format!("{record}\n"));
    let flags = [
        "--map",
        "id=key",
        "--map",
        "messages=history",
        "--map",
        "role=speaker",
        "--map",
        "content=text",
        "--map",
        "roles.customer=user",
        "--map",
        "roles.agent=assistant",
    ];
    let (by_flags, _a) = run_json(&[&input], &flags);
    let config = write(
        dir.path(),
        "c.toml",
        "format = 1\n[input]\nmap = { id = \"key\", messages = \"history\", role = \"speaker\", content = \"text\", roles = { customer = \"user\", agent = \"assistant\" } }\n[[plugin]]\nname = \"rephrase\"\n",
    );
    let (by_config, _b) = run_json(&[&input], &["--config", &config]);
    for summary in [by_flags, by_config] {
        assert_eq!((figure(&summary, "turns"), figure(&summary, "quarantined")), (1, 0), "{summary}");
    }
    rejoinder(&["run", &input, "--map", "speaker=role"]).expect(2);
    rejoinder(&["run", &input, "--map", "roles.customer=client"]).expect(2);
}

#[test]
fn bad_records_are_quarantined_with_line_and_reason_and_the_rest_is_kept() {
    let dir = folder();
    let good = json!({"conversation": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "thanks!"}]});
    let mut content = format!("{good}\n").into_bytes();
    let lines: [&[u8]; 8] = [
        br#"{"conversation":[{"role":"user","content":"cut"#,
        br#"{"conversation":{"role":"user"}}"#,
        br#"{"conversation":[{"role":"assistant","content":"only"}]}"#,
        b"not json at all",
        // One odd token costs no record.
        b"{\"conversation\":[{\"role\":\"user\",\"content\":\"n\0l\"}]}",
        br#"{"conversation":[{"role":"user","content":"\u0000"}]}"#,
        br#"{"conversation":[{"role":"user","content":"\ud83d"}]}"#,
        b"{\"conversation\":[{\"role\":\"user\",\"content\":\"\xff\"}]}",
    ];
    for line in lines {
        content.extend_from_slice(line);
        content.push(b'\n');
    }
    let huge = json!({"conversation": [{"role": "user", "content": "x".repeat(50 << 20)}]});
    content.extend(format!("{huge}\n\n{good}").bytes());
    let input = write(dir.path(), "in.jsonl", content);
    let (summary, out) = run_json(&[&input], &[]);
    assert_eq!((figure(&summary, "conversations"), figure(&summary, "quarantined")), (6, 5), "{summary}");
    assert_eq!(figure(&summary, "mended"), 2, "{summary}");
    let rows = rows(&out.path().join("run/quarantine/part-00000.jsonl"));
    let lines: Vec<u64> = rows.iter().map(|r| r["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [1, 2, 3, 4, 9]);
    for (row, expected) in
        rows.iter().zip(["EOF", "list of messages", "no user message", "expected", "more than the limit"])
    {
        let reason = row["reason"].as_str().unwrap();
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(row["file"], input);
    }
    let strict = text(&out.path().join("strict"));
    let ended = rejoinder(&["run", &input, "--strict", "--out", &strict]).expect(6);
    assert!(ended.stderr.contains("5 records were quarantined"), "{}", ended.stderr);
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let dir = folder();
    let input = dir.path().join("corpus.jsonl");
    corpus::write(&mut std::fs::File::create(&input).unwrap(), 6_000, 3, corpus::Style::default()).unwrap();
    let config =
        write(dir.path(), "c.toml", "format = 1\n[output]\npart-mib = 2\n[[plugin]]\nname = \"rephrase\"\n");
    let mut outputs = ["1", "2", "7"].map(|threads| {
        let out = dir.path().join(format!("t{threads}"));
        rejoinder(&["run", &text(&input), "--config", &config, "--threads", threads, "--out", &text(&out)])
            .expect(0);
        output_files(&out)
    });
    assert!(outputs[0].len() > 6, "several parts: {}", outputs[0].len());
    let first = std::mem::take(&mut outputs[0]);
    for other in &outputs[1..] {
        assert!(first == *other, "output depends on the number of threads");
    }
}

#[test]
fn short_conversations_can_be_left_out_as_the_paper_does() {
    let (all, _a) = run_json(&[DIALOGUES], &[]);
    let (paper, _b) = run_json(&[DIALOGUES], &["--min-messages", "4"]);
    assert_eq!(figure(&all, "conversations"), figure(&paper, "conversations") + figure(&paper, "too_short"));
    assert!(figure(&paper, "too_short") > 0);
}

#[test]
fn wrong_use_is_told_with_exit_code_2() {
    let dir = folder();
    let file = write(dir.path(), "file", "x");
    let out = text(&dir.path().join("o"));
    assert!(rejoinder(&["run", "no/such/file.jsonl"]).expect(2).stderr.contains("no input at"));
    assert!(rejoinder(&["run", DIALOGUES, "--out", &file]).expect(2).stderr.contains("is a file"));
    assert!(
        rejoinder(&["run", DIALOGUES, "--out", &text(dir.path())])
            .expect(2)
            .stderr
            .contains("holds something already")
    );
    assert!(rejoinder(&["run", "-", DIALOGUES, "--out", &out]).expect(2).stderr.contains("cannot be mixed"));
    rejoinder(&["run"]).expect(2);
    rejoinder(&["run", DIALOGUES, "--frobnicate"]).expect(2);
    assert!(rejoinder(&["show", &text(dir.path())]).expect(2).stderr.contains("is no run directory"));
}

#[test]
fn config_errors_name_file_line_and_column() {
    let dir = folder();
    for (toml, expected) in [
        ("format = 1\n[judge]\nmodle = \"x\"\n", "c.toml:3:1"),
        ("format = 2\n", "c.toml:1:1"),
        ("format = 1\n[judge]\nbase-url = \"ftp://x\"\n", "c.toml:3:1"),
        ("format = 1\n[[plugin]]\nisolation = \"prison\"\nname = \"rephrase\"\n", "c.toml:3:13"),
        ("format = 1\n[rules\n", "c.toml:2:"),
    ] {
        let config = write(dir.path(), "c.toml", toml);
        let ended = rejoinder(&["run", DIALOGUES, "--config", &config]).expect(7);
        assert!(ended.stderr.contains(expected), "{toml}\n{}", ended.stderr);
    }
    let config = write(dir.path(), "c.toml", "format = 1\n[rules]\ndisable = [\"en.no.such.rule\"]\n");
    assert!(rejoinder(&["run", DIALOGUES, "--config", &config]).expect(7).stderr.contains("en.no.such.rule"));
    let config = write(dir.path(), "c.toml", "format = 1\n[rules]\npacks = [\"eng\"]\n");
    assert!(
        rejoinder(&["run", DIALOGUES, "--config", &config]).expect(7).stderr.contains("did you mean `en`?")
    );
}

#[test]
fn a_closed_pipe_is_success() {
    let out = folder();
    let run = text(&out.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--out", &run]).expect(0);
    let mut child = command(&["show", &run, "--sample", "10000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = crate::support::Ended::from(child.wait_with_output().unwrap()).expect(0);
    assert_eq!(ended.stderr, "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--out", &run]).expect(0);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended: crate::support::Ended = command(&["show", &run]).stdout(full).output().unwrap().into();
    assert_eq!(ended.code, 8);
    assert!(ended.stderr.contains("No space left"), "{}", ended.stderr);
}
