//! `rejoinder export random`: exchanges of the corpus, drawn as its users see it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::data_sets::{checked, corpus, metadata, openings};
use crate::export::{export, exported, ids, run_over};
use crate::support::{folder, rows, text, write};

/// The last request and the answer of each row.
fn exchanges(rows: &[Value]) -> BTreeSet<[&str; 2]> {
    let last = |said: &'_ Value| said.as_array().unwrap().len() - 1;
    let words = |said| said[last(said)]["content"].as_str().unwrap();
    rows.iter().map(|row| [&row["prompt"], &row["completion"]].map(words)).collect()
}

/// How many rows have each length, by the digits of their characters: binary ones of the answer, and to base 4 of the prompt.
fn lengths(rows: &[Value]) -> BTreeMap<[u32; 2], usize> {
    let chars = |row: &Value, column: &str| {
        let said = row[column].as_array().unwrap().iter();
        said.map(|message| message["content"].as_str().unwrap().chars().count()).sum::<usize>()
    };
    let mut counts = BTreeMap::new();
    for row in rows {
        let [answer, prompt] = ["completion", "prompt"].map(|column| chars(row, column).ilog2());
        *counts.entry([answer, prompt / 2]).or_default() += 1;
    }
    counts
}

#[test]
fn a_draw_is_of_the_corpus_and_the_same_for_a_seed() {
    let dir = folder();
    let input = corpus(dir.path());
    let run = run_over(dir.path(), &input);
    let mut all = BTreeSet::new();
    let records = rows(input.as_ref());
    for record in &records {
        let said: Vec<&str> = record["conversation"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["content"].as_str().unwrap())
            .collect();
        all.extend([[said[0], said[1]], [said[2], said[3]]]);
    }
    let ended = export(&run, "random --rows 60 --out -").expect(0);
    assert!(
        ended.stderr.contains("60 rows of 480 exchanges, drawn and shuffled with seed 0"),
        "{}",
        ended.stderr
    );
    assert_eq!(export(&run, "random --rows 60 --out -").expect(0).stdout, ended.stdout);
    let drawn = exported(&run, "random --rows 60");
    assert!(exchanges(&drawn).len() == 60 && exchanges(&drawn).is_subset(&all));
    for row in &drawn {
        let columns: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(columns, ["completion", "conversation_id", "feedback_turn", "opening", "prompt"]);
    }
    // Last answers are drawn like others, and more rows are the same and more.
    let turns: BTreeSet<_> = drawn.iter().map(|row| row["feedback_turn"].as_u64().unwrap()).collect();
    assert_eq!(turns, BTreeSet::from([1, 2]));
    assert!(exchanges(&exported(&run, "random --rows 90")).is_superset(&exchanges(&drawn)));
    let other = exported(&run, "random --rows 60 --seed 1");
    assert!(exchanges(&other).is_subset(&all) && exchanges(&other) != exchanges(&drawn));
    assert_eq!(exchanges(&exported(&run, "random --rows 480")), all);
    // It can be written for other libraries, and into the run's folder.
    for style in ["axolotl", "llamafactory"] {
        let found = exported(&run, &format!("random --rows 3 --style {style}"));
        assert!(
            found.len() == 3
                && found.iter().all(|row| row["messages"].is_array() && row["category"].is_null())
        );
    }
    export(&run, "random --rows 3").expect(0);
    assert_eq!(rows(format!("{run}/random.jsonl").as_ref()).len(), 3);
    for wrong in [
        "",
        "--rows 0",
        "--rows 3 --like set",
        "--rows 3 --positive UR5",
        "--rows 3 --labels",
        "--rows 3 --validation 1",
    ] {
        export(&run, &format!("random --out - {wrong}")).expect(2);
    }
}

