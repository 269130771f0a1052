//! The plugin author's first ten minutes: templates and examples build, pass their own tests and the kit, and run.

use std::collections::BTreeMap;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{DIALOGUES, figure, folder, rejoinder, text, write};

/// Where the crates of authors are built: kept, so that the second time is quick.
fn target() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_rejoinder"));
    program.ancestors().nth(2).unwrap().join("authors")
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("the program is there");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}\n{}", said(&output.stdout), said(&output.stderr));
}

/// Tests and builds a crate; returns its library.
fn cargo(dir: &Path, library: &str) -> String {
    for verb in ["test", "build"] {
        let mut cargo = Command::new(env!("CARGO"));
        // Nothing that this test run was built with may reach into the author's build.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"CARGO") && name != "CARGO_HOME" {
                cargo.env_remove(name);
            }
        }
        succeed(cargo.current_dir(dir).env("CARGO_TARGET_DIR", target()).args([
            verb,
            "--offline",
            "--quiet",
        ]));
    }
    text(&target().join("debug").join(format!("{DLL_PREFIX}{library}{DLL_SUFFIX}")))
}

/// All files of a folder by their path in it, and what they hold.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), PathBuf::from(entry.file_name()))).unwrap();
        match path.is_dir() {
            true => found.extend(files(&path).into_iter().map(|(inner, bytes)| (name.join(inner), bytes))),
            false => drop(found.insert(name, std::fs::read(path).unwrap())),
        }
    }
    found
}

/// Checks a library by the kit, and asks it about the example dialogues.
fn check_and_bench(library: &str, cases: &str) -> Value {
    let checked = rejoinder(&["plugin", "check", library, "--cases", cases, "--json"]);
    assert_eq!(checked.code, 0, "{}", checked.stdout);
    let bench = rejoinder(&["plugin", "bench", library, "--corpus", DIALOGUES, "--passes", "2", "--json"])
        .expect(0)
        .json();
    assert!(figure(&bench, "candidates") > 5, "{bench}");
    assert_eq!(figure(&bench, "faults"), 0, "{bench}");
    bench
}

#[test]
fn the_rust_template_builds_passes_its_tests_and_the_kit_and_runs() {
    let dir = folder();
    let made = dir.path().join("made");
    let said = rejoinder(&["plugin", "new", "my-praise", "--dir", &text(&made)]).expect(0).stdout;
    assert!(said.contains("cargo test"), "{said}");
    for part in ["abi", "sdk", "vocabulary"] {
        let (vendored, ours) = (made.join("vendor").join(part), Path::new("plugins").join(part));
        assert_eq!(
            files(&vendored.join("src")),
            files(&ours.join("src")),
            "{part}: another SDK than that of this engine"
        );
    }
    let library = cargo(&made, "rejoinder_plugin_my_praise");
    check_and_bench(&library, &text(&made.join("cases.toml")));

    let inspected = rejoinder(&["plugin", "inspect", &library, "--json"]).expect(0).json();
    assert_eq!(inspected["plugin"]["name"], "my-praise");
    assert_eq!(inspected["plugin"]["reasons"], serde_json::json!(["nothing but praise"]));
    let pin = inspected["blake3"].as_str().unwrap();
    let config = format!(
        "format = 1\n[[plugin]]\npath = \"{library}\"\nblake3 = \"{pin}\"\nconfig = {{ words = [\"thanks\"] }}\nisolation = \"process\"\n"
    );
    let config = write(dir.path(), "c.toml", config);
    let out = text(&dir.path().join("out"));
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &out]).expect(0);
}

#[test]
fn the_c_template_builds_and_passes_the_kit_and_runs() {
    let dir = folder();
    let made = dir.path().join("made");
    rejoinder(&["plugin", "new", "c-praise", "--lang", "c", "--dir", &text(&made)]).expect(0);
    let program = format!("REJOINDER={}", env!("CARGO_BIN_EXE_rejoinder"));
    for target in ["librejoinder_plugin_c_praise.so", "check"] {
        succeed(Command::new("make").current_dir(&made).args([target, &program]));
    }
    let library = text(&made.join("librejoinder_plugin_c_praise.so"));
    check_and_bench(&library, &text(&made.join("cases.toml")));

    let listed = rejoinder(&["plugin", "list", "--plugin-dir", &text(&made), "--json"]).expect(0).json();
    let first = &listed["plugins"][0];
    assert_eq!((first["name"].as_str(), first["wins"].as_bool()), (Some("c-praise"), Some(true)));
    assert_eq!((&first["gives"], &first["in_force"]), (&Value::Null, &Value::Null), "nobody named it");
    let builtin = listed["plugins"].as_array().unwrap().iter().filter(|p| p["origin"] == "linked in").count();
    assert!(builtin >= 2, "{listed}");

    for (config, message) in
        [("{\"words\": []}", "has fewer than 1 item"), ("{\"word\": [\"a\"]}", "unknown key `word`")]
    {
        let args = ["plugin", "bench", &library, "--corpus", DIALOGUES, "--plugin-config", config];
        let ended = rejoinder(&args).expect(7);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
    }
}

