//! The first minute: `init`, what a config that says little leaves in force, and a command that is told to be quiet.

use std::path::Path;

use serde_json::json;

use crate::support::{DIALOGUES, Ended, accepted, all_files, command, folder, rejoinder, text, write};

/// Runs the command in a folder.
pub fn within(dir: &Path, args: &[&str]) -> Ended {
    command(args).current_dir(dir).output().unwrap().into()
}

/// Runs a command line as people type it, in a folder.
#[cfg(unix)]
pub fn typed(dir: &Path, line: &str) -> Ended {
    let program = Path::new(env!("CARGO_BIN_EXE_rejoinder")).parent().unwrap();
    let mut path = program.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", line]).current_dir(dir).env("PATH", path).stdin(std::process::Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"REJOINDER_") {
            shell.env_remove(name);
        }
    }
    shell.output().unwrap().into()
}

/// Names of files in a folder and those in it.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        all_files(dir).iter().map(|path| text(path.strip_prefix(dir).unwrap())).collect();
    names.sort();
    names
}

#[cfg(unix)]
#[test]
fn the_three_commands_that_init_names_work_as_they_are_printed() {
    for (args, files) in [
        ("rejoinder init", ["my-rules.toml", "rejoinder.toml"]),
        ("rejoinder init here", ["here/my-rules.toml", "here/rejoinder.toml"]),
        (
            "rejoinder init \"John's logs/2026\"",
            ["John's logs/2026/my-rules.toml", "John's logs/2026/rejoinder.toml"],
        ),
    ] {
        let dir = folder();
        let said = typed(dir.path(), args).expect(0);
        assert_eq!(said.stderr, "");
        assert_eq!(names(dir.path()), files);
        let commands: Vec<&str> =
            said.stdout.lines().filter_map(|line| line.strip_prefix("  rejoinder")).collect();
        assert_eq!(commands.len(), 3, "{}", said.stdout);
        for rest in &commands {
            typed(dir.path(), &format!("rejoinder{rest}")).expect(0);
        }
        let checked = typed(dir.path(), &format!("rejoinder{}", commands[0])).stdout;
        assert_eq!(checked, "1 rule in 1 file: 0 errors, 0 warnings\n");
        let tested = typed(dir.path(), &format!("rejoinder{}", commands[1])).stdout;
        assert!(tested.contains("2 passed; 0 failed; 0 todo"), "{tested}");
        let shown = typed(dir.path(), &format!("rejoinder{} --json", commands[2])).json();
        let packs = &shown["config"]["rules"]["packs"];
        assert_eq!(packs.as_array().unwrap().len(), 9, "all that ship, and one's own: {packs}");
    }
}

#[test]
fn a_run_with_what_init_wrote_finds_what_a_run_without_a_config_finds() {
    let dir = folder();
    within(dir.path(), &["init"]).expect(0);
    write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    let with = within(dir.path(), &["run", "in.jsonl", "--json"]).expect(0);
    assert!(with.stderr.starts_with("config: rejoinder.toml in this folder"), "{}", with.stderr);
    assert!(!with.stderr.contains("switches off"), "{}", with.stderr);
    let with = with.json();
    let without = within(dir.path(), &["run", "in.jsonl", "--json", "--no-config"]).expect(0).json();
    assert!(accepted(&with) >= accepted(&without), "{with} {without}");
    assert_eq!(with["plugins"], without["plugins"]);
    assert_eq!(with["switched_off"], json!({ "packs": [], "plugins": [], "rules": [] }));
}

#[test]
fn all_that_the_first_config_shows_in_comments_is_a_config() {
    let dir = folder();
    within(dir.path(), &["init"]).expect(0);
    let written = std::fs::read_to_string(dir.path().join("rejoinder.toml")).unwrap();
    let is_toml = |line: &str| {
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    };
    let mut count = 0;
    let mut uncomment = |line: &str| match line.strip_prefix("# ").filter(|rest| is_toml(rest)) {
        Some(rest) => {
            count += 1;
            format!("{rest}\n")
        }
        None => format!("{line}\n"),
    };
    let all: String = written.lines().map(&mut uncomment).collect();
    assert!(count >= 14, "{all}");
    let config = write(dir.path(), "all.toml", all);
    let shown = rejoinder(&["config", "show", "--config", &config, "--json"]).expect(0).json();
    assert_eq!(shown["config"]["budget"]["calls"], 1000);
    assert_eq!(shown["config"]["plugin"].as_array().unwrap().len(), 3);
}

