//! Plugins in Python as authors and operators see them: begun from the template, checked, measured, listed, and run.

use std::path::Path;

use serde_json::Value;

use crate::support::{DIALOGUES, figure, folder, output_of_any_library, rejoinder, rows, text, write};

/// A file that keeps all rules, but for what `body` does.
fn file(dir: &Path, body: &str) -> String {
    write(
        dir,
        "praise.py",
        format!(
            "NAME = \"praise\"\nREASONS = [\"praise\"]\nCONFIG_SCHEMA = {{\"additionalProperties\": False}}\n{body}"
        ),
    )
}

/// The failed checks of a file, with their messages.
fn failed(file: &str, more: &[&str]) -> Vec<(String, String)> {
    let report = rejoinder(&[&["plugin", "check", file, "--json"], more].concat()).json();
    let failed = report["checks"].as_array().unwrap().iter().filter_map(|line| {
        Some((line["name"].as_str()?.to_owned(), line["outcome"]["failed"].as_str()?.to_owned()))
    });
    failed.collect()
}

#[test]
fn the_python_template_passes_the_kit_and_runs_and_is_explained() {
    let dir = folder();
    let made = dir.path().join("made");
    let said = rejoinder(&["plugin", "new", "py-praise", "--lang", "python", "--dir", &text(&made)])
        .expect(0)
        .stdout;
    assert!(
        said.contains("rejoinder plugin check rejoinder_plugin_py_praise.py --cases cases.toml"),
        "{said}"
    );
    let file = text(&made.join("rejoinder_plugin_py_praise.py"));
    let cases = text(&made.join("cases.toml"));
    let checked = rejoinder(&["plugin", "check", &file, "--cases", &cases]).expect(0).stdout;
    for passed in [
        "ok      its cases come out",
        "ok      states made and destroyed",
        "ok      the same batch gets the same",
    ] {
        assert!(checked.contains(passed), "{checked}");
    }
    assert!(checked.contains("checks): not for a plugin in Python: the engine's own runner"), "{checked}");

    let inspected = rejoinder(&["plugin", "inspect", &file, "--json"]).expect(0).json();
    assert_eq!(inspected["plugin"]["name"], "py-praise");
    assert_eq!(
        inspected["plugin"]["gives"],
        serde_json::json!({"votes": true, "scores": false, "facts": false})
    );
    let listed = rejoinder(&["plugin", "list", "--plugin-dir", &text(&made), "--json"]).expect(0).json();
    assert_eq!(listed["plugins"][0]["name"], "py-praise");

    let bench = rejoinder(&["plugin", "bench", &file, "--corpus", DIALOGUES, "--passes", "1", "--json"])
        .expect(0)
        .json();
    assert!(figure(&bench, "candidates") > 5 && figure(&bench, "faults") == 0, "{bench}");
    let misspelt =
        ["plugin", "bench", &file, "--corpus", DIALOGUES, "--plugin-config", "{\"word\": [\"a\"]}"];
    assert!(rejoinder(&misspelt).expect(7).stderr.contains("unknown key `word`"));

    // By its name, from a folder of plugins, and pinned.
    let pin = inspected["blake3"].as_str().unwrap();
    let config = format!(
        "format = 1\nplugin-dirs = [\"made\"]\n[[plugin]]\nname = \"py-praise\"\nblake3 = \"{pin}\"\nconfig = {{ words = [\"thanks\"] }}\n"
    );
    let config = write(dir.path(), "c.toml", config);
    let out = dir.path().join("out");
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&out)]).expect(0);
    let manifest: Value = serde_json::from_slice(&std::fs::read(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["plugins"][0]["hash"], *pin);
    let explained = rejoinder(&["explain", DIALOGUES, "--config", &config]).expect(0).stdout;
    assert!(explained.contains("compared `"), "{explained}");
}

