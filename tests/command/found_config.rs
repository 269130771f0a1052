//! A `rejoinder.toml` in the current folder: used and named, and never trusted.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::Path;

use crate::first_minute::within;
use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, Ended, all_files, command, figure, folder, rejoinder, text, write};

const FIRST: &str = "config: rejoinder.toml in this folder (--no-config: without it)\n";

/// A folder with chats, and with a config under the name that is found.
fn downloaded(toml: &str) -> tempfile::TempDir {
    let dir = folder();
    write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    write(dir.path(), "rejoinder.toml", format!("format = 1\n{toml}"));
    dir
}

#[test]
fn every_verb_that_takes_a_config_uses_the_found_one_and_names_it_first() {
    let dir = downloaded("[input]\nmin-messages = 4\n");
    write(dir.path(), "other.toml", "format = 1\n");
    for args in [
        &["run", "in.jsonl", "--json"][..],
        &["inspect", "in.jsonl", "--json"],
        &["plan", "in.jsonl", "--json"],
        &["eval", "in.jsonl", "--labels", "--json"],
        &["eval", "in.jsonl", "--labels", "--cascade", "--json"],
        &["explain", "in.jsonl", "0:40:4", "--json"],
        &["rules", "stats", "in.jsonl", "--json"],
        &["rules", "list", "--json"],
        &["config", "show", "--json"],
        &["plugin", "list", "--json"],
    ] {
        let said = |more: &[&str]| within(dir.path(), &[args, more].concat()).stderr;
        assert!(said(&[]).starts_with(FIRST), "{args:?}: {}", said(&[]));
        for more in [&["--no-config"][..], &["--config", "other.toml"], &["--quiet"]] {
            assert!(!said(more).contains("rejoinder.toml"), "{args:?} {more:?}: {}", said(more));
        }
    }
    let run =
        |more: &[&str]| within(dir.path(), &[&["run", "in.jsonl", "--json"], more].concat()).expect(0).json();
    assert!(figure(&run(&[]), "too_short") > 0);
    assert_eq!(figure(&run(&["--no-config"]), "too_short"), 0);
    assert_eq!(figure(&run(&["--config", "other.toml"]), "too_short"), 0);
    within(dir.path(), &["run", "in.jsonl", "--no-config", "--config", "other.toml"]).expect(2);
    // Its values are shown with their places, and flags win.
    let shown = within(dir.path(), &["config", "show", "--min-messages", "2", "--json"]).expect(0).json();
    assert_eq!(shown["file"], "rejoinder.toml");
    let values = shown["values"].as_array().unwrap();
    let place = |key: &str| values.iter().find(|value| value["key"] == key).unwrap()["place"].clone();
    assert_eq!(
        (place("format"), place("input.min-messages")),
        ("rejoinder.toml:1".into(), "--min-messages".into())
    );
    // Of folders above nothing is used.
    std::fs::create_dir(dir.path().join("below")).unwrap();
    let below = within(&dir.path().join("below"), &["run", "../in.jsonl"]).expect(0);
    assert!(!below.stderr.contains("rejoinder.toml"), "{}", below.stderr);
}

/// Refused with the place, and with the word that allows it; and with that word it is not.
fn assert_refused(ended: &Ended, place: &str) {
    assert_eq!(ended.code, 7, "{ended:?}");
    for part in [&format!("rejoinder.toml:{place}"), "may not", "--config rejoinder.toml", "--no-config"] {
        assert!(ended.stderr.contains(part), "no {part}: {}", ended.stderr);
    }
    assert_eq!(ended.stdout, "");
}

#[test]
fn a_found_config_runs_no_code_of_its_folder() {
    let library = |name| format!("{DLL_PREFIX}rejoinder_plugin_{name}{DLL_SUFFIX}");
    let deps = Path::new(env!("CARGO_BIN_EXE_rejoinder")).parent().unwrap().join("deps");
    let copy = |name, dir: &Path| std::fs::copy(deps.join(library(name)), dir.join(library(name))).unwrap();
    let path = library("rephrase");
    for (toml, place) in [
        (format!("[[plugin]]\nname = \"context\"\n[[plugin]]\npath = \"./{path}\"\n"), "5:1"),
        (format!("[[plugin]]\nisolation = \"process\"\npath = \"{path}\"\n"), "4:1"),
        ("plugin-dirs = [\".\"]\n[[plugin]]\nname = \"*\"\n".to_owned(), "2:1"),
    ] {
        let dir = downloaded(&toml);
        copy("rephrase", dir.path());
        for verb in
            [&["run", "in.jsonl"][..], &["config", "show"], &["plugin", "list"], &["inspect", "in.jsonl"]]
        {
            assert_refused(&within(dir.path(), verb), place);
        }
        assert!(!dir.path().join("runs").exists());
        within(dir.path(), &["run", "in.jsonl", "--no-config"]).expect(0);
        let named = ["run", "in.jsonl", "--config", "rejoinder.toml", "--json"];
        let plugins = within(dir.path(), &named).expect(0).json()["plugins"].to_string();
        assert!(plugins.contains(&format!("loaded from {}", text(dir.path()))), "{plugins}");
    }
    // What the user says may load what the user says.
    let dir = downloaded("[[plugin]]\nname = \"misfit\"\n");
    copy("misfit", dir.path());
    let own = folder();
    copy("misfit", own.path());
    within(dir.path(), &["run", "in.jsonl"]).expect(7);
    within(dir.path(), &["run", "in.jsonl", "--plugin-dir", &text(own.path())]).expect(0);
    let by_environment = command(&["run", "in.jsonl"])
        .current_dir(dir.path())
        .env("REJOINDER_PLUGIN_PATH", own.path())
        .output()
        .unwrap();
    assert!(by_environment.status.success(), "{by_environment:?}");
}

