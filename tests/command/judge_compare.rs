//! What cheaper forms of asking are worth on a judge, by judges whose answers are known beforehand.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::server::{
    Request, Response, Server, by_rule, by_rule_in_prose, completion, labelled, last_user_message,
    marked_turns, models,
};
use crate::support::{folder, rejoinder, text, write};

/// The conversations of the corpus; each has two later turns.
const CONVERSATIONS: usize = 20;
const TURNS: usize = 2 * CONVERSATIONS;

/// Turns that say their number and what they are: those of even numbers no feedback, those of odd ones praise.
fn corpus(dir: &Path, with_labels: bool) -> String {
    let mut lines = String::new();
    for number in 0..CONVERSATIONS {
        let [first, second] = [2 * number, 2 * number + 1];
        let mut record = json!({ "conversation_id": format!("c{number}"), "conversation": [
            { "role": "user", "content": "Which river is it?" },
            { "role": "assistant", "content": "It is the Elbe, which has a length of 1,094 kilometres." },
            { "role": "user", "content": format!("item {first} of the list") },
            { "role": "assistant", "content": "Here it is." },
            { "role": "user", "content": format!("item {second} of the list") },
        ]});
        if with_labels {
            record["labels"] = json!([{ "turn": 4, "category": "UR5", "span": "" }]);
        }
        lines += &format!("{record}\n");
    }
    write(dir, "chats.jsonl", lines)
}

/// The number that a turn says.
fn number(turn: &str) -> usize {
    turn.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("no number: {turn}"))
}

/// Whether a turn is praise.
fn is_praise(turn: &str) -> bool {
    number(turn) % 2 == 1
}

/// The letter for praise or for no feedback, in the order of the prompt's letters.
fn letter(prompt: &str, is_praise: bool) -> &'static str {
    let is_reversed = prompt.contains("\nA = No feedback");
    match (is_praise, is_reversed) {
        (true, false) => "E",
        (true, true) => "B",
        (false, false) => "F",
        (false, true) => "A",
    }
}

/// A server that gives letters alone and in groups, and JSON: `says` is told a turn and the number of turns of its request.
fn answer(request: &Request, says: impl Fn(&str, usize) -> bool) -> Response {
    if request.method == "GET" {
        return models(request);
    }
    let marked = marked_turns(request.prompt());
    let letter = |turn: &str, turns: usize| letter(request.prompt(), says(turn, turns));
    let constraint = &request.body["structured_outputs"];
    if constraint["choice"].is_array() {
        let letter = match request.is_probe() {
            true => "A",
            false => letter(&last_user_message(request.prompt()), 1),
        };
        return labelled(request, letter, &[(letter, -0.1), ("C", -2.5)]);
    }
    if constraint["regex"].is_string() {
        if request.is_probe() {
            return completion(request, "A A A");
        }
        let letters: Vec<&str> = marked.iter().map(|(_, turn)| letter(turn, marked.len())).collect();
        return completion(request, &letters.join(" "));
    }
    if request.is_probe() {
        return by_rule(request);
    }
    let object = |number: u64, turn: &str| match says(turn, 1) {
        true => json!({ "Turn": number, "User Response Pattern": "UR5", "User Response Text": turn }),
        false => json!({ "Turn": number, "User Response Pattern": "No Feedback", "User Response Text": "" }),
    };
    let objects: Vec<Value> = marked.iter().map(|(number, turn)| object(*number, turn)).collect();
    completion(request, &json!({ "Answers": objects }).to_string())
}

/// Exact, but for every fifth turn where it shares a request by letters.
fn exact_alone(request: &Request) -> Response {
    answer(request, |turn, turns| is_praise(turn) != (turns > 1 && number(turn).is_multiple_of(5)))
}