#[test]
fn the_example_in_python_passes_the_kit_and_says_what_the_one_in_c_says() {
    let example = Path::new("plugins/examples");
    let dir = folder();
    let library = dir.path().join("librejoinder_plugin_thanks.so");
    let compiled = std::process::Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-fPIC", "-shared", "-Iplugins/abi/include", "plugins/examples/thanks-c/thanks.c", "-o"])
        .arg(&library)
        .status();
    assert!(compiled.expect("this test needs a C compiler").success());
    let python = std::path::absolute(example.join("thanks-python/rejoinder_plugin_thanks.py")).unwrap();
    let cases = text(&example.join("thanks-c/cases.toml"));
    assert_eq!(failed(&text(&python), &["--cases", &cases]), []);
    let outputs = [("c", &library), ("python", &python)].map(|(name, path)| {
        let config = format!("format = 1\n[[plugin]]\npath = '{}'\n", text(path));
        let config = write(dir.path(), &format!("{name}.toml"), config);
        let out = dir.path().join(name);
        let threads = if name == "c" { "1" } else { "3" };
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&out), "--threads", threads])
            .expect(0);
        output_of_any_library(&out)
    });
    assert!(!outputs[0].is_empty());
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn a_file_that_breaks_one_rule_fails_the_check_that_is_about_it() {
    let silent = "def classify(batch, state): pass\n";
    for (body, check, message) in [
        ("KEPT = []\ndef start(config): KEPT.append(bytearray(100))\n".to_owned() + silent, "growth", "bytes a state"),
        ("CONFIG_SCHEMA = None\n".to_owned() + silent, "bad-config", "takes keys that it does not know"),
        ("def classify(batch, state): batch.score = [2.0] * len(batch)\n".to_owned(), "answers", "it gave the score 2"),
        ("import random\ndef classify(batch, state): batch.score = [random.random() for _ in batch.texts]\n".to_owned(), "repeats", "another answer"),
        ("def classify(batch, state):\n    if len(batch) == 1: batch.score[0] = 0.5\n".to_owned(), "permutes", "another answer"),
        ("def classify(batch, state):\n    for i, t in enumerate(batch.texts): t.encode('ascii')\n".to_owned(), "scripts", "UnicodeEncodeError"),
        ("CONFIG_SCHEMA = {\"properties\": {\"a\": {\"type\": \"integer\", \"default\": \"x\"}}, \"additionalProperties\": False}\n".to_owned() + silent, "schema", "defaults"),
    ] {
        let dir = folder();
        let found = failed(&file(dir.path(), &body), &["--only", check]);
        assert_eq!(found.len(), 1, "{body}: {found:?}");
        assert!(found[0].1.contains(message), "{body}: {found:?}");
    }
}

#[test]
fn mistakes_about_a_plugin_in_python_are_shown_under_what_was_written() {
    let dir = folder();
    let path = file(dir.path(), "def classify(batch, state): pass\n");
    let broken =
        write(dir.path(), "broken.py", "NAME = \"broken\"\n\ndef classify(batch, state)\n    pass\n");
    for (toml, place, message) in [
        (format!("path = \"{path}\"\nisolation = \"none\""), ":4:1", "always has processes of its own"),
        (
            format!("path = \"{path}\"\npython = \"no-such-python\""),
            ":4:1",
            "the interpreter `no-such-python` cannot be started",
        ),
        (format!("path = \"{path}\"\nconfig = {{ word = 1 }}"), ":4:12", "unknown key `word`"),
        ("path = \"x.so\"\npython = \"python3\"".to_owned(), ":4:1", "`python` is for a plugin in Python"),
        (format!("path = \"{broken}\""), ":3:1", "broken.py line 3: SyntaxError"),
        (format!("name = \"other\"\npath = \"{path}\""), ":4:1", "the configuration calls it `other`"),
    ] {
        let config = write(dir.path(), "c.toml", format!("format = 1\n[[plugin]]\n{toml}\n"));
        let out = dir.path().join("out");
        let ended = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&out)]).expect(7);
        assert!(ended.stderr.contains(&format!("c.toml{place}\n")), "{toml}\n{}", ended.stderr);
        assert!(ended.stderr.contains(message), "{toml}\n{}", ended.stderr);
    }
}

