//! `rejoinder reproduce-paper` on generated files of the schemas of LMSYS-Chat-1M and of the released data set.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::server::{Server, by_rule};
use crate::support::{figure, folder, rejoinder, text, write};

/// A folder with 40 conversations: each is thanked for once and contradicted once, which the server finds, and the released
/// rows know of the thanks alone, except for every fourth, which they call a correction. Ten conversations are short.
pub fn copy(dir: &Path) -> String {
    let mut lines = String::new();
    let mut csv = "conversation_id,feedback_turn,category,label\n".to_owned();
    for number in 0..40 {
        let id = format!("{number:032x}");
        let mut conversation = vec![
            json!({ "content": format!("name river number {number}"), "role": "user" }),
            json!({ "content": "It is the Elbe.", "role": "assistant" }),
            json!({ "content": "oh many thanks for this one, it is what my uncle meant", "role": "user" }),
        ];
        if number >= 10 {
            conversation.push(json!({ "content": "Gladly.", "role": "assistant" }));
            conversation.push(json!({ "content": "no, my uncle meant the other one", "role": "user" }));
            let (category, label) = if number % 4 == 0 { ("UR2", -1) } else { ("UR5", 1) };
            csv += &format!("{id},1,{category},{label}\n");
        }
        let record = json!({
            "conversation_id": id, "model": "vicuna-13b", "conversation": conversation, "turn": 2, "language": "English",
            "openai_moderation": [], "redacted": false,
        });
        lines += &(record.to_string() + "\n");
    }
    // A row about a conversation that this copy does not hold.
    csv += "ffffffffffffffffffffffffffffffff,3,UR4,-1\n";
    let folder = dir.join("lmsys");
    std::fs::create_dir(&folder).unwrap();
    write(&folder, "train-00000.jsonl", lines);
    write(&folder, "dataset_extraction.csv", csv);
    text(&folder)
}

fn agreement(page: &Value, category: usize) -> &Value {
    &page["agreement"][category - 1]
}

#[test]
fn a_run_is_set_beside_what_was_released() {
    let dir = folder();
    let copy = copy(dir.path());
    let server = Server::start(by_rule);
    let rules = write(
        dir.path(),
        "none.toml",
        "format = 1\nlang = [\"en\"]\n[[rule]]\nid = \"en.any\"\nroute = \"escalate\"\ncategory = \"UR4\"\nany = [\"uncle\"]\n",
    );
    let asking = format!(
        "format = 1\nplugin = []\n[rules]\npacks = [{rules:?}]\n[judge]\nbase-url = {:?}\nmodel = \"test-model\"\nanswer = \"label\"\n",
        server.base_url()
    );
    let config = write(dir.path(), "judge.toml", asking);
    let run = text(&dir.path().join("run"));
    let page =
        rejoinder(&["reproduce-paper", &copy, "--config", &config, "--out", &run, "--json"]).expect(0).json();
    assert_eq!((&page["conversations"], &page["released_conversations"]), (&json!(30), &json!(31)));
    assert_eq!((&page["found_conversations"], &page["possible_conversations"]), (&json!(30), &json!(30)));
    // 30 thanks and 30 corrections are found; of the thanks, 7 are released as corrections.
    assert_eq!(
        *agreement(&page, 5),
        json!({ "released": 23, "same": 23, "other": 0, "waiting": 0, "none": 0, "only_here": 0 })
    );
    assert_eq!(
        *agreement(&page, 2),
        json!({ "released": 7, "same": 0, "other": 7, "waiting": 0, "none": 0, "only_here": 30 })
    );
    assert_eq!(agreement(&page, 4)["none"], 1, "not in this copy");
    assert_eq!((&page["run"]["requests"], &page["run"]["paper_requests"]), (&json!(60), &json!(30)));

    // The run is a run like others: compared again it is the same page, without a call.
    let asked = server.requests();
    let again = rejoinder(&["reproduce-paper", &copy, "--run", &run]).expect(0).stdout;
    assert_eq!(server.requests(), asked);
    assert!(again.contains("30 (100.0 %)") && again.contains("UR5"), "{again}");

    // Numbers of old copies are one higher; which they are must be said.
    let csv = Path::new(&copy).join("dataset_extraction.csv");
    let old = std::fs::read_to_string(&csv)
        .unwrap()
        .replace("UR5", "UR6")
        .replace("UR2", "UR3")
        .replace("UR4", "UR5");
    std::fs::write(&csv, old).unwrap();
    let renumbered = ["reproduce-paper", &copy, "--run", &run, "--numbering", "petrak", "--json"];
    let renumbered = rejoinder(&renumbered).expect(0).json();
    assert_eq!(renumbered["agreement"], page["agreement"]);
}

