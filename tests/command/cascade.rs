//! The learned score from the command's side: trained, compared, calibrated, in force, and a recall kept in one go.

use std::path::Path;

use serde_json::{Value, json};

use crate::corpus;
use crate::support::server::{Server, by_rule};
use crate::support::{
    assert_funnel_adds_up, dialogues_with_hidden_thanks, figure, folder, output_files, rejoinder, rows, text,
    write,
};

/// Dialogues of the generator with labels: what the server finds that answers by rule.
fn labelled(dir: &Path, name: &str, dialogues: usize, seed: u64) -> String {
    let mut content = Vec::new();
    corpus::write(&mut content, dialogues, seed, corpus::Style::default()).unwrap();
    let mut lines = String::new();
    for line in String::from_utf8(content).unwrap().lines() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        let messages = record["conversation"].as_array().unwrap().clone();
        let label = |(index, message): (usize, &Value)| {
            let lower = message["content"].as_str().unwrap().to_lowercase();
            let is_later = message["role"] == "user" && index > 1;
            match () {
                () if is_later && lower.contains("thank") => {
                    Some(json!({ "turn": index, "category": "UR5" }))
                }
                () if is_later && lower.starts_with("no,") => {
                    Some(json!({ "turn": index, "category": "UR2" }))
                }
                () => None,
            }
        };
        let labels: Vec<Value> = messages.iter().enumerate().filter_map(label).collect();
        record["labels"] = labels.into();
        lines += &(record.to_string() + "\n");
    }
    write(dir, name, lines)
}

fn judge(server: &Server) -> String {
    format!("plugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n", server.base_url())
}

#[test]
fn what_was_trained_is_compared_and_put_in_force() {
    let dir = folder();
    let (train, test) =
        (labelled(dir.path(), "train.jsonl", 500, 3), labelled(dir.path(), "test.jsonl", 300, 4));
    let model = text(&dir.path().join("own.rjm"));
    let trained = rejoinder(&["train", &train, "--out", &model, "--json"]).expect(0).json();
    // A bare name, as people give it.
    let bare = crate::support::command(&["train", &train, "--out", "again.rjm", "--json"])
        .current_dir(dir.path())
        .output();
    assert!(bare.unwrap().status.success());
    let again = text(&dir.path().join("again.rjm"));
    assert_eq!(std::fs::read(&model).unwrap(), std::fs::read(&again).unwrap(), "same seed, same bytes");
    assert!(trained["quality"]["heads"][0]["auc"].as_f64().unwrap() > 0.95, "{trained}");

    let config = format!("format = 1\n[[plugin]]\nname = \"scorer\"\nconfig = {{ model = {model:?} }}\n");
    let own = write(dir.path(), "own.toml", &config);
    let args = ["eval", &test, "--labels", "--cascade", "--recall", "0.8", "--config", &own, "--json"];
    let report = rejoinder(&args).expect(0);
    let figures = |name: &str| report.json()["strategies"][name].clone();
    let (paper, shipped) = (figures("paper"), figures("shipped"));
    for (figure, value) in [
        ("call_share", 1.0),
        ("token_share", 1.0),
        ("sent_share", 1.0),
        ("recall", 1.0),
        ("certified_recall", 1.0),
    ] {
        assert_eq!(paper[figure], value, "{figure}");
    }
    let of = |name: &str| shipped[name].as_f64().unwrap();
    assert!(of("auc") > 0.95 && of("curve_share") < 0.5 && of("token_share") < 0.5, "{shipped}");
    assert!(of("certified_recall") <= of("recall") && of("recall") > 0.75, "{shipped}");
    assert_eq!(rejoinder(&args).expect(0).stdout, report.stdout, "same seed, same figures");
    let looped = figures("loop");
    assert_eq!(looped["curve_share"], shipped["curve_share"], "in a small corpus learning does not pay");
    assert!(shipped["curve"][0]["turns"].as_f64() < shipped["curve"][6]["turns"].as_f64(), "{shipped}");
    let noisy = rejoinder(&[&args[..], &["--noise", "0.2"]].concat()).expect(0).json();
    let noisy = &noisy["strategies"]["shipped"];
    assert!(noisy["auc"].as_f64() < shipped["auc"].as_f64(), "{noisy}");

    let cut = format!("{config}[cascade]\nreject-below = 0.002\n");
    let cut = write(dir.path(), "cut.toml", cut);
    let run = text(&dir.path().join("run"));
    let summary = rejoinder(&["run", &test, "--config", &cut, "--out", &run, "--json"]).expect(0).json();
    assert_funnel_adds_up(&summary);
    let ungated = text(&dir.path().join("ungated"));
    let before = rejoinder(&["run", &test, "--config", &own, "--out", &ungated, "--json"]).expect(0).json();
    assert!(figure(&summary, "undecided") < figure(&before, "undecided"), "{summary}");
    let ids = rows(&Path::new(&run).join("spool/part-00000.jsonl"));
    let id = ids[0]["turns"][0]["id"].as_str().unwrap();
    let explained = rejoinder(&["explain", &run, id]).expect(0).stdout;
    assert!(explained.contains("not below `reject-below` 0.002"), "{explained}");
}

