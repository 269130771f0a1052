//! The learned score from the command's side: trained, compared, calibrated, in force, and a recall kept in one go.

use std::path::Path;

use serde_json::{Value, json};

mod support;
use support::server::{Server, by_rule};
use support::{assert_funnel_adds_up, figure, folder, rejoinder, rows, text, write};

#[path = "../benches/corpus.rs"]
mod corpus;

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
    format!("[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n", server.base_url())
}

#[test]
fn what_was_trained_is_compared_and_put_in_force() {
    let dir = folder();
    let (train, test) =
        (labelled(dir.path(), "train.jsonl", 500, 3), labelled(dir.path(), "test.jsonl", 300, 4));
    let model = text(&dir.path().join("own.rjm"));
    let trained = rejoinder(&["train", &train, "--out", &model, "--json"]).expect(0).json();
    // A bare name, as people give it.
    let bare =
        support::command(&["train", &train, "--out", "again.rjm", "--json"]).current_dir(dir.path()).output();
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

    let cut = format!("{config}[cascade]\nreject-below = 0.01\n");
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
    assert!(explained.contains("its score is not below `reject-below`"), "{explained}");
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
    refused("", &["--for", "kto"], 2, "it takes a learned score");
    refused("for = \"sft\"\n", &[], 7, "it takes a learned score");
    refused("for = [\"UR7\"]\n", &[], 7, "expected all, sft, kto, or categories");
    refused("[cascade]\nreject-below = 0.1\n", &[], 7, "name one that gives probabilities");
    let scorer = "[[plugin]]\nname = \"scorer\"\n[cascade]\n";
    refused(&format!("{scorer}reject-below = 1.5\n"), &[], 7, "a cut is a probability");
    refused(&format!("{scorer}reject-below = 0.9\naccept-at = 0.1\n"), &[], 7, "must not be greater");
    refused(&format!("{scorer}recall = 1.0\n"), &[], 7, "between 0 and 1");
    refused("", &["--recall", "7", "--for", "kto"], 2, "between 0 and 1");
}