#[test]
fn without_a_judge_turns_wait_and_what_is_missing_is_named() {
    let dir = folder();
    let copy = copy(dir.path());
    let run = text(&dir.path().join("run"));
    let page = rejoinder(&["reproduce-paper", &copy, "--out", &run, "--json"]).expect(0).json();
    let of = |name: &str| agreement(&page, 5)[name].as_u64().unwrap();
    assert_eq!(of("same") + of("other") + of("waiting") + of("none"), of("released"));
    let csv = Path::new(&copy).join("dataset_extraction.csv");
    let twice = Path::new(&copy).join("another.csv");
    std::fs::copy(&csv, &twice).unwrap();
    let ended = rejoinder(&["reproduce-paper", &copy, "--run", &run]).expect(2);
    assert!(ended.stderr.contains("holds several .csv"), "{}", ended.stderr);
    std::fs::remove_file(&twice).unwrap();
    std::fs::write(&csv, "id,turn\n1,2\n").unwrap();
    let ended = rejoinder(&["reproduce-paper", &copy, "--run", &run]).expect(2);
    assert!(ended.stderr.contains("no column `conversation_id`"), "{}", ended.stderr);
    std::fs::remove_file(&csv).unwrap();
    let ended = rejoinder(&["reproduce-paper", &copy, "--run", &run]).expect(2);
    assert!(ended.stderr.contains("holds no .csv"), "{}", ended.stderr);
}

/// The figures of one of the ways to choose turns.
fn way<'p>(page: &'p Value, by: &str, recall: Option<f64>) -> &'p Value {
    let ways = page["without_server"]["ways"].as_array().unwrap();
    ways.iter().find(|way| way["by"] == by && way["wanted_recall"].as_f64() == recall).unwrap()
}

#[test]
fn the_released_rows_tell_without_a_server_what_rules_and_score_would_find() {
    let dir = folder();
    let copy = copy(dir.path());
    let run = text(&dir.path().join("run"));
    let page = rejoinder(&["reproduce-paper", &copy, "--out", &run, "--json"]).expect(0).json();
    let own = &page["without_server"];
    let figures =
        ["rows", "rows_here", "rows_elsewhere", "rows_without_turn", "turns"].map(|name| figure(own, name));
    assert_eq!(figures, [31, 30, 1, 0, 60]);
    // What the rules leave is what the run leaves.
    let rules = way(&page, "rules", None);
    assert_eq!(figure(rules, "asked"), figure(&page["run"], "undecided"));
    assert_eq!(figure(rules, "requests"), figure(&page["run"], "requests"));
    for recall in [0.8, 0.9] {
        let score = way(&page, "score", Some(recall));
        assert!(score["recall"].as_f64().unwrap() >= recall && score["has_hindsight"] == true, "{score}");
        assert!(figure(score, "asked") <= 60 && figure(score, "input_tokens") > 0, "{score}");
        let of = score["recall_by_category"].as_object().unwrap();
        assert!(of.keys().eq(["UR2", "UR5"]), "{score}");
    }
    let auc = own["auc"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&auc));
    let shown = rejoinder(&["reproduce-paper", &copy, "--run", &run]).expect(0);
    for words in ["without a server", "the paper's method", "score, recall 0.8 *", "is taken to"] {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.stdout);
    }
    assert_eq!(shown.stderr, "");
}

#[test]
fn the_copy_may_be_parquet_and_the_rows_json_lines() {
    let dir = folder();
    let [csv, lines] = ["rows.csv", "rows.jsonl"].map(|name| dir.path().join(name));
    let (a, b) = ("a".repeat(32), "b".repeat(32));
    let rows = [(&a, 1, "UR2", -1), (&a, 2, "UR5", 1), (&b, 1, "UR4", -1), (&b, 2, "UR3", -1)];
    let mut table = "conversation_id,feedback_turn,category,label\n".to_owned();
    let mut records = String::new();
    for (id, turn, category, label) in rows {
        table += &format!("{id},{turn},{category},{label}\n");
        let record =
            json!({ "conversation_id": id, "feedback_turn": turn, "category": category, "label": label });
        records += &format!("{record}\n");
    }
    std::fs::write(&csv, table).unwrap();
    std::fs::write(&lines, records).unwrap();
    let pages = [("parquet", &csv), ("parquet", &lines), ("jsonl", &csv)].map(|(kind, rows)| {
        let copy = dir.path().join(format!("{kind}-{}", rows.extension().unwrap().display()));
        std::fs::create_dir(&copy).unwrap();
        std::fs::copy(format!("tests/data/formats/lmsys.{kind}"), copy.join(format!("train.{kind}")))
            .unwrap();
        let run = text(&copy.join("run"));
        let args = ["reproduce-paper", &text(&copy), "--csv", &text(rows), "--out", &run, "--json"];
        rejoinder(&args).expect(0).json()
    });
    let own = &pages[0]["without_server"];
    // The last row is about an answer that nothing follows.
    let figures =
        ["rows", "rows_here", "rows_elsewhere", "rows_without_turn", "turns"].map(|name| figure(own, name));
    assert_eq!(figures, [4, 3, 0, 1, 3]);
    assert!(pages.iter().all(|page| page["without_server"] == *own), "{pages:?}");
    let ended = rejoinder(&["reproduce-paper", "tests", "--csv", "rows.parquet"]).expect(2);
    assert!(ended.stderr.contains("to_csv"), "{}", ended.stderr);
}

