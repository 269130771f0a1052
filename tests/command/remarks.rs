//! What the program says of a result that is probably not what the user wanted, and that it says nothing of a good one.

use serde_json::{Value, json};

use crate::support::server::{Server, labelled};
use crate::support::{DIALOGUES, assert_funnel_adds_up, figure, folder, rejoinder, text, write};

/// A conversation in the shape of OpenAI's messages; users speak first, and in turn.
fn chat(said: &[&str]) -> Value {
    let roles = ["user", "assistant"].into_iter().cycle();
    let messages = said.iter().zip(roles).map(|(text, role)| json!({"role": role, "content": text}));
    json!({"messages": messages.collect::<Vec<_>>()})
}

fn lines(records: impl IntoIterator<Item = Value>) -> String {
    records.into_iter().map(|record| record.to_string() + "\n").collect()
}

fn of(count: usize, record: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..count).map(record).collect()
}

/// A conversation that every reader takes for what it is, and in which nothing is odd; some are short and some are long.
fn good(i: usize) -> Value {
    let asked = format!("How far is it from town {i} to the sea?");
    let answered = "It is forty miles along the coast. ".repeat(1 << (i % 7));
    let by_train = format!("And by train{}?", ", with a stop in another town on the way".repeat(i * 5 % 8));
    chat(&[&asked, &answered, &by_train])
}

/// A record without messages.
fn bad(i: usize) -> Value {
    json!({"event": "login", "number": i})
}

fn thanks(i: usize) -> Value {
    let asked = format!("I need a table for two at place {i}");
    chat(&[&asked, "It is booked.", "Thank you very much!"])
}

/// A row of the table: the remark's name, a piece of its text, the input, and flags.
struct Odd {
    remark: &'static str,
    says: &'static str,
    input: Vec<Value>,
    flags: &'static [&'static str],
}

fn odd(remark: &'static str, says: &'static str, input: Vec<Value>) -> Odd {
    Odd { remark, says, input, flags: &[] }
}

