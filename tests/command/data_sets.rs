//! Data sets that `rejoinder export --dataset` writes: their schema, labels as their source, and how they are split.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::export::{agreed, export, exported, ids, run_over};
use crate::support::{folder, rejoinder, rows, text, write};

/// What Python's readers of data sets check them against.
const SCHEMA: &str = include_str!("../../engine/recipes/src/rejoinder_recipes/dataset.schema.json");

/// A corpus whose third part of answers is praised and another third blamed, by a column of labels and by nothing else. Records have
/// ids and openings in common: 240 dialogues with 200 ids and 160 openings.
pub fn corpus(dir: &Path) -> String {
    let record = |n: usize| {
        let (category, split) = (["UR5", "UR2", "none"][n % 3], ["train", "dev"][n / 200]);
        let said = [
            ("user", format!("Tell me about river number {}.", n % 160)),
            ("assistant", format!("{} {n}", "It is long. ".repeat(1 + n % 4))),
            ("user", format!("And the one after it, {n}?")),
            ("assistant", format!("It is short {n}.")),
        ];
        let said: Vec<_> = said.iter().map(|(role, text)| json!({ "role": role, "content": text })).collect();
        let labels = json!([{ "turn": 2, "category": category }]);
        json!({ "conversation_id": format!("c{}", n % 200), "split": split, "conversation": said, "labels": labels })
            .to_string()
    };
    write(dir, "corpus.jsonl", (0..240).map(record).collect::<Vec<_>>().join("\n"))
}

/// The metadata of a data set.
pub fn metadata(set: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(set.join("rejoinder.json")).unwrap()).unwrap()
}

pub fn openings(rows: &[Value]) -> BTreeSet<&str> {
    rows.iter().map(|row| row["opening"].as_str().unwrap()).collect()
}

/// The schema, ready to check values against its definitions.
struct Schema {
    compiler: boon::Compiler,
    schemas: boon::Schemas,
}

impl Schema {
    fn new() -> Self {
        let mut compiler = boon::Compiler::new();
        compiler.enable_format_assertions();
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        compiler.add_resource("set:///schema", schema).unwrap();
        Self { compiler, schemas: boon::Schemas::new() }
    }

    #[track_caller]
    fn expect(&mut self, definition: &str, value: &Value) {
        let place = format!("set:///schema#/$defs/{definition}");
        let compiled = self.compiler.compile(&place, &mut self.schemas).unwrap();
        if let Err(why) = self.schemas.validate(value, compiled) {
            panic!("{definition}: {why:#}: {value}");
        }
    }
}

/// Holds a data set to the schema and its metadata to its files. Returns the rows of its splits.
#[track_caller]
pub fn checked(set: &Path) -> BTreeMap<String, Vec<Value>> {
    let (mut schema, metadata) = (Schema::new(), metadata(set));
    schema.expect("metadata", &metadata);
    let task = metadata["task"].as_str().unwrap();
    let mut splits = BTreeMap::new();
    for (name, facts) in metadata["splits"].as_object().unwrap() {
        let path = set.join(facts["path"].as_str().unwrap());
        let found = rows(&path);
        if task != "pairs" {
            found.iter().for_each(|row| schema.expect(&format!("{task}_row"), row));
        }
        let hash = ring::digest::digest(&ring::digest::SHA256, &std::fs::read(&path).unwrap());
        let sha256 = hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let undesirable = found.iter().filter(|row| row["label"] == false).count();
        let mut categories = BTreeMap::new();
        if task != "random" {
            categories.extend(["UR1", "UR2", "UR3", "UR4", "UR5"].map(|category| (category, 0)));
        }
        for category in found.iter().filter_map(|row| row["category"].as_str()) {
            *categories.entry(category).or_default() += 1;
        }
        let expected = json!({
            "path": format!("data/{name}.jsonl"), "rows": found.len(), "desirable": found.len() - undesirable,
            "undesirable": undesirable, "conversations": ids(&found).len(), "categories": categories, "sha256": sha256,
        });
        assert_eq!(*facts, expected, "{name}");
        splits.insert(name.clone(), found);
    }
    splits
}

