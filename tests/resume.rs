//! Kill −9 anywhere, resume: the same bytes. Whatever the output depends on must not have changed.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

mod support;
use support::{DIALOGUES, command, folder, output_files, rejoinder, text, write};

#[path = "../benches/corpus.rs"]
mod corpus;

const CONFIG: &str = "format = 1\n[output]\npart-mib = 1\n[[plugin]]\nname = \"rephrase\"\n";

fn corpus_file(folder: &Path) -> String {
    let mut content = Vec::new();
    corpus::write(&mut content, 12_000, 11, corpus::Style::default()).unwrap();
    // A quarantined record in the middle must survive a kill as well.
    let middle =
        content.iter().skip(content.len() / 2).position(|&b| b == b'\n').unwrap() + content.len() / 2 + 1;
    content.splice(middle..middle, *b"{broken\n");
    write(folder, "corpus.jsonl", content)
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let dir = folder();
    let input = corpus_file(dir.path());
    let config = write(dir.path(), "c.toml", CONFIG);
    let whole = dir.path().join("whole");
    let begun = std::time::Instant::now();
    rejoinder(&["run", &input, "--config", &config, "--out", &text(&whole)]).expect(0);
    let whole_time = begun.elapsed();
    let expected = output_files(&whole);
    let mut interrupted = 0;
    for attempt in 0..8_u32 {
        let run = dir.path().join(format!("killed{attempt}"));
        let mut child = command(&["run", &input, "--config", &config, "--out", &text(&run)])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole_time.mul_f64(f64::from(attempt + 1) / 9.0).max(Duration::from_millis(5)));
        child.kill().unwrap();
        child.wait().unwrap();
        if !run.join("manifest.json").exists() {
            // Killed before there was a run: begin anew.
            continue;
        }
        let done = output_files(&run);
        interrupted += u32::from(done.len() < expected.len());
        rejoinder(&["resume", &text(&run)]).expect(0);
        assert!(output_files(&run) == expected, "attempt {attempt} differs");
        // Resuming a finished run changes nothing.
        rejoinder(&["resume", &text(&run)]).expect(0);
        assert!(output_files(&run) == expected);
    }
    assert!(interrupted > 0, "no kill came in the middle of a scan");
}

#[test]
fn files_of_an_uncommitted_part_are_replaced() {
    let dir = folder();
    let input = corpus_file(dir.path());
    let config = write(dir.path(), "c.toml", CONFIG);
    let whole = dir.path().join("whole");
    rejoinder(&["run", &input, "--config", &config, "--out", &text(&whole)]).expect(0);
    let expected = output_files(&whole);
    // As if killed after the last part's first file was written and before the part was committed.
    let ledger = rusqlite::Connection::open(whole.join("ledger.sqlite")).unwrap();
    ledger.execute("DELETE FROM parts WHERE idx = (SELECT MAX(idx) FROM parts)", ()).unwrap();
    ledger.execute("DELETE FROM facts WHERE name = 'scan'", ()).unwrap();
    drop(ledger);
    let last = expected.iter().rfind(|(p, _)| p.starts_with("parts")).unwrap();
    std::fs::write(whole.join(&last.0), "{\"half a row").unwrap();
    std::fs::write(whole.join("parts/part-00099.jsonl.tmp"), "left behind").unwrap();
    rejoinder(&["resume", &text(&whole)]).expect(0);
    assert!(output_files(&whole) == expected);
}

#[test]
fn a_changed_input_rule_or_manifest_is_refused_with_what_changed() {
    let dir = folder();
    let input = write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    let rules = write(dir.path(), "mine.toml", std::fs::read("rules/en.toml").unwrap());
    let config = write(dir.path(), "c.toml", format!("format = 1\n[rules]\npacks = [{rules:?}]\n"));
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", &input, "--config", &config, "--out", &run]).expect(0);
    let ledger = rusqlite::Connection::open(dir.path().join("run/ledger.sqlite")).unwrap();
    ledger.execute("DELETE FROM facts WHERE name = 'scan'", ()).unwrap();
    drop(ledger);

    std::fs::write(&rules, std::fs::read_to_string("rules/en.toml").unwrap() + "\n# another remark\n")
        .unwrap();
    let refused = rejoinder(&["resume", &run]).expect(7);
    assert!(refused.stderr.contains("mine.toml: was"), "{}", refused.stderr);
    std::fs::write(&rules, std::fs::read("rules/en.toml").unwrap()).unwrap();

    let content = std::fs::read(DIALOGUES).unwrap();
    std::fs::write(&input, &content[1..]).unwrap();
    let refused = rejoinder(&["resume", &run]).expect(7);
    assert!(refused.stderr.contains("in.jsonl: was"), "{}", refused.stderr);
    std::fs::write(&input, &content).unwrap();
    rejoinder(&["resume", &run]).expect(0);
}
