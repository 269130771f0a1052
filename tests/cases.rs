//! What people bring, and its right value: a folder a case in `tests/data/cases`, with inputs and `expect.toml`. Whatever
//! stands there is checked; a new case needs no code.

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use serde_json::Value;
use support::{all_files, figure, folder, rejoinder, rows, text, write};

const CASES: &str = "tests/data/cases";

/// A case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Where such inputs come from, and what is odd in them.
    source: String,
    input: Vec<Input>,
}

/// One input of a case, and what is right.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Input {
    file: String,
    /// More arguments of the command.
    #[serde(default)]
    args: Vec<String>,
    format: Option<String>,
    conversations: Option<u64>,
    ids: Option<Vec<String>>,
    /// Messages of each conversation.
    messages: Option<Vec<usize>>,
    later_turns: Option<u64>,
    /// The category of all accepted turns.
    feedback: Option<BTreeMap<String, String>>,
    /// `feedback_turn` of the accepted ones, in order.
    turns: Option<Vec<u64>>,
    /// Spans that are found, among others.
    #[serde(default)]
    spans: Vec<String>,
    waiting: Option<u64>,
    repeated: Option<u64>,
    helpers: Option<u64>,
    joined: Option<u64>,
    mended: Option<u64>,
    wordless: Option<u64>,
    bad: Option<u64>,
    /// What the reasons of all bad records hold.
    reason: Option<String>,
    languages: Option<Vec<String>>,
    /// Texts of messages.
    #[serde(default)]
    text: BTreeMap<String, String>,
    /// Columns of the feedback's metadata; "null" is null.
    metadata: Option<Vec<BTreeMap<String, Value>>>,
    /// The completions of `export kto --unbalanced`, in any order.
    completions: Option<Vec<String>>,
    /// What stands in the prompts of `export sft`.
    #[serde(default)]
    prompts_hold: Vec<String>,
    /// Rows of `export kto --unbalanced` in each style.
    #[serde(default)]
    kto: BTreeMap<String, usize>,
}

fn check(case: &str, input: &Input) {
    let place = format!("{case}/{}", input.file);
    let dir = folder();
    // English alone: it is reading that is tried.
    let config = write(
        dir.path(),
        "c.toml",
        "format = 1\n[rules]\npacks = [\"en\"]\n[[plugin]]\nname = \"rephrase\"\n[[plugin]]\nname = \"context\"\n",
    );
    let path = format!("{CASES}/{place}");
    let args = |verb: &[&str]| -> Vec<String> {
        let all = verb.iter().copied().chain([&*path, "--config", &config, "--json"]);
        all.map(str::to_owned).chain(input.args.iter().cloned()).collect()
    };
    let looked = rejoinder(&args(&["inspect", "--dialogues", "100"])).expect(0).json();
    let out = text(&dir.path().join("run"));
    let summary = rejoinder(&args(&["run", "--offline", "--out", &out])).expect(0).json();
    let seen = format!("{place}: {looked}\n{summary}");
    let dialogues = looked["dialogues"].as_array().unwrap();
    let same = |key: &str, expected: Option<u64>| {
        if let Some(expected) = expected {
            assert_eq!(figure(&summary, key), expected, "{key} of {seen}");
        }
    };
    if let Some(format) = &input.format {
        assert_eq!(looked["files"][0]["format"], **format, "{seen}");
    }
    same("conversations", input.conversations);
    same("turns", input.later_turns);
    same("undecided", input.waiting);
    same("repeated", input.repeated);
    same("helpers", input.helpers);
    same("joined", input.joined);
    same("mended", input.mended);
    same("wordless", input.wordless);
    same("quarantined", input.bad.or(Some(0)));
    if let Some(reason) = &input.reason {
        let bad = looked["bad"].as_object().unwrap();
        assert!(bad.keys().all(|why| why.contains(reason)), "{seen}");
    }
    if let Some(ids) = &input.ids {
        let read: Vec<&str> = dialogues.iter().map(|d| d["conversation_id"].as_str().unwrap()).collect();
        assert_eq!(&read, ids, "{seen}");
    }
    if let Some(messages) = &input.messages {
        let read: Vec<usize> = dialogues.iter().map(|d| d["messages"].as_array().unwrap().len()).collect();
        assert_eq!(&read, messages, "{seen}");
    }
    if let Some(languages) = &input.languages {
        let read: Vec<&String> = looked["languages"].as_object().unwrap().keys().collect();
        assert_eq!(read, languages.iter().collect::<Vec<_>>(), "{seen}");
    }
    for (id, expected) in &input.text {
        let (conversation, message) = id.rsplit_once(':').unwrap();
        let dialogue = dialogues.iter().find(|d| d["id"] == *conversation).expect(&seen);
        assert_eq!(dialogue["messages"][message.parse::<usize>().unwrap()][1], **expected, "{seen}");
    }
    check_feedback(input, &out, &seen);
    check_exports(input, &out, &seen);
}