#[test]
fn every_data_set_keeps_to_the_schema_that_its_readers_check() {
    let dir = folder();
    let tools = run_over(dir.path(), "tests/data/export/tools.jsonl");
    let other = folder();
    let plain = run_over(other.path(), "tests/data/export/dialogues.jsonl");
    for (name, run, args) in [
        ("sft", &plain, "sft"),
        ("kto", &plain, "kto --validation 0.4 --seed 2 --cap model=4 --no-refusals"),
        ("unbalanced", &plain, "kto --unbalanced --source rule --min-score 0.9 --license cc0-1.0"),
        ("pairs", &plain, "pairs"),
        ("none", &plain, "sft --where model=none --validation 0.1"),
        ("tools", &tools, "kto --unbalanced --validation 0.2"),
        ("random", &tools, "random --rows 5 --validation 0.2"),
        ("many", &tools, "random --rows 500"),
    ] {
        let set = dir.path().join(name);
        let ended = export(run, &format!("{args} --dataset {}", text(&set))).expect(0);
        let splits = checked(&set);
        assert_eq!(splits["train"].is_empty(), name == "none", "{}", ended.stderr);
        // Readers refuse a split without rows, so the card names none.
        let card = std::fs::read_to_string(set.join("README.md")).unwrap();
        for (split, rows) in &splits {
            assert_eq!(card.contains(&format!("- split: {split}\n")), !rows.is_empty(), "{card}");
        }
        assert_eq!(splits.contains_key("validation"), args.contains("--validation") && name != "random");
    }
    let facts = metadata(&dir.path().join("unbalanced"));
    for (key, expected) in [
        ("labels", json!("run")),
        ("positive", json!(["UR5"])),
        ("negative", json!(["UR2", "UR3"])),
        ("sources", json!(["rule"])),
        ("min_score", json!(0.9)),
        ("license", json!("cc0-1.0")),
        ("style", json!("trl")),
        ("draw", json!(null)),
        ("judge", json!(null)),
    ] {
        assert_eq!(facts[key], expected, "{key}");
    }
    // Six answers are praised, four are blamed; one of the praised ones declines, and one stands in a record that is called toxic.
    let weight = facts["weights"]["desirable"].as_f64().unwrap();
    assert!((weight - 7.0 / 9.0).abs() < 1e-9 && facts["weights"]["undesirable"] == 1.0, "{facts}");
    let praised = &facts["checks"]["desirable"];
    let counts = ["rows", "refusals", "jailbreaks", "flagged"].map(|key| &praised[key]);
    assert_eq!(counts, [&json!(6), &json!(1), &json!(0), &json!(1)], "{praised}");
    assert_eq!(metadata(&dir.path().join("tools"))["checks"]["desirable"]["flagged"], json!(null));
}

#[test]
fn labels_take_the_place_of_what_the_run_found() {
    let dir = folder();
    let corpus = corpus(dir.path());
    let run = run_over(dir.path(), &corpus);
    assert!(exported(&run, "kto --unbalanced").is_empty());
    let set = dir.path().join("set");
    let told =
        export(&run, &format!("kto --unbalanced --labels --where split=train --dataset {}", text(&set)))
            .expect(0);
    assert!(told.stderr.contains("left out: 26 labelled feedback not split=train"), "{}", told.stderr);
    let train = checked(&set).remove("train").unwrap();
    let praised: Vec<_> = train.iter().filter(|row| row["label"] == true).collect();
    assert_eq!((praised.len(), train.len()), (67, 134));
    assert!(praised.iter().all(|row| row["category"] == "UR5" && row["feedback_turn"] == 1));
    let facts = metadata(&set);
    assert_eq!((&facts["labels"], &facts["sources"]), (&json!("records"), &json!([])));
    let card = std::fs::read_to_string(set.join("README.md")).unwrap();
    assert!(
        card.contains("# Labelled feedback in passing") && card.contains("* labels: the records' own"),
        "{card}"
    );

    // A file beside the corpus comes before the records' own labels, and says so.
    let labels = write(
        dir.path(),
        "labels.jsonl",
        "{\"conversation_id\":\"c90\",\"labels\":[{\"feedback_turn\":1,\"category\":\"UR5\"}]}\n\
         {\"conversation_id\":\"c91\",\"labels\":[{\"turn\":2,\"category\":\"none\"}]}\n",
    );
    let told = export(&run, &format!("sft --label-file {labels} --dataset {}", text(&set))).expect(0).stderr;
    assert!(told.contains("238 records were left out for want of labels"), "{told}");
    let train = checked(&set).remove("train").unwrap();
    assert_eq!(ids(&train), BTreeSet::from(["c90"]));
    assert_eq!(metadata(&set)["labels"], "file");
    let none = export(&run, &format!("sft --label-file {labels} --where split=dev --out -")).expect(0);
    assert!(none.stderr.contains("though the input holds 1 labelled feedback"), "{}", none.stderr);
}

#[test]
fn without_any_label_there_is_no_success() {
    let dir = folder();
    let run = run_over(dir.path(), "tests/data/export/dialogues.jsonl");
    let others = write(
        dir.path(),
        "others.jsonl",
        "{\"conversation_id\":\"of-another-corpus\",\"labels\":[{\"turn\":2,\"category\":\"UR5\"}]}\n",
    );
    let set = text(&dir.path().join("set"));
    for task in ["sft", "kto", "pairs"] {
        let own = export(&run, &format!("{task} --labels --dataset {set}")).expect(2);
        assert!(own.stderr.contains("no labelled turn was found in the input"), "{}", own.stderr);
        let file = export(&run, &format!("{task} --label-file {others} --dataset {set}")).expect(2);
        assert!(file.stderr.contains("(such as `of-another-corpus`)"), "{}", file.stderr);
    }
    assert!(!Path::new(&set).exists());
    for wrong in [
        "--labels --source judge",
        "--labels --min-score 0.5",
        "--label-file no/such/file",
        &format!("--label-file {others} --source rule"),
    ] {
        export(&run, &format!("sft --out - {wrong}")).expect(2);
    }
}

