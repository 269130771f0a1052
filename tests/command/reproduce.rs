//! `rejoinder reproduce-paper` on generated files of the schemas of LMSYS-Chat-1M and of the released data set.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::server::{Server, by_rule};
use crate::support::{folder, rejoinder, text, write};

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