#[test]
fn a_found_config_sends_no_chat_and_no_key_away() {
    let secret = [("MY_KEY", "sk-very-secret"), ("REJOINDER_JUDGE_API_KEY_ENV", "MY_KEY")];
    for (toml, variables, place) in [
        ("[judge]\nbase-url = \"http://judge.example/v1\"\n", &[][..], "3:1"),
        ("[judge]\nbase-url = \"http://127.0.0.1.example/v1\"\n", &[], "3:1"),
        ("[judge]\napi-key-env = \"HOME\"\nbase-url = \"http://127.0.0.1:9/v1\"\n", &[], "3:1"),
        (
            "[judge]\napi-key-env = \"HOME\"\n",
            &[("REJOINDER_JUDGE_BASE_URL", "http://127.0.0.1:9/v1")],
            "3:1",
        ),
        ("[judge]\nbase-url = \"http://127.0.0.1:9/v1\"\n", &secret, "3:1"),
        ("[judge]\nreplies = \"replies.sqlite\"\n", &[], "3:1"),
    ] {
        let dir = downloaded(toml);
        for args in [&["run", "in.jsonl"][..], &["judge", "test"], &["plan", "in.jsonl"]] {
            let output =
                command(args).current_dir(dir.path()).envs(variables.iter().copied()).output().unwrap();
            let ended = Ended::from(output);
            assert_refused(&ended, place);
            assert!(!ended.stderr.contains("sk-very-secret"));
        }
        assert_eq!(all_files(dir.path()).len(), 2, "nothing was written");
    }
    // A judge of the user's own, in the environment, is asked.
    let server = Server::start(by_rule);
    let dir = downloaded("plugin = []\n[judge]\nmodel = \"m\"\n");
    let run = command(&["run", "in.jsonl", "--json"])
        .current_dir(dir.path())
        .envs([
            ("REJOINDER_JUDGE_BASE_URL", server.base_url()),
            ("REJOINDER_JUDGE_API_KEY_ENV", "MY_KEY".into()),
        ])
        .env("MY_KEY", "sk-very-secret")
        .output()
        .unwrap();
    let run = Ended::from(run).expect(0);
    assert!(server.requests() > 0 && figure(&run.json(), "judged") > 0);
}

#[test]
fn a_judge_on_this_machine_may_be_found() {
    let server = Server::start(by_rule);
    let dir =
        downloaded(&format!("plugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\n", server.base_url()));
    let tried = within(dir.path(), &["judge", "test"]).expect(0);
    assert!(tried.stderr.starts_with(FIRST), "{}", tried.stderr);
    // A run without a judge takes it, and says so; a run that has one keeps its own.
    within(dir.path(), &["run", "in.jsonl", "--no-config", "--out", "run"]).expect(0);
    within(dir.path(), &["judge", "run", "--no-config"]).expect(2);
    let judged = within(dir.path(), &["judge", "run", "--json"]).expect(0);
    assert!(judged.stderr.starts_with(FIRST), "{}", judged.stderr);
    assert!(figure(&judged.json(), "judged") > 0);
    write(dir.path(), "rejoinder.toml", "format = 1\n[judge]\nbase-url = \"http://judge.example/v1\"\n");
    let again = within(dir.path(), &["judge", "run", "--json"]).expect(0);
    assert!(!again.stderr.contains("rejoinder.toml"), "{}", again.stderr);
    within(dir.path(), &["run", "in.jsonl", "--no-config", "--out", "other"]).expect(0);
    assert_refused(&within(dir.path(), &["judge", "other"]), "3:1");
    assert_refused(&within(dir.path(), &["audit", "other"]), "3:1");
    within(dir.path(), &["audit", "other", "--labels"]).expect(0);
}

#[test]
fn a_text_of_a_plugins_config_that_may_be_a_path_elsewhere_is_refused_as_such() {
    let dir = downloaded("[[plugin]]\nname = \"context\"\n[plugin.config]\nphrase = \"/tmp\"\n");
    let ended = within(dir.path(), &["run", "in.jsonl"]);
    assert_refused(&ended, "5:1");
    assert!(ended.stderr.contains("which this text would be if it were a path"), "{}", ended.stderr);
}