#[test]
fn reviews_of_a_run_are_trained_on_as_the_run_itself_would_be() {
    let dir = folder();
    let run = run_over(dir.path(), "tests/data/export/dialogues.jsonl");
    let tasks = export(&run, "review --for label-studio --out -").expect(0).json();
    let reviewed = write(dir.path(), "reviewed.json", agreed(&tasks).to_string());
    let labels = text(&dir.path().join("labels.jsonl"));
    rejoinder(&["import-labels", &reviewed, "--from", "label-studio", "--out", &labels]).expect(0);
    for task in ["sft", "kto --unbalanced", "pairs"] {
        assert_eq!(exported(&run, &format!("{task} --label-file {labels}")), exported(&run, task), "{task}");
    }
}

#[test]
fn conversations_that_open_alike_have_one_opening_and_others_have_others() {
    let dir = folder();
    let chat = |id: &str, said: &[&str]| {
        let roles = ["user", "assistant"].into_iter().cycle();
        let said: Vec<_> =
            said.iter().zip(roles).map(|(text, role)| json!({ "role": role, "content": text })).collect();
        json!({ "id": id, "messages": said }).to_string()
    };
    let begun = ["Name a lake.", "Baikal.", "Thank you!"];
    let on = [&begun[..], &["You are welcome.", "Thank you so much!"]].concat();
    let chats = [
        chat("begun", &begun),
        chat("on", &on),
        chat("other-answer", &["Name a lake.", "Erie.", "Thank you!"]),
        chat("other", &["Name a lake!", "Baikal.", "Thank you!"]),
    ];
    let input = write(dir.path(), "chats.jsonl", chats.join("\n"));
    let run = run_over(dir.path(), &input);
    for style in ["trl", "axolotl", "llamafactory"] {
        for task in ["sft", "kto"] {
            let found = exported(&run, &format!("{task} --style {style} --keep-duplicates"));
            let opening = |id: &str| {
                let of = found.iter().filter(|row| row["conversation_id"] == id);
                of.map(|row| row["opening"].as_str().unwrap()).collect::<BTreeSet<_>>()
            };
            assert_eq!(opening("on").len(), 1);
            assert_eq!(opening("on"), opening("other-answer"));
            assert!(opening("on").is_disjoint(&opening("other")));
            assert!(openings(&found).iter().all(|hash| hash.len() == 32), "{found:?}");
        }
    }
}

#[test]
fn what_is_held_out_shares_no_opening_and_no_id_and_is_not_balanced() {
    let dir = folder();
    let corpus = corpus(dir.path());
    let run = run_over(dir.path(), &corpus);
    for seed in 0..3 {
        let set = dir.path().join(format!("set-{seed}"));
        let args =
            format!("kto --labels --negative UR2 --validation 0.3 --seed {seed} --dataset {}", text(&set));
        let told = export(&run, &args).expect(0).stderr;
        let splits = checked(&set);
        let (train, held_out) = (&splits["train"], &splits["validation"]);
        assert!(openings(train).is_disjoint(&openings(held_out)));
        assert!(ids(train).is_disjoint(&ids(held_out)));
        let count = |rows: &[Value], label: bool| rows.iter().filter(|row| row["label"] == label).count();
        assert_eq!(count(train, true), count(train, false));
        let all = export(&run, &args.replace("kto ", "kto --force --unbalanced ")).expect(0).stderr;
        assert_eq!(checked(&set)["validation"], *held_out, "{all}");
        let whole = checked(&set)["train"].len() + held_out.len();
        let torn = "labelled feedback held out, of a conversation with other rows to train on";
        let torn: usize = all
            .lines()
            .filter_map(|line| {
                line.strip_prefix("left out: ")?.strip_suffix(torn)?.trim().parse::<usize>().ok()
            })
            .sum();
        assert!(torn > 0 && told.contains("held out for validation"), "{all}");
        assert_eq!(whole + torn, 160, "{all}");
        // The other exports hold out the same.
        let sft = dir.path().join(format!("sft-{seed}"));
        export(&run, &args.replace("kto ", "sft ").replace(&text(&set), &text(&sft))).expect(0);
        let sft = checked(&sft);
        assert!(openings(&sft["train"]).is_disjoint(&openings(held_out)));
        assert!(openings(&sft["validation"]).is_disjoint(&openings(train)));
    }
}