/// A finished run over the corpus in which every turn waits, and the config of its judge.
fn prepared(dir: &Path, server: &Server, with_labels: bool, more: &str) -> (String, String) {
    let config = write(
        dir,
        "judge.toml",
        format!(
            "format = 1\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\nall = true\n{more}",
            server.base_url()
        ),
    );
    let (corpus, run) = (corpus(dir, with_labels), text(&dir.join("run")));
    rejoinder(&["run", &corpus, "--offline", "--config", &config, "--out", &run]).expect(0);
    (run, config)
}

#[track_caller]
fn form<'r>(report: &'r Value, name: &str) -> &'r Value {
    let forms = report["forms"].as_array().expect("forms");
    forms.iter().find(|form| form["name"] == name).unwrap_or_else(|| panic!("no {name} in {report}"))
}

#[track_caller]
fn assert_close(found: &Value, expected: f64) {
    let number = found.as_f64().unwrap_or_else(|| panic!("{found} is no number"));
    assert!((number - expected).abs() < 1e-9, "{number} instead of {expected}");
}

#[test]
fn figures_are_those_worked_out_by_hand_and_the_cheapest_form_within_the_loss_is_advised() {
    let dir = folder();
    let server = Server::start(exact_alone);
    let (run, _) = prepared(dir.path(), &server, true, "");
    let first = rejoinder(&["judge", "compare", &run, "--json"]).expect(0);
    let report = first.json();
    assert_eq!((report["turns"].as_u64(), report["conversations"].as_u64()), (Some(40), Some(20)));
    for name in ["again", "single", "single-3x400", "single-short", "json-4", "single-reversed"] {
        let form = form(&report, name);
        assert_close(&form["six_ways"]["share"], 1.0);
        assert_close(&form["six_ways"]["kappa"], 1.0);
        assert_eq!(form["answered"], TURNS, "{form}");
    }
    for (name, requests) in
        [("grouped-4", 10.0), ("grouped-8", 5.0), ("grouped-16", 3.0), ("grouped-4-long", 10.0)]
    {
        let form = form(&report, name);
        // Of 40 turns 4 lose their praise and 4 get one: half of each answer stays, so that chance gives half.
        for ways in ["feedback_or_none", "six_ways"] {
            assert_eq!(form[ways]["equal"], 32, "{name}: {form}");
            assert_close(&form[ways]["share"], 0.8);
            assert_close(&form[ways]["kappa"], 0.6);
            // Wilson's interval of 32 in 40, with the turns of 20 conversations counting as 40 · (1 + 1.21/39)² / (1 + 1.21/19)² = 37.6.
            assert!((form[ways]["share_interval"][0].as_f64().unwrap() - 0.6472).abs() < 1e-4, "{form}");
        }
        assert_close(&form["loss"], 0.2);
        assert_close(&form["cost"]["calls"], requests / 40.0);
        assert_close(&form["labels"]["precision"], 0.8);
        assert_close(&form["labels"]["recall"], 0.8);
        // The four turns of a group show all of their conversations, so that both windows make the same requests.
        let is_made = name != "grouped-4-long";
        assert_eq!(form["cost"]["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), is_made, "{form}");
    }
    let reference = form(&report, "reference");
    assert_close(&reference["cost"]["calls"], 1.0);
    assert_close(&reference["labels"]["recall"], 1.0);
    assert_close(&report["ceiling"], 1.0);
    // Of the forms that lose nothing, JSON has the instructions of four turns in one request.
    assert_eq!(
        (report["verdict"].as_str(), report["advised"].as_str()),
        (Some("cheaper-form"), Some("json-4"))
    );
    let config = report["config"].as_str().unwrap();
    assert!(config.contains("answer = \"json\"\nturns-per-request = 4\nwindow = { messages = 2"), "{config}");
    assert!(config.contains("# Measured with test-model on 40 turns"), "{config}");

    // Nothing is asked twice, and the figures stay.
    let asked = server.all_requests();
    let again = rejoinder(&["judge", "compare", &run, "--json"]).expect(0);
    assert_eq!(server.all_requests(), asked);
    assert!(again.stderr.contains("to be asked about 40 turns: 0 requests"), "{}", again.stderr);
    for (before, after) in
        report["forms"].as_array().unwrap().iter().zip(again.json()["forms"].as_array().unwrap())
    {
        for key in ["six_ways", "feedback_or_none", "cost", "labels", "loss"] {
            assert_eq!(before[key], after[key]);
        }
    }

    // A greater loss allows what is cheaper still, and the lines that are printed are a config.
    let told = rejoinder(&["judge", "compare", &run, "--max-loss", "0.25"]).expect(0).stdout;
    assert!(told.lines().all(|line| line.chars().count() <= 120), "{told}");
    assert!(told.contains("0.800 0.65–0.90"), "{told}");
    let comment = told.replace("\n# ", " ");
    assert!(
        comment.contains("six ways, on 0.800 (0.65–0.90) of the turns that both answer, a loss of 0.200"),
        "{told}"
    );
    let lines = told.split("[judge]\n").nth(1).unwrap();
    assert!(lines.starts_with("answer = \"letters\"\nturns-per-request = 16\n"), "{told}");
    let config = write(dir.path(), "advised.toml", format!("format = 1\n[judge]\n{lines}"));
    let shown = rejoinder(&["config", "show", "--config", &config]).expect(0).stdout;
    let is_taken = |line: &str| line.starts_with("judge.turns-per-request") && line.contains(" 16 ");
    assert!(shown.lines().any(is_taken), "{shown}");
}

#[test]
fn a_request_that_is_asked_again_is_really_asked_and_shows_a_judge_that_wavers() {
    let dir = folder();
    let seen = Mutex::new(HashSet::new());
    let server = Server::start(move |request| {
        let is_new = request.is_probe() || seen.lock().unwrap().insert(request.prompt().to_owned());
        // The second time, every even turn is praise, too.
        answer(request, |turn, _| is_praise(turn) || !is_new)
    });
    let (run, _) = prepared(dir.path(), &server, false, "");
    let asked = ["judge", "compare", &run, "--forms", "again,grouped-8", "--json"];
    let report = rejoinder(&asked).expect(0).json();
    assert_eq!(server.requests(), 40 + 40 + 5);
    let again = form(&report, "again");
    assert_close(&again["six_ways"]["share"], 0.5);
    assert_close(&again["six_ways"]["kappa"], 0.0);
    assert_close(&report["ceiling"], 0.5);
    assert_close(&form(&report, "grouped-8")["loss"], -0.5);
    assert!(form(&report, "grouped-8")["labels"].is_null(), "no record has labels");
    let told = rejoinder(&["judge", "compare", &run, "--forms", "again"]).expect(0).stdout;
    assert!(told.contains("said the same of a share of 0.500 only"), "{told}");
    assert!(!told.contains("against labels"), "{told}");
}

#[test]
fn a_budget_ends_the_comparison_and_the_same_command_goes_on() {
    let dir = folder();
    let server = Server::start(exact_alone);
    let (run, _) = prepared(dir.path(), &server, false, "");
    let ended = rejoinder(&["judge", "compare", &run, "--calls", "60", "--json"]).expect(4);
    assert!(ended.stderr.contains("the budget is spent"), "{}", ended.stderr);
    assert!(ended.stderr.contains("the budget holds"), "{}", ended.stderr);
    assert_eq!(server.all_requests(), 60);
    let report = ended.json();
    assert_eq!((report["verdict"].as_str(), &report["config"]), (Some("not-asked"), &Value::Null));
    assert_eq!(form(&report, "reference")["asked"], TURNS);
    assert_eq!(form(&report, "single-reversed")["asked"], 0);
    let told = rejoinder(&["judge", "compare", &run, "--calls", "60"]).expect(4).stdout;
    assert!(told.contains("single: 20 turns not asked about yet"), "{told}");
    assert!(told.contains("no form is advised yet"), "{told}");
    let done = rejoinder(&["judge", "compare", &run, "--calls", "1000", "--json"]).expect(0).json();
    assert_eq!(done["advised"], "json-4");

    let other = folder();
    let fresh = Server::start(exact_alone);
    let (run, _) = prepared(other.path(), &fresh, false, "");
    rejoinder(&["judge", "compare", &run]).expect(0);
    assert_eq!(server.all_requests(), fresh.all_requests(), "a stop costs no request");
}

#[test]
fn answers_of_the_run_are_used_and_those_of_the_comparison_are_left_for_the_run() {
    let dir = folder();
    let server = Server::start(exact_alone);
    let (run, config) = prepared(dir.path(), &server, false, "answer = \"label\"\n");
    rejoinder(&["judge", &run]).expect(0);
    let asked = server.requests();
    let forms = ["--forms", "single,grouped-8"];
    let report = rejoinder(&[&["judge", "compare", &run, "--json"][..], &forms].concat()).expect(0).json();
    assert_eq!(form(&report, "single")["stored"], TURNS);
    assert_eq!(form(&report, "grouped-8")["stored"], 0, "a letter alone is no answer of the form of several");
    // The window of old shows more of a conversation's second turn only: the same request is made once.
    assert_eq!(server.requests() - asked, TURNS / 2 + TURNS / 8);
    let asked = server.requests();
    rejoinder(&["judge", &run, "--config", &config]).expect(0);
    assert_eq!(server.requests(), asked);
}

#[test]
fn a_judge_that_says_one_and_the_same_shows_nothing() {
    let dir = folder();
    let server = Server::start(|request| answer(request, |_, _| true));
    let (run, _) = prepared(dir.path(), &server, false, "");
    let ended = rejoinder(&["judge", "compare", &run, "--forms", "single,grouped-4"]).expect(3);
    assert!(ended.stderr.contains("test-model says UR5 of 40 of 40 turns"), "{}", ended.stderr);
    assert!(!ended.stdout.contains("[judge]"), "{}", ended.stdout);
    let ended = rejoinder(&["judge", "compare", &run, "--forms", "single", "--json"]).expect(3).json();
    assert_eq!((ended["verdict"].as_str(), &ended["config"]), (Some("one-answer"), &Value::Null));
    assert_eq!(form(&ended, "single")["six_ways"]["kappa"], Value::Null);
}

#[test]
fn labels_come_from_a_file_where_one_is_named() {
    let dir = folder();
    let server = Server::start(exact_alone);
    let (run, _) = prepared(dir.path(), &server, false, "");
    let lines = (0..CONVERSATIONS / 2).map(|number| {
        let labels = json!([{ "turn": 2, "category": "UR5", "span": "" }]);
        format!(
            "{}\n",
            json!({ "conversation_id": format!("c{number}"), "complete": true, "labels": labels })
        )
    });
    let labels = write(dir.path(), "labels.jsonl", lines.collect::<String>());
    let asked = ["judge", "compare", &run, "--forms", "single", "--label-file", &labels, "--json"];
    let report = rejoinder(&asked).expect(0).json();
    let against = &form(&report, "reference")["labels"];
    assert_eq!(against["six_ways"]["turns"], TURNS / 2);
    // These labels call praise what the judge calls none, and the other way round.
    assert_close(&against["recall"], 0.0);
    assert_close(&against["precision"], 0.0);
    assert_close(&against["feedback_or_none"]["kappa"], -1.0);
}

#[test]
fn a_server_that_obeys_nothing_is_compared_in_json_alone() {
    let dir = folder();
    let server = Server::start(by_rule_in_prose);
    let path = dir.path();
    let config = write(
        path,
        "judge.toml",
        format!(
            "format = 1\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\nall = true\n",
            server.base_url()
        ),
    );
    let run = text(&path.join("run"));
    rejoinder(&["run", crate::support::DIALOGUES, "--offline", "--config", &config, "--out", &run]).expect(0);
    let report = rejoinder(&["judge", "compare", &run, "--turns", "60", "--json"]).expect(0).json();
    assert_eq!(form(&report, "reference")["form"], "JSON, up to 1 turns a request");
    assert_close(&form(&report, "json-4")["six_ways"]["share"], 1.0);
    let left_out: Vec<&Value> =
        report["left_out"].as_array().unwrap().iter().map(|form| &form["name"]).collect();
    assert_eq!(left_out.len(), 9, "{left_out:?}");
    let told = rejoinder(&["judge", "compare", &run, "--turns", "60"]).expect(0).stdout;
    assert!(told.contains("single is left out: the server obeys no constraint to one letter"), "{told}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let dir = folder();
    let server = Server::start(exact_alone);
    let (run, _) = prepared(dir.path(), &server, false, "");
    let wrong = rejoinder(&["judge", "compare", &run, "--max-loss", "3"]).expect(2);
    assert!(wrong.stderr.contains("--max-loss 3"), "{}", wrong.stderr);
    let wrong = rejoinder(&["judge", "compare", &run, "--forms", "duple"]).expect(2);
    assert!(wrong.stderr.contains("duple"), "{}", wrong.stderr);
    rejoinder(&["judge", "compare", &text(&dir.path().join("none"))]).expect(2);
    assert_eq!(server.all_requests(), 0);

    let other = folder();
    let (run, _) = prepared(other.path(), &server, false, "unit = \"conversation\"\n");
    let whole = rejoinder(&["judge", "compare", &run]).expect(7);
    assert!(whole.stderr.contains("nothing to compare"), "{}", whole.stderr);
    assert_eq!(server.all_requests(), 0);
}

#[test]
fn what_comes_apart_is_charged_with_all_its_requests() {
    let dir = folder();
    let server = Server::start(|request| {
        let is_group = !request.is_probe() && marked_turns(request.prompt()).len() > 1;
        match is_group && request.body["structured_outputs"]["regex"].is_string() {
            true => completion(request, "I would rather not say."),
            false => answer(request, |turn, _| is_praise(turn)),
        }
    });
    let (run, _) = prepared(dir.path(), &server, false, "");
    let asked = ["judge", "compare", &run, "--forms", "grouped-4", "--json"];
    let report = rejoinder(&asked).expect(0).json();
    let apart = form(&report, "grouped-4");
    assert_eq!(apart["answered"], TURNS, "{apart}");
    // Ten requests that say nothing, and one for each turn.
    assert_close(&apart["cost"]["calls"], 50.0 / 40.0);
    assert_close(&apart["loss"], 0.0);
    assert_eq!(
        (report["verdict"].as_str(), report["advised"].as_str()),
        (Some("reference-only"), Some("reference"))
    );
    let config = report["config"].as_str().unwrap();
    assert!(config.contains("answer = \"label\"\nwindow-messages = 4\nwindow-bytes = 1500\n"), "{config}");
}

#[test]
fn a_prompt_of_the_config_is_asked_with_in_its_own_form_only() {
    let dir = folder();
    let server = Server::start(exact_alone);
    let (run, _) = prepared(dir.path(), &server, false, "prompt = \"turn-label\"\n");
    let forms = ["--forms", "json-4,single,single-reversed", "--json"];
    let report = rejoinder(&[&["judge", "compare", &run][..], &forms].concat()).expect(0).json();
    assert_eq!(report["left_out"], json!([{ "name": "single-reversed", "why": "own-prompt" }]));
    let is_own = |name| form(&report, name)["is_own_prompt"].as_bool().unwrap();
    assert_eq!([is_own("reference"), is_own("single"), is_own("json-4")], [true, true, false]);
    let config = report["config"].as_str().unwrap();
    assert!(config.contains("answer = \"json\"") && config.contains("`prompt` must go"), "{config}");
}
