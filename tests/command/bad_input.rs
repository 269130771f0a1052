//! Bad input of every kind: each is told in words that say what to do, and nothing good is lost.
//!
//! Full disks, closed pipes and limits are in `exit_codes.rs`; truncated, mistyped and oversized records also in `run.rs`.

use std::io::{Seek as _, Write as _};
use std::path::Path;

use serde_json::json;

use crate::support::{DIALOGUES, Ended, command, figure, folder, rejoinder, rows, text, write};

/// A conversation with one later turn.
fn good() -> String {
    json!({"conversation": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "thanks!"}]})
        .to_string()
}

#[test]
fn each_bad_record_has_its_reason_and_its_good_neighbours_are_kept() {
    let cases: [(&str, &str); 17] = [
        (r#"{"messages":[{"role":"user","content":"cut"#, "EOF"),
        (r#"{"messages":[{"role":"user","content":"a"}]"#, "EOF"),
        (r#"{"messages":[{"role":"user","content":"a"}]} {"messages":[]}"#, "trailing characters"),
        (r#"{'messages':[]}"#, "no user message"),
        (r#"{'messages':[}"#, "key must be a string"),
        (r#"{"messages":[{"content":"a"}]}"#, "a message without `role`"),
        (r#"{"messages":[{"role":"user"}]}"#, "a message without `content`"),
        (r#"{"messages":[{"role":null,"content":"a"}]}"#, "a message without `role`"),
        (r#"{"messages":[{"role":7,"content":"a"}]}"#, "a message without `role`"),
        (r#"{"messages":[{"role":"alien","content":"a"}]}"#, "unknown role `alien`"),
        (r#"{"messages":"hello"}"#, "a list of messages"),
        (r#"{"messages":[["a"]]}"#, "a list in the place of a message"),
        (r#"{"messages":[]}"#, "no user message"),
        (r#"{"messages":[{"role":"assistant","content":"a"}]}"#, "no user message"),
        (r#"{"text":"a"}"#, "no list of messages in the record; it has the keys `text`"),
        (r#"[{"messages":[]}]"#, "a message without `role`; it has the keys `messages`"),
        (r#"null"#, "no JSON object"),
    ];
    let dir = folder();
    let content: String = cases.iter().map(|(bad, _)| format!("{}\n{bad}\n", good())).collect();
    let input = write(dir.path(), "in.jsonl", content);
    let run = dir.path().join("run");
    let summary = rejoinder(&["run", &input, "--json", "--out", &text(&run)]).expect(0).json();
    let count = cases.len() as u64;
    assert_eq!((figure(&summary, "conversations"), figure(&summary, "quarantined")), (count, count));
    assert_eq!(figure(&summary["accepted"], "UR5"), count, "every good neighbour gives its feedback");
    for (row, (number, (bad, expected))) in
        rows(&run.join("quarantine/part-00000.jsonl")).iter().zip((0..).zip(cases))
    {
        assert_eq!(row["line"], 2 * number + 1, "{bad}");
        assert!(row["reason"].as_str().unwrap().contains(expected), "{bad}: {row}");
    }
}

#[test]
fn empty_turns_files_and_lines_are_no_error() {
    let dir = folder();
    let empty = json!({"messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": "b"},
        {"role": "user", "content": " \t\n"}, {"role": "assistant", "content": null}, {"role": "user", "content": []}]});
    let input = write(dir.path(), "in.jsonl", format!("\u{feff}{empty}\r\n\r\n\n{}", good()));
    write(dir.path(), "nothing.jsonl", "");
    let run = text(&dir.path().join("run"));
    let nothing = text(&dir.path().join("nothing.jsonl"));
    let summary = rejoinder(&["run", &input, &nothing, "--json", "--out", &run]).expect(0).json();
    assert_eq!((figure(&summary, "conversations"), figure(&summary, "quarantined")), (2, 0), "{summary}");
    assert_eq!((figure(&summary, "turns"), figure(&summary, "rejected")), (3, 2), "{summary}");
}

#[test]
fn what_stands_before_the_damage_in_a_compressed_file_is_kept_and_so_are_the_next_files() {
    let dir = folder();
    let content = std::fs::read(DIALOGUES).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&content).unwrap();
    let (gz, zst) = (gz.finish().unwrap(), zstd::encode_all(&content[..], 3).unwrap());
    let next = write(dir.path(), "next.jsonl", good());
    for (name, whole, kept) in [("cut.jsonl.gz", gz, 10), ("cut.jsonl.zst", zst, 0)] {
        let cut = write(dir.path(), name, &whole[..whole.len() / 2]);
        let run = dir.path().join(format!("run-{name}"));
        let summary = rejoinder(&["run", &cut, &next, "--json", "--out", &text(&run)]).expect(0).json();
        assert!(figure(&summary, "conversations") > kept, "{name}: {summary}");
        let lost = &rows(&run.join("quarantine/part-00000.jsonl"))[0];
        let reason = lost["reason"].as_str().unwrap();
        assert!(reason.contains("the rest of this file cannot be read"), "{reason}");
        rejoinder(&["run", &cut, "--strict", "--out", &text(&dir.path().join(format!("s-{name}")))])
            .expect(6);
    }
}

#[test]
fn unknown_compressions_and_broken_archives_are_named_before_anything_is_made() {
    let dir = folder();
    for (head, said) in [
        (&b"\xFD7zXZ\0rest"[..], "is a xz file"),
        (b"BZh91AY", "is a bzip2 file"),
        (b"PK\x03\x04", "invalid Zip archive"),
        (b"PAR1....", "no whole Parquet file"),
    ] {
        let input = write(dir.path(), "in.jsonl", head);
        let out = dir.path().join("out");
        let ended = rejoinder(&["run", &input, "--out", &text(&out)]).expect(8);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert!(!out.exists());
    }
}

#[cfg(unix)]
mod unreadable {
    use std::os::unix::fs::symlink;

    use super::*;

    fn refused(input: &str, out: &Path, code: i32, expected: &str) {
        let ended = rejoinder(&["run", input, "--out", &text(out)]).expect(code);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
        assert!(!out.exists(), "nothing is begun");
    }

    #[test]
    fn a_link_to_nowhere_is_named_and_never_passed_over() {
        let dir = folder();
        let input = dir.path().join("in");
        std::fs::create_dir(&input).unwrap();
        write(&input, "a.jsonl", good());
        symlink("nowhere", input.join("b.jsonl")).unwrap();
        let out = dir.path().join("out");
        let glob = format!("{}/*.jsonl", text(&input));
        for name in [text(&input), glob, text(&input.join("b.jsonl"))] {
            refused(&name, &out, 8, "b.jsonl: No such file");
        }
    }

    #[test]
    fn a_pipe_is_sent_to_standard_input() {
        let dir = folder();
        let pipe = text(&dir.path().join("pipe"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        refused(&pipe, &dir.path().join("out"), 2, "send it to standard input");
        refused("/dev/null", &dir.path().join("out"), 2, "send it to standard input");
    }

    #[test]
    fn a_file_without_permission_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let dir = folder();
        let input = write(dir.path(), "in.jsonl", good());
        std::fs::set_permissions(&input, std::fs::Permissions::from_mode(0o000)).unwrap();
        if std::fs::read(&input).is_ok() {
            // Root reads everything; a link to a file of an unreadable kind shows the same path.
            std::fs::remove_file(&input).unwrap();
            symlink("in.jsonl", &input).unwrap();
            return refused(&input, &dir.path().join("out"), 8, "cannot read");
        }
        refused(&input, &dir.path().join("out"), 8, "Permission denied");
    }

    #[test]
    fn exporting_to_a_device_writes_to_it_and_does_not_replace_it() {
        let dir = folder();
        let run = text(&dir.path().join("run"));
        rejoinder(&["run", DIALOGUES, "--out", &run]).expect(0);
        let pipe = text(&dir.path().join("pipe"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reading = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        rejoinder(&["export", "table", &run, "--out", &pipe]).expect(0);
        assert!(std::fs::metadata(&pipe).is_ok_and(|m| !m.is_file()), "the pipe is still one");
        let expected = rejoinder(&["export", "table", &run, "--out", "-"]).expect(0).stdout;
        assert_eq!(reading.join().unwrap(), expected);
    }
}

#[test]
fn an_output_path_that_cannot_be_is_refused_and_the_run_can_be_had_elsewhere() {
    let dir = folder();
    let file = write(dir.path(), "file", "precious");
    assert!(
        rejoinder(&["run", DIALOGUES, "--out", &file]).expect(2).stderr.contains("is a file; name a folder")
    );
    let below = text(&Path::new(&file).join("run"));
    assert!(rejoinder(&["run", DIALOGUES, "--out", &below]).expect(8).stderr.contains("cannot make"));
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--out", &run]).expect(0);
    for out in [below, text(dir.path())] {
        let ended = rejoinder(&["export", "kto", &run, "--out", &out]).expect(8);
        assert!(ended.stderr.contains(&format!("cannot write {out}")), "{}", ended.stderr);
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), "precious");
}

#[test]
fn standard_input_that_is_bad_is_treated_like_a_file() {
    let dir = folder();
    let run = dir.path().join("run");
    let input = std::fs::File::open(write(dir.path(), "in", format!("{{broken\n{}\n", good()))).unwrap();
    let args = ["run", "-", "--json", "--out", &text(&run)];
    let ended: Ended = command(&args).stdin(input).output().unwrap().into();
    let summary = ended.expect(0).json();
    assert_eq!((figure(&summary, "conversations"), figure(&summary, "quarantined")), (1, 1));
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_kernel_says_is_no_file_of_chats() {
    let dir = folder();
    let link = dir.path().join("log.jsonl");
    std::os::unix::fs::symlink("/proc/kmsg", &link).expect("a link can be made");
    for input in ["/proc/kmsg", "/proc/self/status", &text(&link)] {
        let ended = rejoinder(&["run", input, "--out", &text(&dir.path().join("run"))]).expect(2);
        assert!(ended.stderr.contains("no regular file"), "{input}: {}", ended.stderr);
    }
}

/// Files that end before they should, each with its name.
fn cut_files() -> Vec<(&'static str, Vec<u8>)> {
    let record = r#"{"conversation":[{"role":"user","content":"hi"},{"role":"assistant","content":"a"},{"role":"user","content":"thanks"}]}"#;
    let lines = format!("{record}\n").repeat(300).into_bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&lines).expect("memory takes it");
    let gzip = gzip.finish().expect("memory takes it");
    let zstd = zstd::encode_all(&lines[..], 3).expect("memory takes it");
    let csv = "conversation_id,user,assistant\nc1,hi,hello\nc2,\"how are you,fine\nc3,well,good\n";
    vec![
        ("between-records.json", format!("[{record}, {record}, ").into_bytes()),
        ("behind-a-record.json", format!("[{record}, {record}").into_bytes()),
        ("in-a-record.json", format!("[{record}, {}", &record[..40]).into_bytes()),
        ("one-bracket.json", b"[".to_vec()),
        ("brackets.json", b"[".repeat(1_000_000)),
        ("more-behind.json", format!("[{record}] and so on").into_bytes()),
        ("wrapped.json", format!("{{\"data\": [{record}, {record}").into_bytes()),
        ("wrapper.json", format!("{{\"data\": [{record}, {record}]").into_bytes()),
        ("last-line.jsonl", format!("{record}\n{}", &record[..50]).into_bytes()),
        ("lines.jsonl.gz", gzip[..gzip.len() - 12].to_vec()),
        ("lines.jsonl.zst", zstd[..zstd.len() - 3].to_vec()),
        ("quote.csv", csv.as_bytes().to_vec()),
    ]
}

#[test]
fn a_file_that_is_cut_is_said_to_be_cut_and_fails_a_strict_run() {
    let dir = folder();
    for (name, content) in cut_files() {
        let input = write(dir.path(), name, content);
        let out = text(&dir.path().join(format!("{name}-run")));
        let ended = rejoinder(&["run", &input, "--out", &out, "--offline", "--strict", "--json"]);
        assert!(
            matches!(ended.code, 6 | 8),
            "{name}: exit {}: {}\n{}",
            ended.code,
            ended.stderr,
            ended.stdout
        );
        let mut said = ended.stderr.clone();
        if let Ok(rows) = std::fs::read_to_string(Path::new(&out).join("quarantine/part-00000.jsonl")) {
            said += &rows;
        }
        let words = [
            "cut",
            "behind the end",
            "end of file",
            "unexpected end",
            "incomplete",
            "not closed",
            "EOF",
            "expected value",
        ];
        assert!(words.iter().any(|word| said.contains(word)), "{name}: {said}");
    }
}

#[test]
fn damaged_parquet_is_told_in_a_sentence_and_not_as_a_panic() {
    for n in 0..3 {
        let dir = folder();
        let input = format!("tests/data/damaged/{n}.parquet");
        let out = dir.path().join("run");
        let mut run = command(&["run", &input, "--out", &text(&out), "--offline", "-q"]);
        let ended = Ended::from(run.env("RUST_BACKTRACE", "1").output().expect("it starts"));
        assert!(
            !ended.stderr.contains("panicked") && !ended.stderr.contains("backtrace"),
            "{}",
            ended.stderr
        );
        let told = std::fs::read_to_string(out.join("quarantine/part-00000.jsonl")).unwrap_or(ended.stderr);
        let words = ["the file is damaged", "no column `conversation` or `messages`"];
        assert!(words.iter().any(|words| told.contains(words)), "{n}: {told}");
        assert!(matches!(ended.code, 0 | 8 | 9), "{n}: exit {}", ended.code);
    }
}

#[test]
fn a_flood_of_bad_records_is_counted_and_costs_neither_memory_nor_disk() {
    let dir = folder();
    let flood: usize = 1 << 18;
    let input = write(dir.path(), "flood.jsonl", "{}\n".repeat(flood) + &good() + "\n");
    let out = dir.path().join("run");
    let ended = rejoinder(&["run", &input, "--out", &text(&out), "--offline", "--json"]).expect(0);
    let summary = ended.json();
    assert_eq!((figure(&summary, "quarantined"), figure(&summary, "conversations")), (flood as u64, 1));
    let kept = rows(&out.join("quarantine/part-00000.jsonl"));
    assert!(kept.len() < 4_000, "{} rows", kept.len());
    let listed = kept.iter().filter(|row| row["bytes"] != 0).count() as u64;
    let more = kept.iter().filter_map(|row| {
        row["reason"].as_str()?.strip_prefix("and ")?.split(' ').next()?.parse::<u64>().ok()
    });
    assert_eq!(listed + more.sum::<u64>(), flood as u64, "none is lost");
}

#[cfg(target_os = "linux")]
#[test]
fn explaining_and_importing_hold_no_more_of_a_file_than_a_record_may_have() {
    let dir = folder();
    let long = |begin: &str, end: &str| {
        let path = dir.path().join("long.json");
        let mut file = std::fs::File::create(&path).expect("the folder takes files");
        file.write_all(begin.as_bytes()).expect("it takes the beginning");
        // More than a record may have; the rest, in which nothing is looked for, is a hole in the file.
        file.write_all(&vec![b'x'; 80 << 20]).expect("it takes a piece");
        file.seek(std::io::SeekFrom::Start(320 << 20)).expect("it has a position");
        file.write_all(end.as_bytes()).expect("it takes the end");
        text(&path)
    };
    let told = |args: &[&str], why: &str| {
        let mut child = command(args).stderr(std::process::Stdio::piped()).spawn().expect("it starts");
        let status = format!("/proc/{}/status", child.id());
        let mut most = 0;
        while child.try_wait().expect("it can be waited for").is_none() {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next());
            most = peak.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(most);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert!(most < 256 << 10, "{args:?} took {most} KiB");
        let ended = Ended::from(child.wait_with_output().expect("it has ended")).expect(2);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    };
    let record = long("{\"messages\":[{\"role\":\"user\",\"content\":\"", "\"}]}\n");
    told(&["explain", &record], "max-record-bytes");
    told(&["explain", &long("U: ", "\n")], "max-record-bytes");
    let labels = text(&dir.path().join("labels.jsonl"));
    let tasks = long("[{\"data\":{\"conversation_id\":\"", "\"}}]\n");
    for program in ["argilla", "label-studio"] {
        told(&["import-labels", &tasks, "--from", program, "--out", &labels], "max-record-bytes");
    }
    let rows = long("conversation_id,feedback_turn,category\n\"", "\",1,UR1\n");
    let from_paper = ["--from", "paper", "--numbering", "paper", "--out", &labels];
    told(&[&["import-labels", &rows], &from_paper[..]].concat(), "is a quote not closed?");
}
