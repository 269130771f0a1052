//! What is said of a corpus that grows: what the certificate of the night before covers, and whether the new turns are unlike the others.

use serde_json::Value;

use crate::nights::{Corpus, later_turns, nights};
use crate::support::{dialogues_with_hidden_thanks, figure, rejoinder, text};

#[test]
fn a_kept_recall_goes_on_with_its_cut_and_model_and_its_certificate_says_what_it_covers() {
    let [monday, tuesday, wednesday] = nights([2_000, 200, 10]);
    let corpus = Corpus::with("answer = \"letters\"\n");
    let (m, t) = (corpus.write("m.jsonl", &monday), corpus.write("t.jsonl", &tuesday));
    corpus.run("monday", &[&m], &["--recall", "0.8", "--seed", "4"]).expect(0);
    let before = corpus.server.requests();
    let summary = corpus.run_after("monday", "tuesday", &[&t], &[]).expect(0).json();
    assert_eq!(figure(&summary, "undecided"), 0, "{summary}");
    let asked = corpus.asked(before);
    let new = later_turns(&tuesday);
    assert!(asked.iter().all(|turn| new.contains(turn)), "a turn of Monday was asked about again");
    assert!(!corpus.path("tuesday/certificate.json").exists(), "nobody asked for an audit");
    let (then, now) = (corpus.manifest("monday"), corpus.manifest("tuesday"));
    assert_eq!(now["config"]["cascade"], then["config"]["cascade"]);
    assert_eq!(now["config"]["plugin"], then["config"]["plugin"]);
    let read = |run: &str, file: &str| std::fs::read(corpus.path(run).join(file)).unwrap();
    assert_eq!(read("monday", "model.rjm"), read("tuesday", "model.rjm"));
    assert_eq!(read("monday", "asked.json"), read("tuesday", "asked.json"));
    let says = summary["after"]["says"].to_string();
    let folder = text(&corpus.path("monday"));
    for said in [
        format!("The certificate of {folder} is about its 4,000 later turns: at least 0."),
        "It does not cover the 400 new turns: `rejoinder audit ".to_owned(),
    ] {
        assert!(says.contains(&said), "{said}: {says}");
    }
    let run = text(&corpus.path("tuesday"));
    rejoinder(&["resume", &run]).expect(0);
    rejoinder(&["report", &run]).expect(0);
    let page = std::fs::read_to_string(corpus.path("tuesday/report.html")).unwrap();
    let told = |kind: &str| rejoinder(&["report", &run, kind]).expect(0).stdout;
    for report in [page, told("--json"), told("--markdown")] {
        assert!(report.contains("It does not cover the 400 new turns"), "{report}");
    }
    let report = rejoinder(&["report", &run, "--json", "--anonymous"]).expect(0).stdout;
    assert!(!report.contains(&folder) && report.contains("The certificate of EARLIER is about"), "{report}");
    // Without Monday's folder, whose model and replies are the run's own by now, a night more: the certificate is still Monday's.
    std::fs::rename(corpus.path("monday"), corpus.path("away")).unwrap();
    let w = corpus.write("w.jsonl", &wednesday);
    let summary = corpus.run_after("tuesday", "wednesday", &[&w], &[]).expect(0).json();
    let says = summary["after"]["says"].to_string();
    assert!(says.contains("does not cover the 420 new turns") && says.contains(&folder), "{says}");
    // Another recall takes another search.
    let refused = corpus.run_after("tuesday", "other", &[&w], &["--recall", "0.9"]).expect(2);
    assert!(refused.stderr.contains("begin a run without --after"), "{}", refused.stderr);
    // An audit covers all.
    let run = text(&corpus.path("wednesday"));
    let told = rejoinder(&["audit", &run, "--rejected", "30", "--accepted", "30"]).expect(0).stderr;
    assert!(told.contains("is about all of its 4,420 later turns, those that came in as well"), "{told}");
    let summary = rejoinder(&["resume", &run, "--json"]).expect(0).json();
    assert!(summary["after"]["says"].to_string().contains("about all of its 4,420 later turns"), "{summary}");
}

#[test]
fn a_corpus_that_has_drifted_is_told_and_one_that_has_not_is_none() {
    let [monday, alike, few] = nights([150, 150, 5]);
    let corpus = Corpus::with("");
    // The same dialogues, by people who write more at a time.
    let later = dialogues_with_hidden_thanks(450);
    let longer = later.lines().skip(300).map(|line| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        for message in record["conversation"].as_array_mut().unwrap() {
            let longer = message["content"].as_str().unwrap().repeat(9);
            message["content"] = longer.into();
        }
        format!("{record}\n")
    });
    let longer: String = longer.collect();
    let m = corpus.write("m.jsonl", &monday);
    corpus.run("monday", &[&m], &["--offline"]).expect(0);
    for (name, lines, drifted, said) in [
        ("alike", &alike, Some(0), "The new turns are not unlike the others"),
        ("few", &few, None, "Too few turns stand on one side"),
        ("longer", &longer, Some(1), "came in."),
    ] {
        let file = corpus.write(&format!("{name}.jsonl"), lines);
        let summary = corpus.run_after("monday", name, &[&file], &["--offline"]).expect(0).json();
        let found = summary["after"]["drift"].as_array().map(|found| found.len().min(1));
        assert_eq!(found, drifted, "{summary}");
        assert!(summary["after"]["says"].to_string().contains(said), "{said}: {summary}");
        let remarks = summary["remarks"].as_array().unwrap();
        let drift = remarks.iter().find(|remark| remark["name"] == "drift");
        assert_eq!(drift.is_some(), drifted == Some(1), "{summary}");
        let is_told = |remark: &Value| {
            let text = remark["text"].as_str().unwrap();
            text.contains("of the later turns have at most") && text.contains("rejoinder audit")
        };
        assert!(drift.is_none_or(is_told), "{summary}");
    }
}