#[test]
fn rows_that_say_nothing_about_the_corpus_are_refused_before_anybody_is_asked() {
    let dir = folder();
    let copy = copy(dir.path());
    let server = Server::start(by_rule);
    let asking = format!("format = 1\n[judge]\nbase-url = {:?}\nmodel = \"test-model\"\n", server.base_url());
    let config = write(dir.path(), "judge.toml", asking);
    let refused = |rows: &str, more: &[&str]| {
        let table = write(dir.path(), "rows.csv", rows);
        let run = dir.path().join("run");
        let out = text(&run);
        let mut args = vec!["reproduce-paper", &copy, "--csv", &table, "--config", &config, "--out", &out];
        args.extend(more);
        let ended = rejoinder(&args).expect(2);
        assert!(server.all_requests() == 0 && !run.exists(), "nothing is asked, nothing is left");
        ended.stderr
    };
    let head = "conversation_id,feedback_turn,category,label";
    let foreign = refused(&format!("{head}\nffff,1,UR2,-1\n"), &[]);
    assert!(foreign.contains("of 1 row none is about a conversation"), "{foreign}");
    assert!(foreign.contains("`ffff`") && foreign.contains("lmsys/lmsys-chat-1m"), "{foreign}");
    let id = format!("{:032x}", 12);
    let beyond = refused(&format!("{head}\n{id},9,UR2,-1\n"), &[]);
    assert!(beyond.contains("exchanges, from 1"), "{beyond}");
    // Another numbering shows in a code that only the other one has, and in signs.
    let mut old = format!("{head}\n");
    (10..40).for_each(|number| old += &format!("{number:032x},1,UR3,-1\n{number:032x},2,UR5,-1\n"));
    let renumber = refused(&old, &[]);
    assert!(renumber.contains("--numbering petrak"), "{renumber}");
    let coded = refused(&format!("{head}\n{id},1,UR6,1\n"), &[]);
    assert!(coded.contains("--numbering petrak"), "{coded}");
    let new = refused(&format!("{head}\n{id},1,UR5,1\n{id},2,UR1,-1\n"), &["--numbering", "petrak"]);
    assert!(new.contains("--numbering paper"), "{new}");
    let junk = refused(&format!("{head}\n{id},x,UR1,-1\n{id},1,\u{1b}[31mUR9,-1\n"), &[]);
    assert!(junk.contains("2 were left out") && junk.contains("feedback_turn `x`"), "{junk}");
    assert!(!junk.contains('\u{1b}'), "{junk:?}");
    // A few odd rows are left out, and said.
    let mut mostly = format!("{head}\n{id},1,nonsense,-1\n");
    (10..40).for_each(|number| mostly += &format!("{number:032x},1,UR5,1\n"));
    let table = write(dir.path(), "mostly.csv", mostly);
    let run = text(&dir.path().join("made"));
    let ended = rejoinder(&["reproduce-paper", &copy, "--csv", &table, "--out", &run, "--json"]).expect(0);
    assert!(
        ended.stderr.contains("1 row left out") && ended.stderr.contains("`nonsense`"),
        "{}",
        ended.stderr
    );
    assert_eq!(figure(&ended.json()["without_server"], "rows_here"), 30);
}

#[test]
fn a_copy_without_long_conversations_is_refused() {
    let dir = folder();
    let short = dir.path().join("short");
    std::fs::create_dir(&short).unwrap();
    let messages = json!([{ "role": "user", "content": "a" }, { "role": "assistant", "content": "b" }]);
    write(&short, "a.jsonl", json!({ "conversation_id": "x", "conversation": messages }).to_string() + "\n");
    write(&short, "rows.csv", "conversation_id,feedback_turn,category,label\nx,1,UR2,-1\n");
    let ended =
        rejoinder(&["reproduce-paper", &text(&short), "--out", &text(&dir.path().join("run"))]).expect(9);
    assert!(ended.stderr.contains("more than three messages"), "{}", ended.stderr);
}