#[test]
fn a_found_config_lifts_no_budget() {
    let server = Server::start(by_rule);
    let dir =
        downloaded(&format!("plugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\n", server.base_url()));
    within(dir.path(), &["run", "in.jsonl", "--no-config", "--calls", "1", "--out", "run"]).expect(0);
    within(dir.path(), &["judge", "run"]).expect(4);
    assert!(server.requests() <= 1, "{}", server.requests());
}

#[test]
fn a_run_is_resumed_as_it_began_whatever_lies_in_the_folder() {
    let dir = downloaded("[input]\nmin-messages = 4\n");
    within(dir.path(), &["run", "in.jsonl", "--no-config", "--out", "run"]).expect(0);
    let resumed = within(dir.path(), &["resume", "run"]).expect(0);
    assert!(!resumed.stderr.contains("rejoinder.toml"), "{}", resumed.stderr);
    for args in [&["show", "run", "--accepted"][..], &["export", "kto", "run"], &["eval", "run", "--labels"]]
    {
        let ended = within(dir.path(), args).expect(0);
        assert!(!ended.stderr.contains("rejoinder.toml"), "{}", ended.stderr);
    }
    let explained = within(dir.path(), &["explain", "run", "0:0:2"]).expect(0);
    assert!(!explained.stderr.contains("rejoinder.toml"), "{}", explained.stderr);
    write(dir.path(), "rejoinder.toml", "format = 1\n[input\n");
    within(dir.path(), &["resume", "run"]).expect(0);
    let broken = within(dir.path(), &["run", "in.jsonl"]).expect(7);
    assert!(broken.stderr.contains("rejoinder.toml:2:"), "{}", broken.stderr);
}

#[cfg(unix)]
#[test]
fn links_pipes_and_packs_are_no_way_around() {
    let elsewhere = folder();
    let secret = write(elsewhere.path(), "secret.toml", "format = 1\npassword = \"hunter2\"\n");
    let link = |from: &str, to: &Path| std::os::unix::fs::symlink(from, to).unwrap();
    // A pack that is a link, one in a folder of packs, and one that a pack of the folder extends.
    for (packs, extending) in
        [("./a.toml", None), ("./packs", None), ("./b.toml", Some("./a.toml")), ("./b.toml", Some("./packs"))]
    {
        let dir = downloaded(&format!("[rules]\npacks = [\"{packs}\"]\n"));
        std::fs::create_dir(dir.path().join("packs")).unwrap();
        link(&secret, &dir.path().join("a.toml"));
        link(&secret, &dir.path().join("packs/c.toml"));
        let extends = extending.map(|name| format!("extends = [\"{name}\"]\n")).unwrap_or_default();
        write(dir.path(), "b.toml", format!("format = 1\n{extends}"));
        let ended = within(dir.path(), &["run", "in.jsonl"]);
        assert_eq!(ended.code, 7, "{packs} {extending:?}: {ended:?}");
        assert!(!ended.stderr.contains("hunter2"), "{packs} {extending:?}: {}", ended.stderr);
    }
    // The config itself as a link is read with the rights of a found one, and with paths from the folder.
    let evil = write(elsewhere.path(), "evil.toml", "format = 1\n[[plugin]]\npath = \"x.so\"\n");
    let dir = downloaded("");
    std::fs::remove_file(dir.path().join("rejoinder.toml")).unwrap();
    link(&evil, &dir.path().join("rejoinder.toml"));
    assert_refused(&within(dir.path(), &["run", "in.jsonl"]), "3:1");
    // What is no file is not read, and holds nobody up.
    std::fs::remove_file(dir.path().join("rejoinder.toml")).unwrap();
    for made in [
        "mkfifo rejoinder.toml",
        "rm rejoinder.toml; mkdir rejoinder.toml",
        "rmdir rejoinder.toml; ln -s /dev/zero rejoinder.toml",
    ] {
        assert!(
            std::process::Command::new("sh")
                .args(["-c", made])
                .current_dir(dir.path())
                .status()
                .unwrap()
                .success()
        );
        let ended = within(dir.path(), &["config", "show"]).expect(0);
        assert!(!ended.stderr.contains("rejoinder.toml"), "{made}: {}", ended.stderr);
    }
}

#[test]
fn a_named_config_is_no_found_one() {
    let dir = downloaded(
        "[judge]\nbase-url = \"http://judge.example/v1\"\napi-key-env = \"MY_KEY\"\nreplies = \"r.sqlite\"\n",
    );
    for name in ["rejoinder.toml", "./rejoinder.toml"] {
        let named = within(dir.path(), &["config", "show", "--config", name]).expect(0);
        assert!(named.stdout.contains("judge.example") && named.stderr.is_empty(), "{named:?}");
    }
    let whole = text(&dir.path().join("rejoinder.toml"));
    rejoinder(&["config", "show", "--config", &whole]).expect(0);
}