#[test]
fn a_file_that_is_found_by_its_name_has_its_timeout_and_cannot_be_asked_into_the_process() {
    let dir = folder();
    std::fs::create_dir(dir.path().join("plugins")).unwrap();
    let body = "NAME = \"slow\"\nimport time\ndef classify(batch, state): time.sleep(60)\n";
    write(&dir.path().join("plugins"), "rejoinder_plugin_slow.py", body);
    let run = |name: &str, keys: &str| {
        let config =
            format!("format = 1\nplugin-dirs = [\"plugins\"]\n[[plugin]]\nname = \"slow\"\n{keys}\n");
        let config = write(dir.path(), &format!("{name}.toml"), config);
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&dir.path().join(name))])
    };
    let late = run("late", "timeout = \"1s\"\nmax-faults = 0").expect(8).stderr;
    assert!(late.contains("did not answer within 1s"), "{late}");
    let here = run("here", "isolation = \"none\"").expect(7).stderr;
    assert!(here.contains("always has processes of its own: leave `isolation` out"), "{here}");
}

#[test]
fn without_an_interpreter_the_message_says_what_to_do() {
    let dir = folder();
    let path = file(dir.path(), "def classify(batch, state): pass\n");
    let config = write(dir.path(), "c.toml", format!("format = 1\n[[plugin]]\npath = \"{path}\"\n"));
    let mut command = crate::support::command(&["run", DIALOGUES, "--config", &config, "--out"]);
    let ended = command
        .arg(dir.path().join("out"))
        .env("PATH", dir.path())
        .env_remove("VIRTUAL_ENV")
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(7));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(
        said.contains("there is no `python3` in $PATH: install Python, or name the interpreter by `python`"),
        "{said}"
    );
}

#[test]
fn faults_of_a_file_are_written_down_with_file_and_line() {
    let dir = folder();
    let path = file(
        dir.path(),
        "def classify(batch, state):\n    for i, turn in enumerate(batch.texts):\n        if \"thank\" in turn.lower():\n            int(turn)\n",
    );
    let config = write(
        dir.path(),
        "c.toml",
        format!("format = 1\n[[plugin]]\npath = \"{path}\"\nmax-faults = 1000\n"),
    );
    let out = dir.path().join("out");
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&out)]).expect(0);
    let faults = rows(&out.join("faults.jsonl"));
    assert!(!faults.is_empty());
    for fault in &faults {
        let message = fault["message"].as_str().unwrap();
        assert!(
            message.starts_with("`classify` failed, praise.py line 7: ValueError: invalid literal"),
            "{message}"
        );
    }
}

#[test]
fn no_interpreter_outlives_a_run_that_is_killed_whatever_it_is_doing() {
    // The last one keeps all threads of its interpreter waiting.
    for hang in ["time.sleep(600)", "while True: pass", "re.match('(a+)+$', 'a' * 50 + 'b')"] {
        let dir = folder();
        let path = file(
            dir.path(),
            &format!(
                "import os, re, signal, subprocess, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nCONFIG_SCHEMA = None\n\
                 def classify(batch, state):\n    started = subprocess.Popen([\"sleep\", \"600\"]).pid\n    \
                 open(state[\"pid\"] + \"-new\", \"w\").write(f\"{{os.getpid()}} {{started}}\")\n    \
                 os.replace(state[\"pid\"] + \"-new\", state[\"pid\"])\n    {hang}\n"
            ),
        );
        let told = dir.path().join("pid");
        let config =
            format!("format = 1\n[[plugin]]\npath = \"{path}\"\nconfig = {{ pid = \"{}\" }}\n", text(&told));
        let config = write(dir.path(), "c.toml", config);
        let out = text(&dir.path().join("out"));
        let args = ["--quiet", "run", DIALOGUES, "--config", &config, "--out", &out, "--threads", "1"];
        let mut run = crate::support::command(&args).spawn().unwrap();
        until(|| told.is_file());
        let pids = std::fs::read_to_string(&told).unwrap();
        run.kill().unwrap();
        run.wait().unwrap();
        let lives = |pid: &str| {
            std::process::Command::new("kill").args(["-0", pid]).output().unwrap().status.success()
        };
        until(|| !pids.split(' ').any(lives));
    }
}

/// Waits for what happens within seconds.
fn until(happened: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !happened() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
