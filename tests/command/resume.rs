//! Kill −9 anywhere, resume: the same bytes. Whatever the output depends on must not have changed.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::corpus;
use crate::support::{DIALOGUES, command, folder, output_files, random, rejoinder, text, write};

const CONFIG: &str = "format = 1\n[output]\npart-mib = 1\n[[plugin]]\nname = \"rephrase\"\n";

fn corpus_file(folder: &Path) -> String {
    let mut content = Vec::new();
    corpus::write(&mut content, 2_000, 11, corpus::Style::default()).unwrap();
    // A quarantined record in the middle must survive a kill as well.
    let middle =
        content.iter().skip(content.len() / 2).position(|&b| b == b'\n').unwrap() + content.len() / 2 + 1;
    content.splice(middle..middle, *b"{broken\n");
    write(folder, "corpus.jsonl", content)
}

/// Twenty kills at random moments, of runs and of the resumes that follow, until each run is whole.
#[test]
fn a_run_killed_twenty_times_resumes_to_the_same_bytes() {
    let mut random = random();
    let dir = folder();
    let input = corpus_file(dir.path());
    let config = write(dir.path(), "c.toml", CONFIG);
    let whole = dir.path().join("whole");
    let begun = std::time::Instant::now();
    rejoinder(&["run", &input, "--config", &config, "--out", &text(&whole)]).expect(0);
    let whole_time = begun.elapsed();
    let expected = output_files(&whole);
    let (mut kills, mut in_the_middle, mut number) = (0, 0, 0);
    let mut run = dir.path().join("run0");
    while kills < 20 {
        let out = text(&run);
        let args = match run.join("manifest.json").exists() {
            true => vec!["resume", &out],
            false => {
                // Killed before there was a run: what lies there is none.
                let _ = std::fs::remove_dir_all(&run);
                vec!["run", &input, "--config", &config, "--out", &out]
            }
        };
        let mut child = command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        match kills % 2 {
            0 => std::thread::sleep(whole_time.mul_f64(random.f64())),
            // However busy the machine is: as soon as something is written.
            _ => {
                let is_written =
                    || std::fs::read_dir(run.join("spool")).is_ok_and(|mut files| files.next().is_some());
                while !is_written() && child.try_wait().unwrap().is_none() {
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
            }
        }
        child.kill().unwrap();
        let ended = child.wait_with_output().unwrap();
        if ended.status.code().is_none() {
            kills += 1;
            let done = output_files(&run);
            in_the_middle += u32::from(!done.is_empty() && done.len() < expected.len());
            continue;
        }
        // It was faster than the kill.
        assert!(ended.status.success(), "kill {kills}: {}", String::from_utf8_lossy(&ended.stderr));
        assert!(output_files(&run) == expected, "differs after {kills} kills");
        number += 1;
        run = dir.path().join(format!("run{number}"));
    }
    if run.join("manifest.json").exists() {
        rejoinder(&["resume", &text(&run)]).expect(0);
        assert!(output_files(&run) == expected, "differs after {kills} kills");
        // Resuming a finished run changes nothing.
        rejoinder(&["resume", &text(&run)]).expect(0);
        assert!(output_files(&run) == expected);
    }
    assert!(in_the_middle > 0, "no kill came in the middle of a scan");
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
    let config =
        write(dir.path(), "c.toml", format!("format = 1\nplugin = []\n[rules]\npacks = [{rules:?}]\n"));
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

    let manifest = dir.path().join("run/manifest.json");
    let written = std::fs::read_to_string(&manifest).unwrap();
    let version = format!("\"engine\": \"{}\"", env!("CARGO_PKG_VERSION"));
    std::fs::write(&manifest, written.replace(&version, "\"engine\": \"0.0.1\"")).unwrap();
    let refused = rejoinder(&["resume", &run]).expect(7);
    assert!(refused.stderr.contains("engine: was 0.0.1, is"), "{}", refused.stderr);
    std::fs::write(&manifest, written).unwrap();
    rejoinder(&["resume", &run]).expect(0);
}

#[test]
fn a_config_that_decides_otherwise_is_refused_with_its_keys_while_judge_and_budget_may_change() {
    let dir = folder();
    let base = "format = 1\n[[plugin]]\nname = \"rephrase\"\n";
    let config = write(dir.path(), "c.toml", base);
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run]).expect(0);
    for (more, expected) in [
        ("[input]\nmin-messages = 4\n", "input.min-messages: was 0, is 4"),
        ("[rules]\ndisable = [\"en.x\"]\n", "rules.disable: was [], is [\"en.x\"]"),
        ("[[plugin]]\nname = \"other\"\n", "plugin[1].name: was \"scorer\", is \"other\""),
        ("[cascade]\nscore = false\n", "cascade.score: was true, is false"),
        ("[output]\npart-mib = 2\n", "output.part-mib: was 64, is 2"),
        ("[judge]\nunit = \"conversation\"\n", "judge.unit: was \"turn\", is \"conversation\""),
    ] {
        let changed = write(dir.path(), "changed.toml", format!("{base}{more}"));
        let refused = rejoinder(&["resume", &run, "--config", &changed]).expect(7);
        assert!(refused.stderr.contains(expected), "{expected}\n{}", refused.stderr);
    }
    let allowed = "[judge]\nmodel = \"another\"\nmax-in-flight = 2\n[budget]\ncalls = 9\n";
    let allowed = write(dir.path(), "allowed.toml", format!("{base}{allowed}"));
    rejoinder(&["resume", &run, "--config", &allowed, "--threads", "1"]).expect(0);
    let manifest = std::fs::read_to_string(dir.path().join("run/manifest.json")).unwrap();
    assert!(manifest.contains("\"another\""), "the latest judge is kept");
}

#[test]
fn a_run_from_before_plugins_were_asked_by_config_goes_on_and_its_config_has_the_same_hash() {
    let dir = folder();
    let toml = "format = 1\n[[plugin]]\nname = \"rephrase\"\n[[plugin]]\nname = \"context\"\n[cascade]\nscore = false\n";
    let config = write(dir.path(), "c.toml", toml);
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run]).expect(0);
    let finished = output_files(Path::new(&run));
    let ledger = rusqlite::Connection::open(dir.path().join("run/ledger.sqlite")).unwrap();
    ledger.execute("DELETE FROM facts WHERE name = 'scan'", ()).unwrap();
    drop(ledger);
    // The manifest as such a run has written it: no `candidates` and no `python`, and a plugin's isolation always said.
    let old = std::fs::read_to_string("tests/data/config_before_1_0.json").unwrap();
    let file = dir.path().join("run/manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    manifest["config"] = serde_json::from_str(&old).unwrap();
    std::fs::write(&file, manifest.to_string()).unwrap();

    let read = rejoinder_run::RunDir::open(Path::new(&run)).unwrap();
    assert_eq!(read.manifest.config_hash(), blake3::hash(old.trim_end().as_bytes()).to_hex().to_string());
    drop(read);
    rejoinder(&["resume", &run, "--config", &config]).expect(0);
    assert!(output_files(Path::new(&run)) == finished);
    rejoinder(&["resume", &run]).expect(0);
}