fn check_feedback(input: &Input, run: &str, seen: &str) {
    let parts = Path::new(run).join("parts");
    let found: Vec<Value> = match parts.exists() {
        true => all_files(&parts).iter().flat_map(|part| rows(part)).collect(),
        false => Vec::new(),
    };
    let word = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    if let Some(expected) = &input.feedback {
        let read: BTreeMap<String, String> =
            found.iter().map(|row| (word(row, "id"), word(row, "category"))).collect();
        assert_eq!(&read, expected, "{seen}");
    }
    if let Some(turns) = &input.turns {
        let read: Vec<u64> = found.iter().filter_map(|row| row["feedback_turn"].as_u64()).collect();
        assert_eq!(&read, turns, "{seen}");
    }
    for span in &input.spans {
        assert!(found.iter().any(|row| word(row, "span") == *span), "no `{span}` in {seen}");
    }
    if let Some(metadata) = &input.metadata {
        let mut of: BTreeMap<String, Value> = BTreeMap::new();
        found.iter().for_each(|row| drop(of.insert(word(row, "conversation_id"), row["metadata"].clone())));
        assert_eq!(of.len(), metadata.len(), "{seen}");
        for (read, expected) in of.values().zip(metadata) {
            for (column, value) in expected {
                let value = if value == "null" { &Value::Null } else { value };
                assert_eq!(read.get(column), Some(value), "{column} of {seen}");
            }
        }
    }
}

fn check_exports(input: &Input, run: &str, seen: &str) {
    let export = |args: &[&str]| -> Vec<Value> {
        let file = format!("{run}/export.jsonl");
        let all: Vec<&str> = ["export"]
            .into_iter()
            .chain(args.iter().copied())
            .chain([run, "--out", &file, "--force"])
            .collect();
        rejoinder(&all).expect(0);
        rows(Path::new(&file))
    };
    if let Some(completions) = &input.completions {
        let kto = export(&["kto", "--unbalanced"]);
        let mut read: Vec<&str> =
            kto.iter().map(|row| row["completion"][0]["content"].as_str().unwrap()).collect();
        let mut expected: Vec<&str> = completions.iter().map(String::as_str).collect();
        read.sort_unstable();
        expected.sort_unstable();
        assert_eq!(read, expected, "{seen}");
    }
    if !input.prompts_hold.is_empty() {
        let prompts = export(&["sft"]).iter().map(|row| row["prompt"].to_string()).collect::<String>();
        for expected in &input.prompts_hold {
            assert!(prompts.contains(expected), "no `{expected}` in {prompts}\n{seen}");
        }
    }
    for (style, count) in &input.kto {
        assert_eq!(export(&["kto", "--unbalanced", "--style", style]).len(), *count, "{style} of {seen}");
    }
    // Nothing that nobody said is taught.
    if !input.feedback.as_ref().is_none_or(BTreeMap::is_empty) {
        for row in export(&["kto", "--unbalanced"]) {
            let row = row.to_string();
            for placeholder in ["[tool_", "[thinking]", "[audio", "[image", "[part]", "<think>"] {
                assert!(!row.contains(placeholder), "{placeholder} in {row}");
            }
        }
    }
}

fn main() {
    let mut folders: Vec<_> = std::fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let trial = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        Trial::test(name.clone(), move || {
            let expected = std::fs::read_to_string(path.join("expect.toml"))?;
            let case: Case = toml::from_str(&expected).map_err(|e| Failed::from(e.to_string()))?;
            assert!(!case.source.is_empty() && !case.input.is_empty());
            case.input.iter().for_each(|input| check(&name, input));
            Ok(())
        })
    };
    libtest_mimic::run(&Arguments::from_args(), folders.into_iter().map(trial).collect()).exit();
}
