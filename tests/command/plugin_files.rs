//! Files that the config of a plugin names: a run, and all shards of a job, go by one content of them.

use std::path::Path;

use crate::capabilities::{MARKS, SHOUTS, SWEARS, dialogues, mood, run};
use crate::support::{folder, rejoinder, text, write};

const OTHER_CONTENT: &str = "plugin mood: a file that its configuration names has other content";

/// Plugins whose config names a file: one whose schema marks the key, and one that scores and has a model.
fn libraries(dir: &Path) -> [(&'static str, String); 2] {
    let schema = r#"SCHEMA="{\"properties\": {\"weights\": {\"format\": \"path\"}}}""#;
    [("weights", mood(dir, &["VOTES", schema])), ("model", mood(dir, &["SCORES"]))]
}

/// A config of the plugin, whose file lies beside the config.
fn config(dir: &Path, library: &str, of_plugin: &str) -> String {
    write(dir, "rules.toml", format!("format = 1\n{MARKS}"));
    let toml = format!(
        "format = 1\n[rules]\npacks = [\"./rules.toml\"]\n[cascade]\nreject-below = 0.1\n[[plugin]]\npath = {library:?}\nconfig = {{ {of_plugin} }}\n"
    );
    write(dir, "c.toml", toml)
}

/// Lets a finished run's scan go on.
fn unfinish(run: &Path) {
    let ledger = rusqlite::Connection::open(run.join("ledger.sqlite")).unwrap();
    ledger.execute("DELETE FROM facts WHERE name = 'scan'", ()).unwrap();
}

#[test]
fn a_run_goes_on_with_no_other_content_of_a_file_that_a_plugin_reads() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SHOUTS, SWEARS]);
    for (key, library) in libraries(dir.path()) {
        write(dir.path(), "w.bin", "one");
        let config = config(dir.path(), &library, &format!("{key} = \"w.bin\""));
        let out = dir.path().join(key);
        run(&input, &config, &out, &[]).expect(0);
        unfinish(&out);
        write(dir.path(), "w.bin", "two");
        for more in [&[][..], &["--config", &config]] {
            let refused = rejoinder(&[&["resume", &text(&out)][..], more].concat()).expect(7).stderr;
            assert!(refused.contains(OTHER_CONTENT), "{key}: {refused}");
        }
        // The file is named relative to the config there, and in whole in the manifest.
        write(dir.path(), "w.bin", "one");
        rejoinder(&["resume", &text(&out), "--config", &config]).expect(0);
    }
}

#[test]
fn what_else_a_plugins_config_says_is_compared_when_a_run_goes_on() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SHOUTS, SWEARS]);
    write(dir.path(), "w.bin", "one");
    for (key, library) in libraries(dir.path()) {
        let named = format!("{key} = \"w.bin\", level");
        let out = dir.path().join(key);
        run(&input, &config(dir.path(), &library, &format!("{named} = 1")), &out, &[]).expect(0);
        unfinish(&out);
        let other = config(dir.path(), &library, &format!("{named} = 2"));
        let refused = rejoinder(&["resume", &text(&out), "--config", &other]).expect(7).stderr;
        assert!(refused.contains("plugin[0].config.level: was 1, is 2"), "{key}: {refused}");
        assert!(!refused.contains("w.bin"), "{key}: {refused}");
    }
}

#[test]
fn shards_of_one_job_go_by_one_content_of_a_file_that_a_plugin_reads() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SHOUTS, SWEARS, "MARKED", "and the Loire"]);
    for (key, library) in libraries(dir.path()) {
        write(dir.path(), "w.bin", "one");
        let config = config(dir.path(), &library, &format!("{key} = \"w.bin\""));
        let job = dir.path().join(key);
        run(&input, &config, &job, &["--shard=1/2"]).expect(0);
        write(dir.path(), "w.bin", "two");
        let refused = run(&input, &config, &job, &["--shard=2/2"]).expect(7).stderr;
        assert!(refused.contains(OTHER_CONTENT), "{key}: {refused}");
        write(dir.path(), "w.bin", "one");
        run(&input, &config, &job, &["--shard=2/2"]).expect(0);
        // A shard that has come from elsewhere, where the file held something else.
        let shards = crate::support::all_files(&job);
        let manifest = shards.iter().rfind(|file| file.ends_with("manifest.json")).unwrap();
        let written = std::fs::read_to_string(manifest).unwrap();
        let (before, rest) = written.split_once("\"identity\": \"").unwrap();
        std::fs::write(manifest, format!("{before}\"identity\": \"{}{}", "0".repeat(16), &rest[16..]))
            .unwrap();
        let refused = rejoinder(&["merge", &text(&job)]).expect(7).stderr;
        assert!(refused.contains(OTHER_CONTENT), "{key}: {refused}");
        std::fs::write(manifest, written).unwrap();
        rejoinder(&["merge", &text(&job)]).expect(0);
    }
}