#[test]
fn a_draw_is_as_many_and_as_long_as_a_set() {
    let dir = folder();
    let run = run_over(dir.path(), &corpus(dir.path()));
    let [sft, set] = ["sft", "set"].map(|name| dir.path().join(name));
    export(&run, &format!("sft --labels --validation 0.2 --dataset {}", text(&sft))).expect(0);
    let like = checked(&sft).remove("train").unwrap();
    let file = sft.join("data/train.jsonl");
    for named in [&sft, &file] {
        let args = format!("random --like {} --validation 0.2 --dataset {}", text(named), text(&set));
        export(&run, &args).expect(0);
        let drawn = checked(&set).remove("train").unwrap();
        assert!(lengths(&like).len() > 2);
        assert_eq!(lengths(&drawn), lengths(&like));
        assert_ne!(exchanges(&drawn), exchanges(&like));
        let (facts, of_sft) = (metadata(&set), metadata(&sft));
        let draw = json!({ "wanted": like.len(), "pool": facts["draw"]["pool"], "lacking": 0,
            "like_sha256": of_sft["splits"]["train"]["sha256"] });
        assert_eq!((&facts["draw"], &facts["labels"]), (&draw, &json!(null)));
        assert_eq!([&facts["seed"], &facts["validation"]], [&of_sft["seed"], &of_sft["validation"]]);
    }
    let card = std::fs::read_to_string(set.join("README.md")).unwrap();
    assert!(card.contains("# Exchanges drawn at random") && !card.contains("| UR1 |"), "{card}");
    assert!(card.contains("hold out with `--validation 0.2 --seed 0` are left out"), "{card}");
    // A set that holds out other conversations is told of.
    let told = export(&run, &format!("random --like {} --out -", text(&sft))).expect(0).stderr;
    assert!(told.contains("holds out conversations by --validation 0.2 --seed 0"), "{told}");
}

