//! A run that goes on where a plugin's library is not there, or is another one: which it was is said, and how to bring it.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{DIALOGUES, Ended, command, folder, rejoinder, text, write};

/// The hash that a file is pinned by.
fn hash(library: &Path) -> String {
    let inspected = rejoinder(&["plugin", "inspect", &text(library), "--json"]).expect(0).json();
    inspected["blake3"].as_str().unwrap().to_owned()
}

/// Builds the example in C into a folder.
fn library(folder: &Path) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let library = folder.join(format!("{DLL_PREFIX}rejoinder_plugin_thanks{DLL_SUFFIX}"));
    let mut compiler = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()));
    compiler.args(["-fPIC", "-shared", "-Iplugins/abi/include", "plugins/examples/thanks-c/thanks.c", "-o"]);
    assert!(compiler.arg(&library).status().unwrap().success());
    library
}

/// The same code in other bytes.
fn rebuild(library: &Path) {
    let mut bytes = std::fs::read(library).unwrap();
    bytes.push(0);
    std::fs::write(library, bytes).unwrap();
}

fn config(dir: &Path, plugin: &str) -> String {
    write(dir, "c.toml", format!("format = 1\n{plugin}\n[cascade]\nscore = false\n"))
}

#[track_caller]
fn says(ended: &Ended, parts: &[&str]) {
    for part in parts {
        assert!(ended.stderr.contains(part), "`{part}` is not in\n{}", ended.stderr);
    }
}

#[test]
fn a_run_is_resumed_with_the_library_that_it_was_begun_with_wherever_that_lies() {
    let dir = folder();
    let plugins = dir.path().join("plugins");
    let (here, elsewhere) = (library(&plugins), dir.path().join("elsewhere"));
    let config =
        config(dir.path(), &format!("plugin-dirs = [{:?}]\n[[plugin]]\nname = \"thanks\"", text(&plugins)));
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run]).expect(0);
    // As if it had been killed before its end.
    let ledger = rusqlite::Connection::open(dir.path().join("run/ledger.sqlite")).unwrap();
    ledger.execute("DELETE FROM parts", ()).unwrap();
    ledger.execute("DELETE FROM facts WHERE name = 'scan'", ()).unwrap();
    drop(ledger);

    let began_with = hash(&here);
    std::fs::create_dir(&elsewhere).unwrap();
    let brought = elsewhere.join(here.file_name().unwrap());
    std::fs::rename(&here, &brought).unwrap();
    says(
        &rejoinder(&["resume", &run]).expect(7),
        &[
            "plugin `thanks` not found",
            &format!("no file {}", here.display()),
            &format!(
                "{run} was begun with plugin `thanks` 1.0.0, there in {} (blake3 {began_with})",
                here.display()
            ),
            "or name the folder that holds it: REJOINDER_PLUGIN_PATH=FOLDER",
        ],
    );

    let resume = || {
        let mut resume = command(&["resume", &run]);
        Ended::from(resume.env("REJOINDER_PLUGIN_PATH", &elsewhere).output().unwrap())
    };
    let right = std::fs::read(&brought).unwrap();
    rebuild(&brought);
    says(
        &resume().expect(7),
        &[
            &format!("plugin thanks: was 1.0.0 (blake3 {began_with}, {})", here.display()),
            &format!("is 1.0.0 (blake3 {}, {})", hash(&brought), brought.display()),
        ],
    );
    std::fs::write(&brought, right).unwrap();
    resume().expect(0);
}

#[test]
fn a_shard_says_which_library_its_job_was_begun_with() {
    let dir = folder();
    let library = library(dir.path());
    let config = config(dir.path(), &format!("[[plugin]]\npath = {:?}", text(&library)));
    let job = text(&dir.path().join("job"));
    let shard =
        |shard: &str| rejoinder(&["run", DIALOGUES, "--config", &config, "--shard", shard, "--out", &job]);
    shard("1/2").expect(0);
    let began_with = hash(&library);
    let right = std::fs::read(&library).unwrap();
    std::fs::remove_file(&library).unwrap();
    says(
        &shard("2/2").expect(7),
        &[
            "c.toml:3:1",
            &format!("no file {}", library.display()),
            &format!("{job} was begun with plugin `thanks` 1.0.0"),
            &format!("(blake3 {began_with})"),
            "copy that file to where it is looked for",
        ],
    );
    std::fs::write(&library, &right).unwrap();
    rebuild(&library);
    says(&shard("2/2").expect(7), &[&format!("was 1.0.0 (blake3 {began_with}"), "is 1.0.0 (blake3 "]);
    std::fs::write(&library, right).unwrap();
    shard("2/2").expect(0);
    rejoinder(&["merge", &job]).expect(0);
}
