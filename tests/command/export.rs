//! `rejoinder export` as users see it: files byte by byte, filters, splits, cards; and labels that come back.
//!
//! `REJOINDER_BLESS=1` writes the expected files anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{DIALOGUES, Ended, all_files, folder, rejoinder, rows, text, write};

const FOLDER: &str = "tests/data/export";

/// A run over the dialogues of the folder, with its rules alone.
fn run(dir: &Path) -> String {
    run_over(dir, &format!("{FOLDER}/dialogues.jsonl"))
}

/// A run over an input, with the rules of the folder alone.
pub fn run_over(dir: &Path, input: &str) -> String {
    let rules = std::path::absolute(format!("{FOLDER}/rules.toml")).unwrap();
    let config = format!("format = 1\nplugin = []\n[rules]\npacks = [{rules:?}]\n[cascade]\nscore = false\n");
    let config = write(dir, "c.toml", config);
    let run = text(&dir.join("run"));
    rejoinder(&["run", input, "--config", &config, "--out", &run]).expect(0);
    run
}

/// An export, asked for by words with spaces between them.
pub fn export(run: &str, args: &str) -> Ended {
    let args: Vec<&str> = args.split_whitespace().collect();
    rejoinder(&[&["export", args[0], run], &args[1..]].concat())
}