#[test]
fn a_draw_holds_nothing_that_the_others_hold_out() {
    let dir = folder();
    let run = run_over(dir.path(), &corpus(dir.path()));
    for seed in 0..3 {
        let mut held_out = Vec::new();
        for task in ["sft", "kto"] {
            let set = dir.path().join(format!("{task}-{seed}"));
            let split = format!("--validation 0.3 --seed {seed}");
            export(&run, &format!("{task} --labels {split} --dataset {}", text(&set))).expect(0);
            held_out.extend(checked(&set).remove("validation").unwrap());
        }
        let ended =
            export(&run, &format!("random --rows 1000 --validation 0.3 --seed {seed} --out -")).expect(0);
        let drawn: Vec<Value> =
            ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(drawn.len() > 200 && held_out.len() > 20, "{} {}", drawn.len(), held_out.len());
        assert!(openings(&drawn).is_disjoint(&openings(&held_out)));
        assert!(ids(&drawn).is_disjoint(&ids(&held_out)));
        assert!(
            ended.stderr.contains("exchanges of conversations that are held out for validation"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn what_an_exchange_must_pass_is_asked_before_the_draw() {
    let dir = folder();
    let run = run_over(dir.path(), "tests/data/export/dialogues.jsonl");
    let all = exported(&run, "random --rows 100 --keep-duplicates");
    let held = ["toxic", "refusal", "benchmark", "twice-1", "twice-2", "plain"];
    assert!(ids(&all).is_superset(&BTreeSet::from(held)), "{:?}", ids(&all));
    assert!(!ids(&all).contains("greeting") && !ids(&all).contains("late-system"));
    for (filter, gone) in [
        ("--except toxic=true", "toxic"),
        ("--no-refusals", "refusal"),
        ("--max-chars 90", "benchmark"),
        ("--where model=m2", "plain"),
    ] {
        let left = exported(&run, &format!("random --rows 100 --keep-duplicates {filter}"));
        assert!(ids(&all).contains(gone) && !ids(&left).contains(gone) && !left.is_empty(), "{filter}");
    }
    let without_twins = exported(&run, "random --rows 100");
    assert!(ids(&without_twins).contains("twice-1") && !ids(&without_twins).contains("twice-2"));
    let other = folder();
    let tools = run_over(other.path(), "tests/data/export/tools.jsonl");
    assert!(ids(&exported(&tools, "random --rows 100")).contains("weather"));
    assert!(!ids(&exported(&tools, "random --rows 100 --tools drop-rows")).contains("weather"));
    let told = export(&run, "random --rows 100 --except toxic=true --out -").expect(0).stderr;
    assert!(told.contains("left out: 1 exchanges toxic=true"), "{told}");
    let none = export(&run, "random --rows 100 --where model=none --out -").expect(0).stderr;
    assert!(
        none.contains("No row was written, though the input holds") && none.contains("not model=none"),
        "{none}"
    );
}

#[test]
fn a_corpus_with_too_few_says_so() {
    let dir = folder();
    let run = run_over(dir.path(), &corpus(dir.path()));
    let set = dir.path().join("set");
    let told = export(&run, &format!("random --rows 500 --dataset {}", text(&set))).expect(0).stderr;
    let said = "The corpus has too few exchanges that pass the filters: 20 of 500 rows are missing.";
    assert!(told.contains(said), "{told}");
    assert_eq!(metadata(&set)["remarks"], json!([said]));
    assert_eq!(metadata(&set)["draw"]["lacking"], 20);
    let row = |answer: usize| {
        let said = |text: String| json!([{ "role": "user", "content": text }]);
        json!({ "prompt": said("q".repeat(30)), "completion": said("a".repeat(answer)) }).to_string()
    };
    let like: Vec<String> = [5000, 5000, 5000, 4, 100_000, 3_000_000, 14].into_iter().map(row).collect();
    let like = write(dir.path(), "like.jsonl", like.join("\n"));
    let told = export(&run, &format!("random --like {like} --out -")).expect(0).stderr;
    assert!(
        told.contains(
            "6 of 7 rows are missing: 3 with answers of 4096 to 8191 characters to prompts of 16 to 63;"
        ) && told.contains("; and others."),
        "{told}"
    );
}

#[test]
fn a_set_that_cannot_be_drawn_like_is_refused_with_its_place() {
    let dir = folder();
    let run = run_over(dir.path(), &corpus(dir.path()));
    let good = json!({ "prompt": [{ "role": "user", "content": "q" }], "completion": [{ "role": "assistant", "content": "a" }] });
    let axolotl = exported(&run, "sft --labels --style axolotl")[0].to_string();
    for (content, why) in [
        (String::new(), "it holds no row"),
        (format!("{good}\n{{\"prompt\":"), "line 2: EOF while parsing"),
        (format!("{good}\n\n[]\n"), "line 3: "),
        (axolotl, "line 1: no messages in `completion`"),
        ("{\"prompt\":\"\\u001b[31mq\",\"completion\":[]}".to_owned(), "line 1: no messages in `prompt`"),
        ("{\"prompt\":[{\"content\":\"\u{1b}]0;x\u{7}\"}],\"completion\":7}".to_owned(), "line 1: "),
    ] {
        let like = write(dir.path(), "like.jsonl", content);
        let told = export(&run, &format!("random --like {like} --out -")).expect(2).stderr;
        assert!(told.contains(&format!("'{like}' for '--like <SET>': {why}")), "{told}");
        assert!(
            told.contains("holds no row")
                || told.contains("as `export sft` and `export kto` write them for TRL"),
            "{told}"
        );
        assert!(!told.contains('\u{1b}') && !told.contains('\u{7}'), "{told:?}");
    }
    let like = write(dir.path(), "like.jsonl", b"{\"prompt\":[\xff]}");
    export(&run, &format!("random --like {like} --out -")).expect(2);
    let told = export(&run, &format!("random --like {} --out -", text(dir.path()))).expect(2).stderr;
    assert!(
        told.contains("Give a folder that `export --dataset` wrote, or a file of rows for TRL"),
        "{told}"
    );
}