#[test]
fn every_language_begins_with_all_its_files_filled_in() {
    let dir = folder();
    for (lang, source) in
        [("rust", "src/lib.rs"), ("c", "rejoinder_plugin_a_b.c"), ("python", "rejoinder_plugin_a_b.py")]
    {
        let made = dir.path().join(lang);
        let said =
            rejoinder(&["plugin", "new", "a-b", "--lang", lang, "--dir", &text(&made)]).expect(0).stdout;
        assert!(!said.contains("{{"), "{said}");
        let files = files(&made);
        for name in [source, "cases.toml", "README.md"] {
            let content = files.get(Path::new(name)).unwrap_or_else(|| panic!("{lang}: no {name}"));
            assert!(!String::from_utf8_lossy(content).contains("{{"), "{lang}: {name}");
        }
        assert!(String::from_utf8_lossy(&files[Path::new(source)]).contains("a-b"), "{lang}");
    }
}

#[test]
fn the_list_says_what_is_in_force_and_loads_nothing_else() {
    let dir = folder();
    let made = dir.path().join("made");
    rejoinder(&["plugin", "new", "mine", "--lang", "c", "--dir", &text(&made)]).expect(0);
    succeed(Command::new("make").current_dir(&made));
    let library = made.join("librejoinder_plugin_mine.so");
    std::fs::write(made.join("librejoinder_plugin_other.so"), "").unwrap();
    // A pipe that nobody writes to must not be waited for.
    succeed(Command::new("mkfifo").arg(made.join("librejoinder_plugin_pipe.so")));
    let toml = format!(
        "format = 1\nplugin-dirs = [{:?}]\n[[plugin]]\nname = \"*\"\n[[plugin]]\nname = \"mine\"\n[[plugin]]\nname = \"gone\"\n",
        text(&made)
    );
    let config = write(dir.path(), "c.toml", toml);
    let listed = rejoinder(&["plugin", "list", "--config", &config, "--json"]).expect(0).json();
    let rows = listed["plugins"].as_array().unwrap();
    let named = |name: &str| rows.iter().find(|row| row["name"] == name && row["wins"] == true).unwrap();
    let says = |name: &str, key: &str| named(name)[key].as_str().unwrap_or_default().to_owned();
    assert_eq!(says("mine", "in_force"), format!("yes: plugin[2] ({config}:6)"));
    assert_eq!((says("mine", "gives"), says("mine", "origin")), ("votes".to_owned(), text(&library)));
    assert_eq!(says("mine", "blake3").len(), 64);
    assert_eq!(says("rephrase", "in_force"), format!("yes: plugin[0] ({config}:4)"));
    assert_eq!(says("scorer", "in_force"), "yes: the engine adds it, since a score decides");
    assert_eq!(says("scorer", "gives"), "scores");
    assert_eq!(
        (says("other", "problem"), &named("other")["in_force"]),
        ("it is empty".to_owned(), &Value::Null)
    );
    assert_eq!(says("pipe", "problem"), "it cannot be read: it is no file");
    assert!(says("gone", "problem").contains("plugin `gone` not found"), "{listed}");
    assert!(rows.iter().all(|row| row["name"] != "misfit"), "{listed}");

    let shown = rejoinder(&["plugin", "list", "--plugin-dir", &text(&made)]).expect(0).stdout;
    assert!(
        shown.contains("not loaded: name it in a config, or see `rejoinder plugin inspect FILE`"),
        "{shown}"
    );
    assert!(shown.contains("in force  yes, by default: no [[plugin]] is configured"), "{shown}");
}

#[test]
fn the_examples_build_pass_the_kit_and_run() {
    let shouting = Path::new("plugins/examples/shouting-rust");
    let library = cargo(shouting, "rejoinder_plugin_shouting");
    check_and_bench(&library, &text(&shouting.join("cases.toml")));

    let (dir, example) = (folder(), Path::new("plugins/examples/thanks-c"));
    let out = format!("OUT={}", text(dir.path()));
    let program = format!("REJOINDER={}", env!("CARGO_BIN_EXE_rejoinder"));
    let flags = "CFLAGS=-std=c11 -pedantic -Wall -Wextra -Werror -O2";
    succeed(Command::new("make").current_dir(example).args(["check", &out, &program, flags]));
    let thanks = text(&dir.path().join("librejoinder_plugin_thanks.so"));
    let bench = check_and_bench(&thanks, &text(&example.join("cases.toml")));
    let accepted = bench["verdicts"].as_array().unwrap().iter().any(|v| v["category"] == "UR5");
    assert!(accepted, "with the rules' hits it finds some: {bench}");
}

