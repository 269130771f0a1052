//! Folders of runs: what lies there, one run in full, and removing runs.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, command, figure, folder, rejoinder, text, write};

fn judge_config(dir: &Path, server: &Server, more: &str) -> String {
    let toml = format!(
        "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nmax-in-flight = 2\n{more}",
        server.base_url()
    );
    write(dir, "judge.toml", toml)
}

/// A folder with a finished run, one that waits, one that is damaged, and folders that are none.
fn runs(dir: &Path) -> String {
    let server = Server::start(by_rule);
    let config = judge_config(dir, &server, "");
    let run = |name: &str, more: &[&str]| {
        let out = text(&dir.join("runs").join(name));
        rejoinder(&[&["run", DIALOGUES, "--out", &out], more].concat()).expect(0);
    };
    run("done", &["--config", &config]);
    run("waits", &["--offline"]);
    run("damaged", &["--offline"]);
    run("unreadable", &["--offline"]);
    let runs = dir.join("runs");
    std::fs::remove_file(runs.join("damaged/parts/part-00000.jsonl")).unwrap();
    write(&runs, "unreadable/manifest.json", "{\"format\": 99}");
    std::fs::create_dir(runs.join("foreign")).unwrap();
    write(&runs, "foreign/notes.txt", "mine");
    write(&runs, "a file", "is no folder");
    text(&runs)
}

fn row<'l>(list: &'l Value, name: &str) -> &'l Value {
    let rows = list["runs"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}: {list}"))
}

#[test]
fn a_list_has_a_row_for_each_folder_whatever_is_wrong_with_it() {
    let dir = folder();
    let runs = runs(dir.path());
    let list = rejoinder(&["runs", "list", &runs, "--json"]).expect(0).json();
    assert_eq!(list["runs"].as_array().unwrap().len(), 5, "{list}");
    let done = row(&list, "done");
    assert_eq!((&done["kind"], &done["run"]["state"]), (&"run".into(), &"finished".into()), "{done}");
    assert!(figure(done, "bytes") > 10_000 && figure(done, "changed") > 1_700_000_000, "{done}");
    assert!(figure(&done["run"]["spent"], "calls") > 20, "{done}");
    assert_eq!(row(&list, "waits")["run"]["state"], "waiting");
    for (name, kind, why) in [
        ("damaged", "damaged", "part-00000.jsonl is missing"),
        ("unreadable", "damaged", "has layout 99"),
        ("foreign", "other", "is no run directory"),
    ] {
        let row = row(&list, name);
        assert_eq!(row["kind"], kind, "{row}");
        assert!(row["why"].as_str().unwrap().contains(why), "{row}");
    }
    let table = rejoinder(&["runs", "list", &runs]).expect(0).stdout;
    for line in table.lines().filter(|line| !line.contains(&runs)) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(
        table.contains("\ndone          finished ") && table.contains("\nforeign       no run "),
        "{table}"
    );
    assert!(table.contains(&format!("rejoinder judge {runs}/waits --config FILE")), "{table}");
    let itself = rejoinder(&["runs", "list", &format!("{runs}/done")]).expect(2);
    assert!(itself.stderr.contains("rejoinder runs show"), "{}", itself.stderr);
    let missing = rejoinder(&["runs", "list", &format!("{runs}/no")]).expect(2);
    assert!(missing.stderr.contains("is no folder"), "{}", missing.stderr);
}

#[test]
fn a_run_is_shown_in_full() {
    let dir = folder();
    let runs = runs(dir.path());
    let input = write(dir.path(), "in.jsonl", std::fs::read(DIALOGUES).unwrap());
    let run = format!("{runs}/gone");
    rejoinder(&["run", &input, "--offline", "--out", &run]).expect(0);
    std::fs::remove_file(&input).unwrap();
    let shown = rejoinder(&["runs", "show", &run, "--json"]).expect(0).json();
    assert_eq!(shown["inputs"][0]["is_there"], false, "{shown}");
    assert_eq!(shown["engine"], env!("CARGO_PKG_VERSION"));
    let space: u64 = shown["space"].as_array().unwrap().iter().map(|item| figure(item, "bytes")).sum();
    assert_eq!(space, figure(&shown, "bytes"));
    let told = rejoinder(&["runs", "show", &run]).expect(0).stdout;
    assert!(
        told.contains("GONE") && told.contains("  ledger.sqlite\n") && told.contains("\nnext "),
        "{told}"
    );
    let damaged = rejoinder(&["runs", "show", &format!("{runs}/damaged")]).expect(0).stdout;
    assert!(damaged.contains("\ndamaged    ") && damaged.contains("is missing"), "{damaged}");
    assert!(!damaged.contains("\nnext "), "nothing brings it back: {damaged}");
    rejoinder(&["runs", "show", &format!("{runs}/foreign")]).expect(2);
}