#[test]
fn a_calibration_is_paid_for_once_and_its_cut_can_be_put_in_force() {
    let dir = folder();
    let input = labelled(dir.path(), "in.jsonl", 1_500, 5);
    let server = Server::start(by_rule);
    let config = write(dir.path(), "ask.toml", format!("format = 1\n{}", judge(&server)));
    let scan = text(&dir.path().join("scan"));
    rejoinder(&["run", &input, "--config", &config, "--offline", "--out", &scan]).expect(0);
    let args = [
        "calibrate",
        &scan,
        "--for",
        "kto",
        "--recall",
        "0.8",
        "--confidence",
        "0.9",
        "--sample",
        "1000",
        "--json",
    ];
    let first = rejoinder(&[&args[..], &["--seed", "2"]].concat()).expect(0);
    let asked = server.requests();
    let report = first.json();
    assert!(figure(&report, "positives") >= figure(&report, "positives_needed"), "{report}");
    assert!(asked > 200 && asked as u64 <= figure(&report, "sampled"));
    assert!(figure(&report, "asked") < figure(&report, "turns"), "{report}");
    assert_eq!(rejoinder(&args).expect(0).stdout, first.stdout);
    assert_eq!(server.requests(), asked, "the same question again is free");
    let other = rejoinder(&[&args[..], &["--seed", "1"]].concat()).expect(2);
    assert!(other.stderr.contains("would void it"), "{}", other.stderr);
    let by_labels = rejoinder(&[&args[..], &["--labels"]].concat()).expect(0).json();
    assert_eq!(by_labels["reject_below"], report["reject_below"], "labels say what the judge says");

    let cuts = std::fs::read_to_string(Path::new(&scan).join("cascade.toml")).unwrap();
    let config = format!("format = 1\n{cuts}\n[[plugin]]\nname = \"scorer\"\n");
    let config = write(dir.path(), "cut.toml", config);
    rejoinder(&["run", &input, "--config", &config, "--out", &text(&dir.path().join("run"))]).expect(0);
    let small = rejoinder(&["calibrate", &scan, "--for", "sft", "--sample", "20", "--seed", "2"]).expect(0);
    assert!(small.stdout.contains("nothing can be rejected"), "{}", small.stdout);
    assert!(small.stdout.contains("it takes at least"), "{}", small.stdout);
}