#[test]
fn a_bench_compares_verdicts_and_scores_with_labels() {
    let dir = folder();
    let library = dir.path().join("librejoinder_plugin_thanks.so");
    succeed(
        Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
            .args(["-fPIC", "-shared", "-Iplugins/abi/include", "plugins/examples/thanks-c/thanks.c", "-o"])
            .arg(&library),
    );
    // Two of three accepted turns are labelled UR5, one is labelled none; the fourth answers a question.
    let mut corpus = String::new();
    for (answer, turn, labels) in [
        ("[1, 2]", "Thanks!", r#"[{"turn": 2, "category": "UR5"}]"#),
        ("[1, 2]", "Thank you!", r#"[{"turn": 2, "category": "UR5"}]"#),
        ("[1, 2]", "Thanks", r#"[{"turn": 2, "category": "none"}]"#),
        ("Shall I go on?", "Thanks.", "[]"),
    ] {
        let messages = serde_json::json!([
            {"role": "user", "content": "sort this"},
            {"role": "assistant", "content": answer},
            {"role": "user", "content": turn},
        ]);
        let labels: Value = serde_json::from_str(labels).unwrap();
        corpus += &serde_json::json!({"conversation": messages, "labels": labels}).to_string();
        corpus.push('\n');
    }
    let corpus = write(dir.path(), "labelled.jsonl", corpus);
    let args = ["plugin", "bench", &text(&library), "--corpus", &corpus, "--labels", "--passes", "1"];
    let bench = rejoinder(&[&args[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(figure(&bench, "candidates"), 4);
    let accepted = &bench["verdicts"].as_array().unwrap().iter().find(|v| v["verdict"] == "accept").unwrap();
    for rate in [&accepted["feedback"], &accepted["right_category"]] {
        assert_eq!((figure(rate, "of"), figure(rate, "n")), (2, 3), "{bench}");
        assert!(rate["low"].as_f64().unwrap() > 0.2 && rate["high"].as_f64().unwrap() < 0.95, "{bench}");
    }
    let curve = bench["reliability"].as_array().unwrap();
    let bins: Vec<_> =
        curve.iter().map(|b| (figure(b, "labelled"), b["feedback"].as_f64().unwrap())).collect();
    assert_eq!(bins, [(1, 0.0), (3, 2.0 / 3.0)]);
    let shown = rejoinder(&args).expect(0).stdout;
    assert!(shown.contains("accept UR5            3          3  0.667 (0.208–0.939)"), "{shown}");
    // The shipped rules accept what this plugin accepts; where rules only ask, it settles three turns, and errs on one.
    let effect = &bench["effects"][0];
    assert_eq!(
        (figure(effect, "turns"), figure(effect, "waiting_without")),
        (4, figure(effect, "waiting_with"))
    );
    assert!(
        shown.contains("What it would change, with the labels in the judge's place: Beside the rules alone:"),
        "{shown}"
    );
    let config = write(
        dir.path(),
        "c.toml",
        format!("format = 1\n[rules]\npacks = [{:?}]\n", asking_about_thanks(dir.path())),
    );
    let bench = rejoinder(&[&args[..], &["--config", &config, "--json"]].concat()).expect(0).json();
    let effect = &bench["effects"][0];
    let of = |effect: &Value, key: &str| figure(effect, key);
    assert_eq!((of(effect, "waiting_without"), of(effect, "waiting_with")), (4, 1), "{bench}");
    assert_eq!((figure(&effect["accepted"], "of"), figure(&effect["accepted"], "n")), (2, 3), "{bench}");
    assert_eq!(figure(&effect["new_mistakes"], "accepted_without_feedback"), 1, "{bench}");
    assert_eq!(effect["requests_saved_per_thousand"].as_f64(), Some(750.0));
}

/// A pack that asks about thanks, where the shipped one accepts them.
fn asking_about_thanks(dir: &Path) -> String {
    let rule = "[[rule]]\nid = \"t.thanks\"\ncategory = \"UR5\"\nroute = \"escalate\"\nany = [\"thanks\", \"thank you\"]\n";
    write(dir, "pack.toml", format!("format = 1\nversion = \"1\"\n{rule}"))
}

#[test]
fn mistakes_are_said_and_nothing_is_overwritten() {
    let dir = folder();
    let there = text(dir.path());
    for (args, message) in [
        (&["plugin", "new", "x", "--dir", &there][..], "is there already"),
        (&["plugin", "new", "Ünwise"], "cannot be a plugin's name"),
        (&["plugin", "new", "../x"], "cannot be a plugin's name"),
        (&["plugin", "new", "x", "--dir", "nowhere", "--sdk", &there], "this is not the folder plugins/sdk"),
        (
            &["plugin", "new", "x", "--dir", "nowhere", "--sdk", "plugins/sdk", "--lang", "c"],
            "--sdk is for plugins in Rust",
        ),
        (&["plugin", "bench", "no/such.so", "--corpus", "no/such.jsonl"], "no file"),
    ] {
        let ended = rejoinder(args);
        assert!(matches!(ended.code, 2 | 7) && ended.stderr.contains(message), "{args:?}\n{}", ended.stderr);
    }
    let ended = rejoinder(&["plugin", "inspect", DIALOGUES]).expect(7);
    assert!(ended.stderr.contains("it is no library of any known system"), "{}", ended.stderr);
    assert!(!Path::new("nowhere").exists());
}