#[test]
fn a_run_is_removed_only_where_somebody_says_yes_and_nothing_outside_goes() {
    let dir = folder();
    let runs = runs(dir.path());
    let run = format!("{runs}/done");
    let outside = dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    write(&outside, "precious.txt", "stays");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, format!("{run}/link")).unwrap();
        std::os::unix::fs::symlink(&run, format!("{runs}/alias")).unwrap();
        for alias in [format!("{runs}/alias"), format!("{runs}/alias/")] {
            let refused = rejoinder(&["runs", "rm", &alias, "--yes"]).expect(2);
            assert!(refused.stderr.contains("is a link to"), "{}", refused.stderr);
        }
    }
    let asked = rejoinder(&["runs", "rm", &run]).expect(2);
    assert!(asked.stderr.contains("--yes") && asked.stderr.contains("--dry-run"), "{}", asked.stderr);
    let dry = rejoinder(&["runs", "rm", &run, "--dry-run"]).expect(0).stdout;
    assert!(dry.contains("goes with it: ") && dry.contains(" replies of the judge ("), "{dry}");
    assert!(Path::new(&run).join("manifest.json").exists());
    for refused in ["foreign", "a file", "no"] {
        let path = format!("{runs}/{refused}");
        let ended = rejoinder(&["runs", "rm", &path, "--yes", "--force"]).expect(2);
        assert!(ended.stderr.contains("is no run"), "{}", ended.stderr);
        let both = rejoinder(&["runs", "rm", &run, &path, "--yes"]).expect(2);
        assert!(Path::new(&run).exists(), "all or none: {}", both.stderr);
    }
    let unreadable = format!("{runs}/unreadable");
    rejoinder(&["runs", "rm", &unreadable, "--yes"]).expect(7);
    let removed =
        rejoinder(&["runs", "rm", &unreadable, &run, "--yes", "--force", "--json"]).expect(0).json();
    assert_eq!(removed["runs"].as_array().unwrap().len(), 2, "{removed}");
    assert!(removed["runs"].as_array().unwrap().iter().all(|run| run["is_removed"] == true), "{removed}");
    assert!(!Path::new(&run).exists() && !Path::new(&unreadable).exists());
    assert_eq!(std::fs::read(outside.join("precious.txt")).unwrap(), b"stays");
    assert!(Path::new(&runs).join("waits/manifest.json").exists());
}

#[test]
fn a_run_at_work_and_one_that_another_goes_on_from_are_kept() {
    let dir = folder();
    let server = Server::start(|request| {
        std::thread::sleep(Duration::from_millis(if request.is_probe() { 0 } else { 150 }));
        by_rule(request)
    });
    let config = judge_config(dir.path(), &server, "replies = \"shared.sqlite\"\n");
    let [monday, tuesday] = ["monday", "tuesday"].map(|name| text(&dir.path().join(name)));
    let mut work = command(&["run", DIALOGUES, "--config", &config, "--out", &monday])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while server.requests() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(10));
    }
    let held = rejoinder(&["runs", "rm", &monday, "--yes", "--force"]).expect(8);
    assert!(held.stderr.contains(&format!("process {} on ", work.id())), "{}", held.stderr);
    let listed = rejoinder(&["runs", "list", &text(dir.path()), "--json"]).expect(0).json();
    assert_eq!(row(&listed, "monday")["run"]["state"], "running");
    assert!(work.wait().unwrap().success());

    rejoinder(&["run", DIALOGUES, "--offline", "--out", &tuesday]).expect(0);
    let manifest = |run: &str| -> Value {
        serde_json::from_slice(&std::fs::read(Path::new(run).join("manifest.json")).unwrap()).unwrap()
    };
    let mut after = manifest(&tuesday);
    after["after"] = serde_json::json!({ "id": manifest(&monday)["id"], "folder": monday });
    write(Path::new(&tuesday), "manifest.json", after.to_string());
    let named = rejoinder(&["runs", "rm", &monday, "--yes"]).expect(7);
    assert!(named.stderr.contains("tuesday") && named.stderr.contains("--force"), "{}", named.stderr);
    let removed = rejoinder(&["runs", "rm", &monday, "--yes", "--force"]).expect(0).stdout;
    assert!(removed.contains("the replies stay in ") && removed.contains("shared.sqlite"), "{removed}");
    assert!(dir.path().join("shared.sqlite").exists() && !Path::new(&monday).exists());
}