#[test]
fn a_recall_is_kept_in_one_go_and_a_stopped_run_goes_on() {
    let dir = folder();
    let input = labelled(dir.path(), "in.jsonl", 1_500, 6);
    let server = Server::start(by_rule);
    let config = write(dir.path(), "ask.toml", format!("format = 1\n{}", judge(&server)));
    let run = text(&dir.path().join("run"));
    let args =
        ["run", &input, "--config", &config, "--for", "kto", "--recall", "0.8", "--seed", "3", "--out", &run];
    let stopped = rejoinder(&[&args[..], &["--calls", "100"]].concat()).expect(4);
    assert!(stopped.stderr.contains(&format!("rejoinder resume {run} --calls N")), "{}", stopped.stderr);
    let before = server.requests();
    let ended = rejoinder(&["resume", &run, "--calls", "100000", "--json"]).expect(0);
    let summary = ended.json();
    assert_eq!(figure(&summary, "undecided"), 0);
    assert!(ended.stderr.contains("sampled turns are wanted"), "{}", ended.stderr);
    let certificate = || std::fs::read(Path::new(&run).join("certificate.json")).unwrap();
    let report: Value = serde_json::from_slice(&certificate()).unwrap();
    assert!(report["claims"][0]["recall"]["at_least"].as_f64().unwrap() > 0.6, "{report}");
    assert!(before > 80 && server.requests() > before);
    let asked = server.requests();
    let kept = certificate();
    rejoinder(&["resume", &run, "--json"]).expect(0);
    assert_eq!((server.requests(), certificate()), (asked, kept), "a run that is done stays as it is");

    // Undisturbed and by the same seed it comes to the same.
    let undisturbed = text(&dir.path().join("undisturbed"));
    let args = [&args[..args.len() - 1], &[&*undisturbed]].concat();
    rejoinder(&args).expect(0);
    let other = std::fs::read(Path::new(&undisturbed).join("certificate.json")).unwrap();
    assert_eq!(String::from_utf8(other).unwrap(), String::from_utf8(certificate()).unwrap());

    // What the judge said, also when the run was audited, teaches a score.
    let model = text(&dir.path().join("judged.rjm"));
    let trained = rejoinder(&["train", &run, "--out", &model, "--json"]).expect(0).json();
    assert!(figure(&trained, "labelled_turns") > 300, "{trained}");
    assert!(figure(&trained, "labelled_turns") < figure(&trained, "turns"), "{trained}");
    let further = text(&dir.path().join("further.rjm"));
    let onward = rejoinder(&["train", &run, "--base", &model, "--out", &further, "--json"]).expect(0);
    assert!(onward.stderr.contains("the figures flatter"), "{}", onward.stderr);
    let conversations = |trained: &Value| trained["provenance"]["conversations"].as_u64().unwrap();
    assert_eq!(conversations(&onward.json()), 2 * conversations(&trained), "those of the base and its own");
    let missing = rejoinder(&["train", &run, "--base", "no/such.rjm", "--out", &further]).expect(2);
    assert!(missing.stderr.contains("cannot read the model `no/such.rjm`"), "{}", missing.stderr);
}

#[test]
fn what_cannot_be_kept_is_refused_at_the_start() {
    let dir = folder();
    let input = labelled(dir.path(), "in.jsonl", 5, 7);
    let refused = |config: &str, args: &[&str], code: i32, says: &str| {
        let config = write(dir.path(), "refused.toml", format!("format = 1\n{config}"));
        let out = text(&dir.path().join("refused"));
        let ended = rejoinder(&[&["run", &input, "--config", &config, "--out", &out][..], args].concat())
            .expect(code);
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
        assert!(!Path::new(&out).exists());
    };
    refused("", &["--recall", "0.9"], 2, "only with a judge");
    refused("", &["--for", "kto", "--no-score"], 2, "it takes a learned score");
    refused("for = \"sft\"\n[cascade]\nscore = false\n", &[], 7, "it takes a learned score");
    refused("for = [\"UR7\"]\n", &[], 7, "expected all, sft, kto, or categories");
    let scorer = "[[plugin]]\nname = \"scorer\"\n[cascade]\n";
    refused(&format!("{scorer}reject-below = 1.5\n"), &[], 7, "a cut is a probability");
    refused(&format!("{scorer}reject-below = 0.9\naccept-at = 0.1\n"), &[], 7, "must not be greater");
    refused(&format!("{scorer}recall = 1.0\n"), &[], 7, "between 0 and 1");
    refused("", &["--recall", "7", "--for", "kto"], 2, "between 0 and 1");
}