fn odd_inputs() -> Vec<Odd> {
    let picture = json!([{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]);
    let shown = |i: usize| {
        json!({"messages": [{"role": "user", "content": format!("what is this {i}")},
            {"role": "assistant", "content": "a house"}, {"role": "user", "content": picture}]})
    };
    let call = |i: usize| {
        json!({"session_id": "s", "request_id": i, "request": {"messages": [{"role": "user", "content": "How far is it?"}]},
            "response": {"choices": [{"message": {"role": "assistant", "content": "Forty miles."}}]}})
    };
    vec![
        odd("set-aside", "7 of the 10 records of", [of(3, good), of(7, bad)].concat()),
        odd(
            "no-later-turn",
            "ends with its first answer",
            of(9, |i| chat(&[&format!("question {i}"), "answer"])),
        ),
        odd("no-later-turn", "No message is an assistant's", of(9, |i| chat(&[&format!("question {i}")]))),
        odd(
            "blank",
            "8 of 8 messages of the role assistant",
            of(8, |i| chat(&[&format!("q {i}"), " ", "and now?"])),
        ),
        odd("wordless", "5 of 5 later turns hold an image", of(5, shown)),
        odd("repeated", "`--no-join` reads each record by itself", of(9, |i| call(i % 2))),
        Odd {
            flags: &["--min-messages", "4"],
            ..odd("too-short", "19 of 20 conversations were left out", {
                let long = chat(&["a question", "an answer", "one more", "and one more"]);
                [of(19, good), vec![long]].concat()
            })
        },
        Odd {
            flags: &["--lang", "de"],
            ..odd("other-language", "19 of 20 conversations were left out", {
                let german = chat(&["Wie weit ist es bis zum Meer?", "Vierzig Meilen.", "Und mit dem Zug?"]);
                [of(19, good), vec![german]].concat()
            })
        },
        Odd {
            flags: &["--duplicates", "exact"],
            ..odd("duplicates", "was a file given twice?", [of(9, good), of(9, good)].concat())
        },
        odd("no-candidate", "No rule marked any of 40 later turns", {
            let number = |i: usize| format!("{}", i * 7919);
            of(40, |i| chat(&[&number(i), &number(i + 100), &number(i + 200)]))
        }),
        odd("one-category", "Service dialogues and small talk end with thanks", of(40, thanks)),
        odd(
            "unlike",
            "100 % of the answers have at most",
            of(120, |i| {
                chat(&[
                    &format!("A table for {i}"),
                    "It is booked.",
                    &format!("Please book one for {i} more, in the evening"),
                ])
            }),
        ),
        odd("one-rule", "alone: its precision is that of the whole", of(40, thanks)),
        odd("languages", "in languages that no rule pack in force is for: tr 20", {
            let turkish = |i: usize| {
                let asked = format!("Bu şehirden denize kadar kaç kilometre var, {i} numaralı yol için?");
                chat(&[&asked, "Kırk kilometre.", "Peki trenle gidersek yolculuk ne kadar sürüyor acaba?"])
            };
            [of(20, good), of(20, turkish)].concat()
        }),
    ]
}

fn names(summary: &Value) -> Vec<&str> {
    let remarks = summary["remarks"].as_array().unwrap_or_else(|| panic!("no remarks in {summary}"));
    remarks.iter().map(|remark| remark["name"].as_str().expect("a remark has a name")).collect()
}

fn texts(summary: &Value) -> String {
    let remarks = summary["remarks"].as_array().expect("remarks").iter();
    remarks.map(|remark| remark["text"].as_str().expect("a remark has a text").to_owned() + "\n").collect()
}

#[test]
fn each_odd_input_is_remarked_upon() {
    let dir = folder();
    for (i, Odd { remark, says, input, flags }) in odd_inputs().into_iter().enumerate() {
        let file = write(dir.path(), &format!("{i}.jsonl"), lines(input));
        let out = text(&dir.path().join(format!("run-{i}")));
        let args = [&["run", &file, "--out", &out, "--offline", "--json"], flags].concat();
        let summary = rejoinder(&args).expect(0).json();
        assert!(names(&summary).contains(&remark), "no `{remark}`: {summary}");
        assert!(texts(&summary).contains(says), "no “{says}”:\n{}", texts(&summary));
        assert_funnel_adds_up(&summary);
        let is_of_reading = !["no-candidate", "one-category", "one-rule"].contains(&remark);
        if is_of_reading && !flags.contains(&"--duplicates") {
            let args = [&["inspect", &file, "--json"], flags].concat();
            let looked = rejoinder(&args).expect(0).json();
            assert!(names(&looked).contains(&remark), "inspect says no `{remark}`: {looked}");
        }
    }
}

#[test]
fn good_input_gives_no_remark() {
    let dir = folder();
    let plain = write(dir.path(), "good.jsonl", lines(of(40, good)));
    let growing = write(dir.path(), "growing.jsonl", {
        let said = [
            "How far is it?",
            "Forty miles.",
            "And by train?",
            "An hour.",
            "And on foot?",
            "Two days.",
            "Alone?",
            "Yes.",
        ];
        lines((1..=said.len() / 2).map(|calls| chat(&said[..2 * calls])))
    });
    for (i, input) in [DIALOGUES, &plain, &growing].into_iter().enumerate() {
        let out = text(&dir.path().join(format!("run-{i}")));
        let summary = rejoinder(&["run", input, "--out", &out, "--json"]).expect(0).json();
        assert_eq!(names(&summary), [""; 0], "{input}: {}", texts(&summary));
        let ended = rejoinder(&["inspect", input]).expect(0);
        assert!(!ended.stdout.contains("\n! "), "{}", ended.stdout);
        assert_eq!(names(&rejoinder(&["inspect", input, "--json"]).expect(0).json()), [""; 0]);
    }
}

#[test]
fn in_a_foreign_corpus_the_score_accepts_nothing_unless_the_config_says_that_the_cut_is_of_it() {
    let dir = folder();
    let booked = |i: usize| {
        chat(&[&format!("A table for {i}"), "It is booked.", &format!("no, I said {i} people, not two")])
    };
    let whole = write(dir.path(), "service.jsonl", lines(of(120, booked)));
    let many = text(&dir.path().join("many"));
    std::fs::create_dir(&many).expect("a folder");
    (0..120).for_each(|i| drop(write(many.as_ref(), &format!("{i}.jsonl"), lines([booked(i)]))));
    let accepted = |name: &str, input: &str, cascade: &str| {
        let config = format!(
            "format = 1\n[rules]\npacks = []\n[[plugin]]\nname = \"scorer\"\n[cascade]\naccept-at = 0.05\n{cascade}"
        );
        let config = write(dir.path(), &format!("{name}.toml"), config);
        let out = text(&dir.path().join(name));
        let summary = rejoinder(&["run", input, "--config", &config, "--out", &out, "--offline", "--json"])
            .expect(0)
            .json();
        assert_funnel_adds_up(&summary);
        let by_category = summary["accepted"].as_object().expect("counts").values();
        (by_category.filter_map(Value::as_u64).sum::<u64>(), summary)
    };
    for (name, input) in [("foreign", &whole), ("in-many-files", &many)] {
        let (none, foreign) = accepted(name, input, "");
        assert_eq!((none, figure(&foreign, "undecided")), (0, 120), "{foreign}");
        assert!(texts(&foreign).contains("though the config says `accept-at = 0.05`"), "{}", texts(&foreign));
        // The config that it began with is still its own.
        let config = text(&dir.path().join(format!("{name}.toml")));
        rejoinder(&["resume", &text(&dir.path().join(name)), "--config", &config, "--offline"]).expect(0);
    }
    let (all, calibrated) = accepted("calibrated", &whole, "accept-unlike = true\n");
    assert_eq!(all, 120, "{calibrated}");
    assert!(names(&calibrated).contains(&"unlike"), "{calibrated}");
}

#[test]
fn a_file_of_another_shape_among_good_ones_is_named() {
    let dir = folder();
    let fine = write(dir.path(), "fine.jsonl", lines(of(40, good)));
    let odd = write(dir.path(), "odd.jsonl", lines(of(9, bad)));
    let out = text(&dir.path().join("run"));
    let ended = rejoinder(&["run", &fine, &odd, "--out", &out]).expect(0);
    let says = format!("! 9 of the 9 records of {odd} were set aside, 9 of them for one reason: “");
    assert!(ended.stdout.contains(&says), "{}", ended.stdout);
}

#[test]
fn nothing_read_ends_with_9_says_why_and_advises_no_export() {
    let dir = folder();
    let cases = [
        ("empty", String::new(), "the input is empty"),
        ("blank", "\n\n".to_owned(), "the input"),
        ("bad", lines(of(5, bad)), "5 records were set aside"),
    ];
    for (name, content, says) in cases {
        let input = write(dir.path(), &format!("{name}.jsonl"), content);
        let out = text(&dir.path().join(name));
        for args in [&["run", &input, "--out", &out][..], &["resume", &out], &["inspect", &input]] {
            let ended = rejoinder(args).expect(9);
            assert!(ended.stderr.contains("no conversation was read"), "{}", ended.stderr);
            assert!(ended.stderr.contains(says), "{name}: {}", ended.stderr);
            assert!(ended.stderr.contains(&format!("rejoinder inspect {input} --why")), "{}", ended.stderr);
            assert!(!ended.stdout.contains("rejoinder export"), "{}", ended.stdout);
        }
    }
}

#[test]
fn turns_in_languages_without_a_pack_wait_where_the_config_says_so() {
    let dir = folder();
    let input = "tests/data/cases/languages-without-pack/chats.jsonl";
    let decided = |name: &str, config: &str, flags: &[&str]| {
        let config =
            write(dir.path(), &format!("{name}.toml"), format!("format = 1\nplugin = []\n[rules]\n{config}"));
        let out = text(&dir.path().join(name));
        let args = ["run", input, "--config", &config, "--out", &out, "--offline", "--json"];
        rejoinder(&[&args[..], flags].concat()).expect(0).json()
    };
    let run = |name: &str, config: &str| decided(name, config, &["--no-score"]);
    let passed_over = run("passed-over", "");
    let asked = run("asked", "other-languages = \"ask\"\n");
    assert!(texts(&passed_over).contains("26 of 26 later turns (100.0 %)"), "{}", texts(&passed_over));
    assert!(figure(&passed_over, "not_looked_at") > 20, "{passed_over}");
    assert_eq!(figure(&passed_over, "rejected"), 0, "{passed_over}");
    assert_eq!(figure(&asked, "not_looked_at"), 0, "{asked}");
    let waiting = figure(&passed_over, "undecided") + figure(&passed_over, "not_looked_at");
    assert_eq!(figure(&asked, "undecided"), waiting, "{asked}");
    // The score lets more of them wait, and what it is not sure of was still looked at by no rule.
    let scored = decided("scored", "", &[]);
    assert!(figure(&scored, "undecided") > figure(&passed_over, "undecided"), "{scored}");
    assert_eq!((figure(&scored, "rejected"), figure(&scored, "not_looked_at") > 0), (0, true), "{scored}");
    let all = decided("scored-asked", "other-languages = \"ask\"\n", &[]);
    assert_eq!(figure(&all, "undecided"), waiting, "{all}");
    [passed_over, asked, scored, all].iter().for_each(assert_funnel_adds_up);
}

#[test]
fn code_in_no_language_is_quiet() {
    let dir = folder();
    let code = |i: usize| chat(&[&format!("{i} + 1 = ?"), "2", &format!("{i} * 3 / 4 >= 7 ?")]);
    let input = write(dir.path(), "code.jsonl", lines(of(25, code)));
    let looked = rejoinder(&["inspect", &input, "--json"]).expect(0).json();
    assert!(!names(&looked).contains(&"languages"), "{}", texts(&looked));
}

#[test]
fn a_judge_that_answers_one_and_the_same_is_remarked_upon() {
    let dir = folder();
    let wrong = |i: usize| {
        let asked = format!("Please compute {i} plus {}", i + 1);
        chat(&[&asked, "It is seven.", &format!("hm, is that right for {i}?")])
    };
    let input = write(dir.path(), "chats.jsonl", lines(of(40, wrong)));
    let server = Server::start(|request| labelled(request, "C", &[("C", -0.1)]));
    let config = format!(
        "format = 1\nplugin = []\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\nall = true\nconstraint = \"choice\"\n",
        server.base_url()
    );
    let config = write(dir.path(), "judge.toml", config);
    let out = text(&dir.path().join("run"));
    let summary = rejoinder(&["run", &input, "--config", &config, "--out", &out, "--json"]).expect(0).json();
    assert!(texts(&summary).contains("40 of 40 answers of the judge are one and the same"), "{summary}");
}

#[test]
fn an_export_without_a_row_says_why() {
    let dir = folder();
    let input = write(dir.path(), "good.jsonl", lines(of(5, good)));
    let out = text(&dir.path().join("run"));
    rejoinder(&["run", &input, "--out", &out, "--offline"]).expect(0);
    for what in ["kto", "sft", "pairs", "feedback"] {
        let ended = rejoinder(&["export", what, &out]).expect(0);
        assert!(
            ended.stderr.contains("No row was written: the run holds no feedback"),
            "{what}: {}",
            ended.stderr
        );
    }
    let praised = text(&dir.path().join("praised"));
    let input = write(dir.path(), "thanks.jsonl", lines(of(40, thanks)));
    rejoinder(&["run", &input, "--out", &praised, "--offline"]).expect(0);
    let ended = rejoinder(&["export", "pairs", &praised]).expect(0);
    assert!(ended.stderr.contains("No row was written, though the run holds 40 turns"), "{}", ended.stderr);
    let set = text(&dir.path().join("set"));
    rejoinder(&["export", "sft", &praised, "--dataset", &set]).expect(0);
    let card = std::fs::read_to_string(dir.path().join("set/README.md")).expect("a card");
    assert!(card.contains("## Before you use it\n\n* 40 of 40 accepted turns are UR5"), "{card}");
}