#[test]
fn init_overwrites_nothing_and_writes_nothing_then() {
    for there in ["rejoinder.toml", "my-rules.toml"] {
        let dir = folder();
        write(dir.path(), there, "mine");
        let refused = within(dir.path(), &["init"]).expect(2);
        assert!(refused.stderr.contains(&format!("{there} is there already")), "{}", refused.stderr);
        assert_eq!((refused.stdout.as_str(), names(dir.path())), ("", vec![there.to_owned()]));
        assert_eq!(std::fs::read_to_string(dir.path().join(there)).unwrap(), "mine");
    }
    #[cfg(unix)]
    {
        let dir = folder();
        std::os::unix::fs::symlink("nowhere", dir.path().join("my-rules.toml")).unwrap();
        within(dir.path(), &["init"]).expect(2);
        assert!(!dir.path().join("nowhere").exists() && !dir.path().join("rejoinder.toml").exists());
    }
    let dir = folder();
    write(dir.path(), "file", "");
    within(dir.path(), &["init", "file"]).expect(8);
    let quiet = within(dir.path(), &["init", "new", "--quiet"]).expect(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn a_pack_that_another_extends_is_not_switched_off() {
    let dir = folder();
    write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    write(dir.path(), "mine.toml", "format = 1\nextends = [\"en\"]\n");
    write(
        dir.path(),
        "c.toml",
        "format = 1\n[rules]\npacks = [\"./mine.toml\", \"es\", \"fr\", \"de\", \"pt\", \"ru\", \"ja\"]\n",
    );
    let ended = within(dir.path(), &["run", "in.jsonl", "--config", "c.toml", "--json"]).expect(0);
    assert!(ended.stderr.contains("c.toml switches off: the pack zh\n"), "{}", ended.stderr);
    assert_eq!(ended.json()["switched_off"]["packs"], json!(["zh"]));
}

#[test]
fn what_a_config_switches_off_is_said_once_in_one_line() {
    let dir = folder();
    write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    let toml = "format = 1\n[rules]\npacks = [\"en\", \"es\", \"fr\", \"de\", \"pt\", \"ru\"]\n[[plugin]]\nname = \"rephrase\"\n";
    write(dir.path(), "few.toml", toml);
    let line = "few.toml switches off: the packs zh, ja; the plugin context\n";
    for args in [
        &["run", "in.jsonl", "--json"][..],
        &["inspect", "in.jsonl", "--json"],
        &["plan", "in.jsonl", "--json"],
        &["eval", "in.jsonl", "--labels", "--json"],
        &["explain", "in.jsonl", "--json"],
        &["rules", "stats", "in.jsonl", "--json"],
        &["rules", "list", "--json"],
        &["config", "show", "--json"],
    ] {
        let ended = within(dir.path(), &[args, &["--config", "few.toml"]].concat()).expect(0);
        assert!(ended.stderr.starts_with(line), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.stderr.matches("switches off").count(), 1, "{args:?}: {}", ended.stderr);
        ended.json();
    }
    let args = ["run", "in.jsonl", "--config", "few.toml", "--json", "--quiet"];
    let ended = within(dir.path(), &args).expect(0);
    assert_eq!(ended.stderr, "");
    assert_eq!(
        ended.json()["switched_off"],
        json!({ "packs": ["zh", "ja"], "plugins": ["context"], "rules": [] })
    );
    // What decides is written down with all names.
    write(dir.path(), "star.toml", "format = 1\n[rules]\npacks = [\"*\"]\n[[plugin]]\nname = \"*\"\n");
    let star = within(dir.path(), &["run", "in.jsonl", "--config", "star.toml", "--out", "star"]).expect(0);
    assert_eq!(star.stderr, "");
    within(dir.path(), &["run", "in.jsonl", "--out", "plain"]).expect(0);
    let config = |run: &str| {
        let manifest = std::fs::read(dir.path().join(run).join("manifest.json")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&manifest).unwrap()["config"].clone()
    };
    assert_eq!(config("star"), config("plain"));
}

#[test]
fn a_quiet_run_prints_nothing_but_what_was_asked_for() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let ended = rejoinder(&["run", DIALOGUES, "--out", &run, "--quiet"]).expect(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    assert_eq!(rejoinder(&["resume", &run, "-q"]).expect(0).stdout, "");
    assert_eq!(rejoinder(&["resume", &run, "-q", "--json"]).expect(0).json()["run_dir"], run.as_str());
    let shown = rejoinder(&["show", &run, "--accepted", "-q"]).expect(0).stdout;
    assert!(shown.contains("UR"), "{shown}");
    // How it ended is told all the same.
    let empty = write(dir.path(), "empty.jsonl", "{\"id\": 1}\n");
    let strict = text(&dir.path().join("strict"));
    let nothing = rejoinder(&["run", &empty, "--out", &strict, "--quiet"]).expect(9);
    assert!(nothing.stdout.is_empty() && nothing.stderr.starts_with("rejoinder: "), "{nothing:?}");
}

#[test]
fn rules_are_listed_as_a_config_has_them() {
    let dir = folder();
    within(dir.path(), &["init"]).expect(0);
    let list =
        |args: &[&str]| within(dir.path(), &[&["rules", "list", "--json"], args].concat()).expect(0).json();
    let has = |rules: &serde_json::Value, id: &str| {
        rules["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == id).cloned()
    };
    let found = list(&[]);
    assert!(has(&found, "my.wrong_language").is_some());
    assert!(has(&list(&["--no-config"]), "my.wrong_language").is_none());
    assert!(has(&list(&["en"]), "my.wrong_language").is_none(), "what is named is listed");
    let id = found["rules"][0]["id"].as_str().unwrap().to_owned();
    write(dir.path(), "off.toml", format!("format = 1\n[rules]\npacks = [\"*\"]\ndisable = [\"{id}\"]\n"));
    let disabled = list(&["--config", "off.toml"]);
    assert_eq!(has(&disabled, &id).unwrap()["disabled"], true);
    let lines = within(dir.path(), &["rules", "list", "--config", "off.toml"]).expect(0);
    assert_eq!(lines.stdout.lines().filter(|line| line.contains("disabled")).count(), 1);
    assert!(lines.stderr.contains(&format!("off.toml switches off: the rule {id}")), "{}", lines.stderr);
}