#[test]
fn a_removal_that_was_killed_leaves_no_run_and_is_finished_later() {
    let dir = folder();
    let run = dir.path().join("runs/0001");
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &text(&run)]).expect(0);
    // As if killed after its first step.
    std::fs::rename(run.join("manifest.json"), run.join("manifest.json.removed")).unwrap();
    for args in [&["show", &text(&run)][..], &["resume", &text(&run)], &["status", &text(&run)]] {
        rejoinder(args).expect(2);
    }
    let table = rejoinder(&["runs", "list", &text(&dir.path().join("runs"))]).expect(0).stdout;
    assert!(table.contains("\n0001          removed ") && table.contains("rejoinder runs rm "), "{table}");
    rejoinder(&["runs", "rm", &text(&run), "--yes"]).expect(0);
    assert!(!run.exists());
}

#[test]
fn the_removal_of_a_merged_job_that_was_killed_is_finished_later() {
    let dir = folder();
    let job = dir.path().join("job");
    let run = ["run", DIALOGUES, "--offline", "--shard", "1/1", "--out", &text(&job)].map(str::to_owned);
    rejoinder(&run).expect(0);
    let refused = rejoinder(&["runs", "rm", &text(&job), "--yes"]).expect(2);
    assert!(refused.stderr.contains("is a job of shards"), "{}", refused.stderr);
    rejoinder(&["merge", &text(&job)]).expect(0);
    // As if killed after its first step.
    std::fs::rename(job.join("manifest.json"), job.join("manifest.json.removed")).unwrap();
    let merge = ["merge".to_owned(), text(&job)];
    let status = ["status".to_owned(), text(&job)];
    for args in [&run[..], &merge[..], &status[..]] {
        let refused = rejoinder(args).expect(2).stderr;
        assert!(refused.contains(&format!("finish it: rejoinder runs rm {}", text(&job))), "{refused}");
    }
    let table = rejoinder(&["runs", "list", &text(dir.path())]).expect(0).stdout;
    assert!(table.contains("\njob           removed "), "{table}");
    rejoinder(&["runs", "rm", &text(&job), "--yes"]).expect(0);
    assert!(!job.exists());
}

#[test]
fn a_run_whose_replies_another_run_uses_is_kept() {
    let dir = folder();
    let server = Server::start(by_rule);
    let [monday, tuesday] = ["monday", "tuesday"].map(|name| text(&dir.path().join(name)));
    let config = judge_config(dir.path(), &server, "");
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &monday]).expect(0);
    let config = judge_config(dir.path(), &server, "replies = \"monday/replies.sqlite\"\n");
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &tuesday]).expect(0);
    let kept = rejoinder(&["runs", "rm", &monday, "--yes"]).expect(7);
    assert!(kept.stderr.contains("tuesday") && kept.stderr.contains("replies"), "{}", kept.stderr);
    rejoinder(&["runs", "rm", &tuesday, "--yes"]).expect(0);
    rejoinder(&["runs", "rm", &monday, "--yes"]).expect(0);
}

#[test]
fn a_folder_of_others_with_a_manifest_is_no_run_and_a_run_goes_from_within_once() {
    let dir = folder();
    let others = dir.path().join("extension");
    std::fs::create_dir(&others).unwrap();
    write(&others, "manifest.json", r#"{"manifest_version": 3}"#);
    let kept = rejoinder(&["runs", "rm", &text(&others), "--yes", "--force"]).expect(2);
    assert!(kept.stderr.contains("is no run") && others.join("manifest.json").exists(), "{}", kept.stderr);
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &run]).expect(0);
    let mut within = command(&["runs", "rm", ".", &run, "--yes"]);
    let ended = within.current_dir(&run).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!dir.path().join("run").exists());
}