/// The rows of an export, in no order.
pub fn exported(run: &str, args: &str) -> Vec<Value> {
    let ended = export(run, &format!("{args} --out -")).expect(0);
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The ids of the conversations of rows.
pub fn ids(rows: &[Value]) -> BTreeSet<&str> {
    rows.iter().map(|row| row["conversation_id"].as_str().unwrap()).collect()
}

/// Compares with the file `name` of the folder.
#[track_caller]
fn expect_file(name: &str, content: &str) {
    let path = Path::new(FOLDER).join("expected").join(name);
    if std::env::var_os("REJOINDER_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(content == expected, "{} differs:\n{content}", path.display());
}

#[test]
fn every_export_is_byte_for_byte_what_it_was() {
    let dir = folder();
    let run = run(dir.path());
    for (name, args) in [
        ("feedback.jsonl", "feedback"),
        ("sft.jsonl", "sft"),
        ("kto.jsonl", "kto"),
        ("pairs.jsonl", "pairs"),
        ("axolotl-sft.jsonl", "sft --style axolotl"),
        ("axolotl-kto.jsonl", "kto --style axolotl"),
        ("axolotl-pairs.jsonl", "pairs --style axolotl"),
        ("llamafactory-sft.jsonl", "sft --style llamafactory"),
        ("llamafactory-kto.jsonl", "kto --style llamafactory"),
        ("llamafactory-pairs.jsonl", "pairs --style llamafactory"),
        ("argilla.json", "review --for argilla"),
        ("label-studio.json", "review --for label-studio"),
    ] {
        expect_file(name, &export(&run, &format!("{args} --out -")).expect(0).stdout);
    }
}

#[test]
fn tools_stand_in_the_rows_of_every_style() {
    let dir = folder();
    let run = run_over(dir.path(), &format!("{FOLDER}/tools.jsonl"));
    for (name, args) in [
        ("trl-kto.jsonl", "kto"),
        ("trl-pairs.jsonl", "pairs"),
        ("axolotl-sft.jsonl", "sft --style axolotl"),
        ("axolotl-kto.jsonl", "kto --style axolotl"),
        ("llamafactory-kto.jsonl", "kto --style llamafactory"),
    ] {
        let ended = export(&run, &format!("{args} --unbalanced --out -")).expect(0);
        expect_file(&format!("tools/{name}"), &ended.stdout);
        assert_eq!(
            ended.stderr.contains("for which the style has no form"),
            name.starts_with("llama"),
            "{name}"
        );
    }
    let without = exported(&run, "kto --unbalanced --tools drop-rows");
    assert_eq!(ids(&without), BTreeSet::from(["greeted", "plain", "repeated"]));
}

#[test]
fn each_style_prints_the_configuration_that_it_needs() {
    let dir = folder();
    let run = run(dir.path());
    let out = text(&dir.path().join("out.jsonl"));
    for task in ["sft", "kto", "pairs"] {
        for style in ["trl", "axolotl", "llamafactory"] {
            let printed =
                export(&run, &format!("{task} --style {style} --out {out} --force")).expect(0).stdout;
            expect_file(&format!("{style}-{task}.txt"), &printed.replace(&out, "OUT"));
        }
    }
}

#[test]
fn a_data_set_has_a_card_and_splits_without_a_common_conversation() {
    let dir = folder();
    let run = run(dir.path());
    let set = dir.path().join("set");
    let args = format!(
        "kto --unbalanced --dataset {} --validation 0.3 --license cc-by-4.0 --except toxic=true --seed 3",
        text(&set)
    );
    let ended = export(&run, &args).expect(0);
    assert!(ended.stderr.contains("left out: 1 feedback toxic=true"), "{}", ended.stderr);
    let (train, validation) = (rows(&set.join("data/train.jsonl")), rows(&set.join("data/validation.jsonl")));
    assert!(!train.is_empty() && !validation.is_empty());
    assert!(ids(&train).is_disjoint(&ids(&validation)));
    let all = exported(&run, "kto --unbalanced --except toxic=true");
    assert_eq!(all.len(), train.len() + validation.len());
    expect_file("README.md", &std::fs::read_to_string(set.join("README.md")).unwrap());
    // An audited run says what it certifies.
    let certificate = json!({ "oracle": "the judge m|1", "for": "kto", "confidence": 0.95,
        "claims": [{ "name": "all", "recall": { "at_least": 0.9 }, "precision": { "at_least": 0.8 } }], "assumptions": ["looked once"] });
    std::fs::write(Path::new(&run).join("certificate.json"), certificate.to_string()).unwrap();
    export(&run, &args).expect(0);
    let card = std::fs::read_to_string(set.join("README.md")).unwrap();
    assert!(
        card.contains("| all | 0.900 | 0.800 |")
            && card.contains("the judge m\\|1")
            && card.contains("* looked once"),
        "{card}"
    );
    export(&run, "kto --validation 0.3").expect(2);
    export(&run, &format!("kto --dataset {} --license a:b", text(&set))).expect(2);
    export(&run, &format!("kto --dataset {} --validation 1.5", text(&set))).expect(2);
}

#[test]
fn nothing_is_left_out_or_joined_in_silence() {
    let dir = folder();
    let chat = |id: &str, said: &[(&str, &str)]| {
        let said: Vec<_> = said.iter().map(|(role, text)| json!({ "role": role, "content": text })).collect();
        json!({ "conversation_id": id, "messages": said }).to_string()
    };
    let [user, assistant, tool] = ["user", "assistant", "tool"];
    let thanks = (user, "Thank you!");
    let chats = [
        chat("greeted", &[(assistant, "Welcome!"), (user, "2+2?"), (assistant, "4"), thanks]),
        chat("joined", &[(user, "Hi."), (user, "2+3?"), (assistant, "5"), thanks]),
        chat("lost", &[(user, "Rain?"), (assistant, ""), (tool, "dry"), (assistant, "No."), thanks]),
        chat("after", &[(user, "Rain?"), (assistant, "I will look."), (tool, "dry"), thanks]),
    ];
    let run = run_over(dir.path(), &write(dir.path(), "chats.jsonl", chats.join("\n")));
    let set = dir.path().join("set");
    let told = export(&run, &format!("sft --dataset {}", text(&set))).expect(0).stderr;
    for remark in [
        "left out: 1 feedback after a tool's result without its call",
        "left out: 1 feedback about an answer that ends with a tool's result instead of words",
        "changed: 1 row, in which an opening greeting is left out",
        "changed: 1 row, in which neighbours of one role are joined",
        "2 rows, shuffled",
    ] {
        assert!(told.contains(remark), "{remark}: {told}");
    }
    let card = std::fs::read_to_string(set.join("README.md")).unwrap();
    assert!(
        card.contains("## Changed") && card.contains("| an opening greeting is left out | 1 |"),
        "{card}"
    );
    let told = export(&run, "sft --tools drop-rows --out -").expect(0).stderr;
    assert!(told.contains("left out: 2 feedback after or about the use of a tool"), "{told}");
    export(&run, "sft --tools no").expect(2);
}

#[test]
fn filters_leave_out_what_they_say() {
    let dir = folder();
    let run = run(dir.path());
    let blocked = write(dir.path(), "blocked.txt", "NINCOMPOOP\n");
    let benchmark = write(
        dir.path(),
        "benchmark.jsonl",
        "{\"question\": \"A train leaves the station at noon and travels sixty miles in one hour. How fast?\"}\n",
    );
    let all = exported(&run, "kto --unbalanced --keep-duplicates");
    assert!(ids(&all).is_superset(&BTreeSet::from(["toxic", "refusal", "benchmark", "twice-1", "twice-2"])));
    assert!(ids(&all).is_disjoint(&BTreeSet::from([
        "praised",
        "blamed",
        "both",
        "greeting",
        "late-system",
        "doubt"
    ])));
    for (filter, gone) in [
        ("--except toxic=true", "toxic"),
        ("--where toxic=false", "toxic"),
        (format!("--block {blocked}").as_str(), "toxic"),
        ("--no-refusals", "refusal"),
        (format!("--held-out {benchmark}").as_str(), "benchmark"),
        ("--max-chars 90", "benchmark"),
        ("--lang en --min-answer-chars 9", "system"),
        ("--positive UR4,UR5 --source plugin,judge", "sort"),
    ] {
        let left = exported(&run, &format!("kto --unbalanced --keep-duplicates {filter}"));
        assert!(!ids(&left).contains(gone), "{filter}");
        assert!(left.len() < all.len(), "{filter}");
    }
    assert!(ids(&exported(&run, "kto --unbalanced --positive UR4")).contains("doubt"));
    // What is blamed in one place is no model answer, though praised in another.
    assert!(ids(&exported(&run, "sft")).is_disjoint(&BTreeSet::from(["praised", "blamed"])));
    let without_twins = exported(&run, "kto --unbalanced");
    assert!(ids(&without_twins).contains("twice-1") && !ids(&without_twins).contains("twice-2"));
    let capped = exported(&run, "kto --unbalanced --cap model=2");
    assert_eq!(capped.len(), 4);
    // Where the labels are balanced, they alternate.
    let labels: Vec<_> = exported(&run, "kto").iter().map(|row| row["label"].as_bool().unwrap()).collect();
    assert!(labels.len() > 2 && labels.len().is_multiple_of(2));
    assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{labels:?}");
    for wrong in
        ["--cap model", "--where toxic", "--ngram 2", "--block no/such/file", "--positive UR2", "--lang xx"]
    {
        export(&run, &format!("kto --out - {wrong}")).expect(2);
    }
}

#[test]
fn the_table_points_at_the_same_text_in_every_count() {
    let dir = folder();
    let run = run(dir.path());
    let table = exported(&run, "feedback");
    let row = table.iter().find(|row| row["conversation_id"] == "emoji").unwrap();
    let turn = "🌟 Thank you, 谢谢!";
    let count = |name: &str| row[name].as_u64().unwrap() as usize;
    assert_eq!(&turn[count("span_start")..count("span_end")], row["span"]);
    let chars: String = turn
        .chars()
        .skip(count("span_start_char"))
        .take(count("span_end_char") - count("span_start_char"))
        .collect();
    assert_eq!(chars, row["span"].as_str().unwrap());
    let utf16: Vec<u16> = turn.encode_utf16().collect();
    let span = String::from_utf16(&utf16[count("span_start_utf16")..count("span_end_utf16")]).unwrap();
    assert_eq!(span, row["span"].as_str().unwrap());
    assert_eq!(row["metadata"], "{\"model\":\"m1\",\"toxic\":false}");
    // The old name of the export still works, and the file's name says the format.
    assert_eq!(exported(&run, "table"), table);
    let parquet = text(&dir.path().join("f.parquet"));
    export(&run, &format!("feedback --out {parquet}")).expect(0);
    assert!(std::fs::read(parquet).unwrap().starts_with(b"PAR1"));
}

/// What a reviewer who agrees with everything would export.
pub fn agreed(tasks: &Value) -> Value {
    let mut tasks = tasks.clone();
    for task in tasks.as_array_mut().unwrap() {
        if let Some(predictions) = task.get("predictions").cloned() {
            task["annotations"] = predictions;
        } else {
            let said = task["suggestions"]["label"]["value"].clone();
            task["responses"] = json!({ "label": [{ "value": said, "user_id": "u" }] });
        }
    }
    tasks
}

#[test]
fn reviewed_tasks_come_back_as_labels_that_agree_with_the_run() {
    let dir = folder();
    let run = run(dir.path());
    let corpus = format!("{FOLDER}/dialogues.jsonl");
    for reviewer in ["argilla", "label-studio"] {
        let tasks = export(&run, &format!("review --for {reviewer} --out -")).expect(0).json();
        let reviewed = write(dir.path(), "reviewed.json", agreed(&tasks).to_string());
        let labels = text(&dir.path().join("labels.jsonl"));
        rejoinder(&["import-labels", &reviewed, "--from", reviewer, "--out", &labels]).expect(0);
        let eval = rejoinder(&["eval", &run, "--label-file", &labels, "--json"]).expect(0).json();
        for figure in ["precision", "category_agreement"] {
            assert_eq!(eval[figure]["value"], 1.0, "{reviewer} {eval}");
            assert_eq!(eval[figure]["n"].as_u64().unwrap() as usize, exported(&run, "feedback").len());
        }
        // They were chosen because a run had found them: of what was missed they say nothing.
        for figure in ["recall", "f1", "candidate_recall", "accepted", "rejected_feedback"] {
            assert!(eval[figure].is_null(), "{reviewer} {figure}: {eval}");
        }
        let told = rejoinder(&["eval", &run, "--label-file", &labels]).expect(0).stdout;
        assert!(told.contains("were chosen because a run had found feedback in them"), "{told}");
        assert!(told.contains("rejoinder audit RUN"), "{told}");
        let curve = rejoinder(&["eval", &corpus, "--label-file", &labels, "--cascade"]).expect(2);
        assert!(curve.stderr.contains("no curve follows from them"), "{}", curve.stderr);
        // Tasks of others say nothing of how they were chosen.
        let others = write(
            dir.path(),
            "others.json",
            agreed(&tasks).to_string().replace("\"drawn\":\"found\"", "\"x\":1"),
        );
        let unknown = text(&dir.path().join("unknown.jsonl"));
        rejoinder(&["import-labels", &others, "--from", reviewer, "--out", &unknown]).expect(0);
        let eval = rejoinder(&["eval", &run, "--label-file", &unknown, "--json"]).expect(0).json();
        assert!(eval["recall"].is_null() && eval["precision"].is_null(), "{eval}");
        // Whole dialogues teach a score; a record for each feedback says nothing of what is none.
        let model = text(&dir.path().join("model.rjm"));
        let code = if reviewer == "argilla" { 2 } else { 0 };
        rejoinder(&["train", &corpus, "--label-file", &labels, "--out", &model]).expect(code);
        // One conversation holds no feedback, so nobody was asked about it.
        let audit = rejoinder(&["audit", &run, "--label-file", &labels]).expect(2);
        assert!(audit.stderr.contains("does not judge all of the"), "{}", audit.stderr);
    }
    let sample = export(&run, "review --for argilla --sample 3 --out -").expect(0).json();
    assert_eq!(sample.as_array().unwrap().len(), 3);
}

#[test]
fn turns_that_an_audit_draws_come_back_as_labels_that_certify_the_run() {
    let dir = folder();
    let run = run(dir.path());
    for reviewer in ["argilla", "label-studio"] {
        let told = export(
            &run,
            &format!("review --for {reviewer} --audit --accepted 4 --out {run}/{reviewer}.json"),
        )
        .expect(0);
        assert!(
            told.stderr.contains(&format!("rejoinder audit {run} --label-file labels.jsonl")),
            "{}",
            told.stderr
        );
        let tasks: Value =
            serde_json::from_str(&std::fs::read_to_string(format!("{run}/{reviewer}.json")).unwrap())
                .unwrap();
        // Whoever judges does not see what the run made of a turn.
        let shown = tasks.to_string();
        assert!(!shown.contains("\"predictions\"") && !shown.contains("\"label\""), "{tasks}");
        let untouched = write(dir.path(), "untouched.json", tasks.to_string());
        let none = rejoinder(&[
            "import-labels",
            &untouched,
            "--from",
            reviewer,
            "--out",
            &text(&dir.path().join("no")),
        ])
        .expect(9);
        assert!(none.stderr.contains("nobody has answered an entry yet"), "{}", none.stderr);
        assert!(!dir.path().join("no").exists());
        let mut judged = tasks.clone();
        for task in judged.as_array_mut().unwrap() {
            match reviewer {
                "argilla" => task["responses"] = json!({ "label": [{ "value": "NONE", "user_id": "u" }] }),
                _ => task["annotations"] = json!([{ "result": [] }]),
            }
        }
        let labels = text(&dir.path().join("labels.jsonl"));
        let import = |judged: &Value| {
            let file = write(dir.path(), "judged.json", judged.to_string());
            rejoinder(&["import-labels", &file, "--from", reviewer, "--out", &labels]).expect(0);
        };
        import(&judged);
        let certificate = rejoinder(&["audit", &run, "--label-file", &labels, "--json"]).expect(0).json();
        assert_eq!(certificate["draw"]["accepted"], 4, "{certificate}");
        let assumed = certificate["assumptions"].to_string();
        assert!(
            assumed.contains("Relative to these labels") && !assumed.contains("frozen model"),
            "{assumed}"
        );
        // Part of the turns stands for none of a corpus without the audit's own arithmetic.
        let eval = rejoinder(&["eval", &run, "--label-file", &labels, "--json"]).expect(0).json();
        assert!(eval["recall"].is_null() && eval["precision"].is_null(), "{eval}");
        let told = rejoinder(&["eval", &run, "--label-file", &labels]).expect(0).stdout;
        assert!(told.contains("were drawn by an audit"), "{told}");
        judged.as_array_mut().unwrap().pop();
        import(&judged);
        let lacking = rejoinder(&["audit", &run, "--label-file", &labels]).expect(2);
        assert!(lacking.stderr.contains("1 are missing, the first is message"), "{}", lacking.stderr);
        let other = export(&run, &format!("review --for {reviewer} --audit --accepted 5 --out -")).expect(2);
        assert!(other.stderr.contains("this run was audited by a draw of"), "{}", other.stderr);
    }
}

#[test]
fn an_input_that_was_changed_in_place_is_refused_by_all_that_read_it_again() {
    let dir = folder();
    let records = std::fs::read_to_string(format!("{FOLDER}/dialogues.jsonl")).unwrap();
    let input = write(dir.path(), "chats.jsonl", &records);
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", &input, "--out", &run]).expect(0);
    std::fs::write(&input, records.replacen("the", "thE", 1)).unwrap();
    for what in
        ["sft", "kto --unbalanced", "pairs", "kto --labels", "random --rows 3", "review --for argilla"]
    {
        let ended = export(&run, &format!("{what} --out -")).expect(7);
        assert!(ended.stderr.contains(&format!("input {input}: was")), "{what}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{what}");
    }
    export(&run, "feedback --out -").expect(0);
    // So it is by those that read its turns again to learn from them.
    let model = text(&dir.path().join("model.rjm"));
    for args in [&["calibrate", &run, "--labels"][..], &["train", &run, "--out", &model]] {
        let refused = rejoinder(args).expect(7).stderr;
        assert!(refused.contains(&format!("input {input}: was")), "{args:?}: {refused}");
    }
}

#[test]
fn two_conversations_of_one_id_are_no_tasks_whose_labels_come_back_by_it() {
    let dir = folder();
    let chat = |thanks: &str| {
        json!({ "id": "same", "messages": [
            { "role": "user", "content": "How far is it?" }, { "role": "assistant", "content": "Forty miles." },
            { "role": "user", "content": thanks },
        ] })
        .to_string()
    };
    let told = |name: &str, second: &str| {
        let input = write(dir.path(), name, chat("Thank you very much!") + "\n" + &chat(second));
        let run = text(&dir.path().join(format!("{name}-run")));
        rejoinder(&["run", &input, "--out", &run, "--no-join"]).expect(0);
        ["review --for argilla --out -", "review --for label-studio --audit --out -"]
            .map(|args| export(&run, args))
    };
    for ended in told("two.jsonl", "Thank you, that helped a lot!") {
        let ended = ended.expect(2);
        assert!(ended.stderr.contains("two different conversations have the id `same`"), "{}", ended.stderr);
    }
    told("twice.jsonl", "Thank you very much!").into_iter().for_each(|ended| drop(ended.expect(0)));
}

#[test]
fn html_in_a_chat_stays_text_where_a_program_for_review_shows_html() {
    let dir = folder();
    let html = "Thank you, that works perfectly! <img src=x onerror=alert(1)> & so on";
    let record = json!({ "id": "h", "messages": [
        { "role": "user", "content": "<b>bold</b>?" }, { "role": "assistant", "content": "<script>alert(2)</script>" },
        { "role": "user", "content": html },
    ] });
    let input = write(dir.path(), "html.jsonl", record.to_string());
    let out = text(&dir.path().join("html-run"));
    rejoinder(&["run", &input, "--out", &out]).expect(0);
    let fields = &export(&out, "review --for argilla --out -").expect(0).json()[0]["fields"];
    assert_eq!(
        fields["feedback"],
        "Thank you, that works perfectly! &lt;img src=x onerror=alert(1)&gt; &amp; so on"
    );
    assert_eq!(fields["chat"][1]["content"], "&lt;script&gt;alert(2)&lt;/script&gt;");
    // Label Studio shows paragraphs as text, and counts places in the text as it is.
    let task = &export(&out, "review --for label-studio --out -").expect(0).json()[0];
    assert_eq!(task["data"]["dialogue"][2]["text"], html);
}

#[test]
fn the_papers_labels_are_imported_by_the_numbering_that_is_said() {
    let dir = folder();
    let csv = write(
        dir.path(),
        "paper.csv",
        "conversation_id,feedback_turn,category,label\nsort,1,UR1,-1\nsort,2,UR2,-1\nsort,3,UR5,1\nbroken,x,UR1,-1\n",
    );
    let labels = text(&dir.path().join("labels.jsonl"));
    rejoinder(&["import-labels", &csv, "--from", "paper", "--out", &labels]).expect(2);
    let ended =
        rejoinder(&["import-labels", &csv, "--from", "paper", "--numbering", "paper", "--out", &labels])
            .expect(0);
    assert!(ended.stderr.contains("left out: 1 entry"), "{}", ended.stderr);
    let run = run(dir.path());
    let eval = rejoinder(&["eval", &run, "--label-file", &labels, "--json"]).expect(0).json();
    assert_eq!((&eval["recall"]["n"], &eval["category_agreement"]["value"]), (&json!(3), &json!(1.0)));
    let nobodys = write(
        dir.path(),
        "nobodys.jsonl",
        "{\"conversation_id\":\"of-another-corpus\",\"labels\":[{\"turn\":2,\"category\":\"UR5\"}]}\n",
    );
    let ended = rejoinder(&["eval", &run, "--label-file", &nobodys]).expect(2);
    assert!(
        ended
            .stderr
            .contains("none of the 1 conversations in the file of labels (such as `of-another-corpus`)"),
        "{}",
        ended.stderr
    );
    let bad = write(
        dir.path(),
        "bad.jsonl",
        "{\"conversation_id\":\"sort\",\"labels\":[{\"turn\":2,\"category\":\"UR8\"}]}\n",
    );
    assert!(rejoinder(&["eval", &run, "--label-file", &bad]).expect(2).stderr.contains("line 1"));
}

#[test]
fn petraks_dialogues_become_a_corpus_with_labels() {
    let dir = folder();
    let theirs = dir.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    let dialogue = json!({ "context": "<user> Name a lake. <system>", "error_text": " The Ucayali. ", "user_reaction": "That is wrong.",
        "user_reaction_type": "Make Aware without Correction", "target": "Baikal.", "id": 0 });
    write(&theirs, "a.json", dialogue.to_string());
    write(&theirs, "b.json", "{}");
    let corpus = text(&dir.path().join("corpus.jsonl"));
    let ended = rejoinder(&["import-labels", &text(&theirs), "--from", "petrak", "--out", &corpus]).expect(0);
    assert!(ended.stderr.contains("left out: 1 entry"), "{}", ended.stderr);
    let run = run_over(dir.path(), &corpus);
    let eval = rejoinder(&["eval", &run, "--labels", "--json"]).expect(0).json();
    assert_eq!((&eval["recall"]["n"], &eval["category_agreement"]["value"]), (&json!(1), &json!(1.0)));
}

#[test]
fn an_export_replaces_no_file_that_the_user_named_unless_told_so() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", DIALOGUES, "--offline", "--out", &run]).expect(0);
    let file = text(&dir.path().join("out.jsonl"));
    let exports: [&[&str]; 5] = [
        &["feedback", &run, "--out", &file],
        &["sft", &run, "--out", &file],
        &["kto", &run, "--out", &file],
        &["random", &run, "--rows", "3", "--out", &file],
        &["review", &run, "--for", "argilla", "--out", &file],
    ];
    for args in exports {
        let _ = std::fs::remove_file(&file);
        rejoinder(&[&["export"], args].concat()).expect(0);
        let written = output_of(dir.path());
        let ended = rejoinder(&[&["export"], args].concat()).expect(2);
        assert!(ended.stderr.contains("is there already; --force replaces it"), "{}", ended.stderr);
        assert!(output_of(dir.path()) == written, "{args:?} has touched something");
        rejoinder(&[&["export"], args, &["--force"]].concat()).expect(0);
    }
    // What the program named itself it may replace.
    rejoinder(&["export", "kto", &run]).expect(0);
    rejoinder(&["export", "kto", &run]).expect(0);
}

/// What stands beside a run in a folder.
fn output_of(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = all_files(dir).into_iter().filter(|file| !file.starts_with(dir.join("run")));
    files.map(|file| (file.clone(), std::fs::read(&file).expect("it can be read"))).collect()
}