#[test]
fn a_cut_needs_no_word_about_the_score_that_ships() {
    let dir = folder();
    let input = labelled(dir.path(), "in.jsonl", 60, 7);
    let run = |name: &str, plugins: &str| {
        let cut = "[cascade]\nreject-below = 0.1\n";
        let config = write(dir.path(), &format!("{name}.toml"), format!("format = 1\n{plugins}{cut}"));
        let out = dir.path().join(name);
        rejoinder(&["run", &input, "--config", &config, "--offline", "--out", &text(&out)]).expect(0);
        let manifest = std::fs::read(out.join("manifest.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        (output_files(&out), manifest["plugins"].clone())
    };
    let others = "[[plugin]]\nname = \"rephrase\"\n[[plugin]]\nname = \"context\"\n";
    let (silent, its_plugins) = run("silent", others);
    let (named, plugins) = run("named", &format!("{others}[[plugin]]\nname = \"scorer\"\n"));
    assert_eq!(plugins[2]["name"], "scorer");
    assert!(silent == named && its_plugins == plugins);
}

#[test]
fn on_a_small_corpus_the_sample_that_proves_the_recall_is_the_audit() {
    let dir = folder();
    let input = labelled(dir.path(), "in.jsonl", 300, 6);
    let server = Server::start(by_rule);
    let config = write(dir.path(), "ask.toml", format!("format = 1\n{}answer = \"label\"\n", judge(&server)));
    let asked_for = ["--for", "kto", "--recall", "0.8"];
    let plan = rejoinder(&[&["plan", &input, "--config", &config, "--json"][..], &asked_for].concat());
    let plan = plan.expect(0).json();
    let forecast = &plan["keeping_recall"];
    assert_eq!((server.all_requests(), &forecast["is_learning"]), (0, &Value::Bool(false)), "{forecast}");
    let shown = rejoinder(&[&["plan", &input, "--config", &config][..], &asked_for].concat()).expect(0);
    assert!(shown.stdout.contains("keeping the recall will take about"), "{}", shown.stdout);

    let run = text(&dir.path().join("run"));
    let args = ["run", &input, "--config", &config, "--seed", "3", "--out", &run, "--json"];
    let ended = rejoinder(&[&args[..], &asked_for].concat()).expect(0);
    let said = ended.stderr.find("keeping the recall will take about").expect("the cost is said");
    let first = ended.stderr.find("sampled turns are wanted").expect("the cut is told");
    assert!(said < first, "before it is paid: {}", ended.stderr);
    let asked = server.requests() as u64;
    let expected = figure(forecast, "requests");
    assert!(asked * 2 <= expected * 3 && expected * 2 <= asked * 3, "{asked} asked of {expected} forecast");
    let certificate = std::fs::read(Path::new(&run).join("certificate.json")).unwrap();
    let certificate: Value = serde_json::from_slice(&certificate).unwrap();
    let claim = &certificate["claims"][0];
    assert!(claim["recall"]["at_least"].as_f64().unwrap() >= 0.8, "{certificate}");
    assert!(certificate["confidence"].as_f64().unwrap() > 0.95, "a stage has its share of the error");
    // Asked about once: as a sample of the search, and as the audit.
    rejoinder(&["audit", &run]).expect(0);
    rejoinder(&["audit", &run, "--min-recall", "0.8"]).expect(0);
    assert_eq!(server.requests() as u64, asked);

    // A run that a budget stopped goes on, and comes to the same.
    let halves = text(&dir.path().join("halves"));
    let args = ["run", &input, "--config", &config, "--seed", "3", "--out", &halves];
    rejoinder(&[&args[..], &asked_for, &["--calls", "60"]].concat()).expect(4);
    rejoinder(&["resume", &halves, "--calls", "100000"]).expect(0);
    let again = std::fs::read(Path::new(&halves).join("certificate.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&again).unwrap(), certificate);
}

#[test]
fn what_a_recall_takes_is_forecast_within_half_as_much() {
    let dir = folder();
    for (dialogues, purpose, recall) in [(200, "kto", "0.8"), (500, "all", "0.9"), (900, "kto", "0.9")] {
        let input = labelled(dir.path(), &format!("{dialogues}.jsonl"), dialogues, 9);
        let args = ["eval", &input, "--labels", "--cascade", "--for", purpose, "--recall", recall, "--json"];
        let report = rejoinder(&args).expect(0).json();
        let figures = &report["strategies"]["loop"];
        let asked = figures["sent_share"].as_f64().unwrap() * report["turns"].as_f64().unwrap();
        let forecast = &figures["forecast"];
        let expected: u64 = ["by_score", "samples", "audit"].map(|name| figure(forecast, name)).iter().sum();
        let ratio = asked / expected as f64;
        assert!((0.66..1.5).contains(&ratio), "{dialogues}: {asked} asked, {forecast}");
    }
}

#[test]
fn the_score_learns_from_the_answers_and_the_recall_is_kept() {
    let dir = folder();
    let input = write(dir.path(), "in.jsonl", dialogues_with_hidden_thanks(2_000));
    for form in ["json", "label"] {
        let server = Server::start(by_rule);
        let config = format!("format = 1\n{}answer = \"{form}\"\n", judge(&server));
        let config = write(dir.path(), &format!("{form}.toml"), config);
        let run = |name: &str, calls: &[&str], code: i32| {
            let out = text(&dir.path().join(format!("{form}-{name}")));
            let args = ["run", &input, "--config", &config, "--recall", "0.8", "--seed", "4", "--out", &out];
            let ended = rejoinder(&[&args[..], calls, &["--json"]].concat()).expect(code);
            (Path::new(&out).to_owned(), ended)
        };
        let (whole, ended) = run("whole", &[], 0);
        assert!(ended.stderr.contains("the score has learned from"), "{}", ended.stderr);
        let asked = server.requests() as u64;
        let summary = ended.json();
        assert_funnel_adds_up(&summary);
        let turns = figure(&summary, "turns");
        let needed = |purpose: &str| summary["curves"][purpose][3]["turns"].as_u64().unwrap();
        assert!(
            needed("sft") < needed("all") && needed("all") < turns,
            "what other purposes take: {summary}"
        );
        assert!(asked < turns * 6 / 10, "{asked} of {turns}: {}", ended.stderr);
        // No turn was paid for twice, in whatever form: a request about several turns is one about turns not asked before.
        let prompts: std::collections::HashSet<String> =
            server.log().iter().filter(|r| !r.is_probe()).map(|r| r.prompt().to_owned()).collect();
        assert_eq!(prompts.len() as u64, asked);
        let before: Vec<String> =
            serde_json::from_slice(&std::fs::read(whole.join("asked.json")).unwrap()).unwrap();
        assert!(before.len() > 850, "{}", before.len());
        assert_eq!(figure(&summary, "undecided"), 0, "each answer is found, in whatever request it stands");
        // Of the feedback in the samples none is lost, wherever the cut lies.
        let found = std::fs::read_to_string(whole.join("judged/part-00000.jsonl")).unwrap();
        let positives = |line: &&str| {
            let row: Value = serde_json::from_str(line).unwrap();
            before.iter().any(|id| *id == row["id"])
        };
        assert!(found.lines().filter(positives).count() > 300);
        let truth = std::fs::read_to_string(&input).unwrap();
        let later = |line: &str| {
            let record: Value = serde_json::from_str(line).unwrap();
            let messages = &record["conversation"];
            [2, 4].iter().filter(|at| messages[**at]["content"].as_str().unwrap().contains("thank")).count()
        };
        let all: usize = truth.lines().map(later).sum();
        assert!(found.lines().count() * 10 >= all * 8, "{} of {all}", found.lines().count());
        let certificate: Value =
            serde_json::from_slice(&std::fs::read(whole.join("certificate.json")).unwrap()).unwrap();
        let certified = certificate["claims"][0]["recall"]["at_least"].as_f64().unwrap();
        assert!(certified > 0.7 && certified <= found.lines().count() as f64 / all as f64, "{certificate}");

        if form == "json" {
            continue;
        }
        // Stopped among the rounds and resumed, it comes to the same.
        let (halves, stopped) = run("halves", &["--calls", "700"], 4);
        assert!(stopped.stderr.contains("the budget is spent"), "{}", stopped.stderr);
        let out = text(&halves);
        rejoinder(&["resume", &out, "--calls", "100000"]).expect(0);
        for file in ["model.rjm", "asked.json", "certificate.json", "judged/part-00000.jsonl"] {
            let read = |run: &Path| std::fs::read(run.join(file)).unwrap();
            assert!(read(&whole) == read(&halves), "{file}");
        }
        let asked = server.requests();
        rejoinder(&["resume", &out]).expect(0);
        assert_eq!(server.requests(), asked, "a run that is done stays as it is");
        // A sampled turn says why it was asked about.
        let explained = rejoinder(&["explain", &out, &before[0]]).expect(0).stdout;
        assert!(explained.contains("was asked about it before"), "{explained}");
        rejoinder(&["audit", &out, "--min-recall", "0.5"]).expect(0);
    }
}
