//! `rejoinder rules try`: what a phrase would do on logs, without a file.

use serde_json::{Value, json};

use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, Ended, figure, folder, rejoinder, text, write};

fn tried(args: &[&str]) -> Ended {
    rejoinder(&[&["rules", "try"], args].concat())
}

fn report(args: &[&str]) -> Value {
    tried(&[args, &["--json"]].concat()).expect(0).json()
}

#[test]
fn a_phrase_is_counted_and_shown_without_a_file() {
    let said = tried(&["thank you", DIALOGUES, "--labels"]).expect(0).stdout;
    for part in [
        "later turns hit",
        "marked already by rules in force",
        "labels (all labelled turns)",
        "they hold: UR5 ",
        "precision, feedback or none: ",
        "══ right: ",
        "⟦thank you⟧",
        "--category UR1 … UR5",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    let found = report(&["thank you", DIALOGUES]);
    assert!(figure(&found, "hits") > 3 && found["route"].is_null(), "{found}");
    assert_eq!(found["changes"], json!([]), "what is counted alone decides nothing");
    // As its rule file would, `stats` counts the same hits.
    let dir = folder();
    let rules = write(
        dir.path(),
        "r.toml",
        "format = 1\n[[rule]]\nid = \"a\"\nroute = \"score\"\nany = [\"thank you\"]\n",
    );
    let stats = rejoinder(&["rules", "stats", DIALOGUES, "--rules", &rules, "--json"]).expect(0).json();
    assert_eq!(stats["rules"][0]["hits"], found["hits"]);
}

/// What a trial says that a rule changes is what `rules diff` says of the rule in a file.
#[test]
fn a_trial_is_the_difference_that_the_rule_makes_in_a_file() {
    let dir = folder();
    let rule = "format = 1\n[[rule]]\nid = \"mine.a\"\ncategory = \"UR2\"\nroute = \"accept\"\nany = [\"now\", \"python\"]\nmax-words = 12\n";
    let file = write(dir.path(), "mine.toml", rule);
    let diff = rejoinder(&["rules", "diff", "none", &file, "--on", DIALOGUES, "--json"]).expect(0).json();
    let flags = ["--any", "now", "--any", "python", "--max-words", "12", "--category", "UR2", DIALOGUES];
    let trial = report(&flags);
    let kinds = |rows: &Value| {
        let mut all: Vec<(String, String, u64)> = Vec::new();
        for row in rows.as_array().unwrap() {
            let word = |side: &Value| side["standing"].as_str().or(side.as_str()).unwrap().to_owned();
            all.push((word(&row["before"]), word(&row["after"]), row["turns"].as_u64().unwrap()));
        }
        all.sort();
        all
    };
    assert_eq!(kinds(&trial["changes"]), kinds(&diff["transitions"]));
    assert!(!kinds(&trial["changes"]).is_empty(), "{trial}");
    let mine = diff["rules"].as_array().unwrap().iter().find(|row| row["id"] == "mine.a").unwrap().clone();
    assert_eq!(mine["hits_after"], trial["hits"]);
    let waiting = |side: &str| diff[side]["waiting"].as_i64().unwrap();
    assert_eq!(trial["waiting_more"].as_i64().unwrap(), waiting("after") - waiting("before"));
}

#[test]
fn a_rule_of_a_file_is_tried_against_all_others() {
    let found = report(&["--rule", "en:en.positive.praise_whole", DIALOGUES, "--labels"]);
    assert!(figure(&found, "hits") > 0 && !found["changes"].as_array().unwrap().is_empty(), "{found}");
    assert_eq!((found["route"].as_str(), found["category"].as_str()), (Some("accept"), Some("UR5")));
    let ended = tried(&["--rule", "en:en.positive.thanks_onyl", DIALOGUES]).expect(2);
    assert!(ended.stderr.contains("did you mean `en.positive.thanks_only`"), "{}", ended.stderr);
}

#[test]
fn mistakes_are_told_in_the_words_of_the_command_line() {
    for (args, expected) in [
        (&["--regex", "(", DIALOGUES][..], "--regex '(': invalid regex"),
        (&["a", DIALOGUES, "--max-words", "none"], "--max-words none: "),
        (&["a", DIALOGUES, "--max-words", "0"], "--max-words 0: `max-words` must be at least 1"),
        (&["a", DIALOGUES, "--category", "UR9"], "--category UR9: `UR9` is no value"),
        (&["a", DIALOGUES, "--at", "hwole"], "did you mean `whole`?"),
        (&["a", DIALOGUES, "--previous-assistant", "apologizes=true"], "did you mean `apologises`?"),
        (&["a", DIALOGUES, "--turn", "first"], "--turn first: expected NAME=VALUE"),
        (&["  ", DIALOGUES], "an empty phrase would match everywhere"),
        (&["a", DIALOGUES, "--route", "accept"], "needs a `category`"),
        (&["a phrase"], "on what is `a phrase` to be tried?"),
        (&[DIALOGUES], "what is to be tried?"),
    ] {
        let ended = tried(args).expect(2);
        assert!(ended.stderr.contains(expected), "{args:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("-->"), "{}", ended.stderr);
    }
}

#[test]
fn every_condition_of_a_rule_file_is_a_flag() {
    let dir = folder();
    let record = |id: &str, model: &str, earlier: &str, answer: &str, turn: &str| {
        json!({ "conversation_id": id, "model": model, "conversation": [
            { "role": "user", "content": earlier },
            { "role": "assistant", "content": answer },
            { "role": "user", "content": turn },
        ] })
        .to_string()
            + "\n"
    };
    let chats =
        record("a", "m-1", "send me the form", "Our opening hours are 9 to 5.", "plugh THE FORM please")
            + &record("b", "m-2", "hello", "Here it is, attached.", "plugh the form please")
            + &record("c", "m-2", "hello", "A word on opening hours.", "thank you, plugh");
    let corpus = write(dir.path(), "c.jsonl", chats);
    let thanks = "format = 1\n[[rule]]\nid = \"t.thanks\"\nroute = \"score\"\nany = [\"thank you\"]\n";
    let pack = write(dir.path(), "t.toml", thanks);
    let config = write(dir.path(), "c.toml", format!("format = 1\n[rules]\npacks = [{pack:?}]\n"));
    let hits = |flags: &[&str]| {
        let found = report(&[&["plugh", &*corpus, "--config", &config][..], flags].concat());
        let hits = found["samples"].as_array().unwrap().iter();
        let mut ids: Vec<String> =
            hits.map(|hit| hit["conversation_id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        assert_eq!(figure(&found, "hits"), ids.len() as u64, "{found}");
        ids.concat()
    };
    for (flags, expected) in [
        (&[][..], "abc"),
        (&["--answer-any", "opening hours"], "ac"),
        (&["--answer-any", "attached", "--answer-regex", "^our "], "ab"),
        (&["--answer-regex", r"\battached\b"], "b"),
        (&["--answer-unless", "opening"], "b"),
        (&["--earlier-any", "the form"], "a"),
        (&["--earlier-regex", "^hel+o$"], "bc"),
        (&["--earlier-unless", "form"], "bc"),
        (&["--regex", "[A-Z]{4}", "--text", "as-written"], "a"),
        (&["--unless", "FORM", "--text", "as-written"], "bc"),
        (&["--column", "model=m-2"], "bc"),
        (&["--column", "model=m-2", "--answer-any", "attached"], "b"),
        (&["--all-of", "t.thanks"], "c"),
        (&["--any-of", "t.thanks"], "c"),
    ] {
        let found = match flags.first() {
            // The phrase is left out where a regex is given.
            Some(&"--regex") => {
                let found = report(&[&[&*corpus, "--config", &config][..], flags].concat());
                found["samples"][0]["conversation_id"].as_str().unwrap().to_owned()
            }
            _ => hits(flags),
        };
        assert_eq!(found, expected, "{flags:?}");
    }
    for (flags, expected) in [
        (&["--answer-regex", "("][..], "--answer-regex '(': invalid regex"),
        (&["--earlier-unless", "a", "--earlier-regex", "["], "--earlier-regex '[': invalid regex"),
        (&["--answer-any", " "], "--answer-any ' ': "),
        (&["--text", "raw"], "--text raw: "),
        (&["--column", "model"], "--column model: expected NAME=VALUE"),
        (&["--all-of", "t.thank"], "--all-of t.thank: no pack in force has the rule"),
        (&["--fact", "mood.sentiment <"], "--fact 'mood.sentiment <': "),
        (&["--fact", "mood.sentiment < 0"], "--fact 'mood.sentiment < 0': no plugin in force"),
    ] {
        let args = [&["plugh", &*corpus, "--config", &config][..], flags].concat();
        let ended = tried(&args);
        assert!(ended.code != 0 && ended.stderr.contains(expected), "{flags:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("-->"), "{}", ended.stderr);
    }
}

#[test]
fn the_words_of_a_match_are_marked_and_not_their_sentence() {
    let dir = folder();
    let corpus = write(
        dir.path(),
        "c.jsonl",
        json!({ "conversation_id": "c", "conversation": [
            { "role": "user", "content": "Hi" },
            { "role": "assistant", "content": "Hello." },
            { "role": "user", "content": "Naïve “ÉTÉ” — it PLUGH\u{1b}[31m now, ok? Next." },
        ] })
        .to_string(),
    );
    let said = tried(&["plugh", &corpus]).expect(0).stdout;
    assert!(said.contains("⟦PLUGH⟧") && !said.contains('\u{1b}'), "{said}");
    let hit = report(&["--regex", "été", &corpus])["samples"][0].clone();
    assert_eq!(hit["matched"], "ÉTÉ", "{hit}");
    let whole = report(&["--min-words", "2", &corpus])["samples"][0].clone();
    assert_eq!((&whole["before"], &whole["after"]), (&"".into(), &"".into()), "{whole}");
}

#[test]
fn no_hit_comes_with_its_likeliest_reason() {
    let reason = |args: &[&str]| tried(args).expect(0).stdout;
    let unheard = reason(&["zzyzx plugh", DIALOGUES]);
    assert!(unheard.contains("nobody says it in a later turn"), "{unheard}");
    let inside = reason(&["hank yo", DIALOGUES]);
    assert!(inside.contains("only inside longer words"), "{inside}");
    let conditions =
        reason(&["thank you", DIALOGUES, "--min-words", "400", "--max-words", "900", "--at", "start"]);
    assert!(conditions.contains("its words alone hit"), "{conditions}");
    assert!(conditions.contains("next: loosen `min-words"), "{conditions}");
    let warned = reason(&["--regex", r"\w+", DIALOGUES]);
    assert!(warned.contains(r"warning: --regex '\w+': "), "{warned}");
    let dir = folder();
    let empty = write(dir.path(), "one.jsonl", "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}\n");
    let empty = reason(&["thanks", &empty]);
    assert!(empty.contains("no later turn in the input"), "{empty}");
}

#[test]
fn a_rule_is_kept_with_tests_to_write_and_nothing_is_overwritten() {
    let dir = folder();
    let file = text(&dir.path().join("mine.toml"));
    let keep = |phrase: &str| {
        tried(&[phrase, DIALOGUES, "--category", "UR5", "--max-words", "9", "--write", &file]).expect(0)
    };
    let said = keep("thank you \"dear\" machine").stderr;
    assert!(said.contains("rule mine.thank_you_dear_machine is written"), "{said}");
    let first = std::fs::read_to_string(&file).unwrap();
    let first = format!("# a remark\n{first}# another");
    std::fs::write(&file, &first).unwrap();
    keep("Thank you \"dear\" machine!");
    let both = std::fs::read_to_string(&file).unwrap();
    assert!(both.starts_with(&first) && both.contains("id = \"mine.thank_you_dear_machine_2\""), "{both}");
    let checked = rejoinder(&["rules", "check", &file, "--json"]).expect(0).json();
    assert_eq!((figure(&checked, "rules"), figure(&checked, "errors")), (2, 0), "{checked}");
    let tests = rejoinder(&["rules", "test", &file, "--json"]).expect(0).json();
    assert_eq!((figure(&tests, "failed"), figure(&tests, "todo")), (0, 4), "{tests}");
    // A rule needs a category to be kept, and a file with mistakes stays as it is.
    tried(&["thanks", DIALOGUES, "--write", &file]).expect(2);
    let broken = write(dir.path(), "broken.toml", "format = 1\n[[rule]\n");
    let ended = tried(&["thanks", DIALOGUES, "--category", "UR5", "--write", &broken]).expect(7);
    assert!(ended.stderr.contains("stays as it is"), "{}", ended.stderr);
    assert_eq!(std::fs::read_to_string(&broken).unwrap(), "format = 1\n[[rule]\n");
}

#[test]
fn hostile_text_steers_no_terminal() {
    let dir = folder();
    let record = json!({ "conversation_id": "c\u{1b}[2J", "conversation": [
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": "Hello \u{1b}[31m\u{202e}." },
        { "role": "user", "content": "plugh \u{1b}]0;x\u{7} \u{202e}" },
    ] });
    let corpus = write(dir.path(), "c.jsonl", format!("{record}\n"));
    for flags in [&[][..], &["--json"]] {
        let said = tried(&[&["plugh", &*corpus], flags].concat()).expect(0).stdout;
        assert!(said.contains("plugh"), "{said}");
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
    }
}

#[test]
fn a_run_brings_its_judges_answers() {
    let dir = folder();
    let server = Server::start(by_rule);
    let out = text(&dir.path().join("run"));
    let judge = format!("format = 1\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\n", server.base_url());
    let config = write(dir.path(), "judge.toml", judge);
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &out]).expect(0);
    let asked = server.requests();
    let found = report(&["now", &out, "--category", "UR1"]);
    assert!(found["answers"]["population"].as_str().unwrap().contains("no sample of the rest"), "{found}");
    assert_eq!(server.requests(), asked, "nobody is asked");
}
