//! The judge as the operator sees it, against an HTTP server that answers as a pure function of the request: what is
//! asked, how often, and how a run ends when it cannot be asked on.

use std::path::Path;

use serde_json::Value;

use crate::support::server::{Request, Server, by_letters, by_rule, by_rule_in_prose, labelled};
use crate::support::{
    DIALOGUES, accepted, all_files, assert_funnel_adds_up, figure, folder, output_files, rejoinder, rows,
    text, write,
};

fn config(dir: &Path, base_url: &str, more: &str) -> String {
    write(
        dir,
        "judge.toml",
        format!(
            "format = 1\n[[plugin]]\nname = \"rephrase\"\n[[plugin]]\nname = \"context\"\n[judge]\nbase-url = \"{base_url}\"\nmodel = \"test-model\"\nmax-in-flight = 4\n{more}"
        ),
    )
}

#[test]
fn a_run_without_a_judge_is_finished_later_and_asks_each_question_once() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let before = rejoinder(&["run", DIALOGUES, "--json", "--out", &run]).expect(0).json();
    let server = Server::start(by_letters);
    let config = config(dir.path(), &server.base_url(), "");
    let after = rejoinder(&["judge", &run, "--config", &config, "--json"]).expect(0).json();
    assert_funnel_adds_up(&after);
    assert_eq!(figure(&after, "undecided"), 0, "{after}");
    assert_eq!(figure(&after, "judged"), figure(&before, "undecided"));
    assert_eq!(server.all_requests() as u64, figure(&after, "calls"));
    assert!(server.requests() as u64 <= figure(&before, "requests"));
    let asked = server.all_requests();
    rejoinder(&["judge", &run, "--json"]).expect(0);
    rejoinder(&["resume", &run]).expect(0);
    assert_eq!(server.all_requests(), asked, "a stored reply is never asked for again");

    // A run that judges at once writes the same bytes.
    let at_once = dir.path().join("at-once");
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&at_once)]).expect(0);
    assert!(output_files(&at_once) == output_files(Path::new(&run)));
    let judged = rows(&at_once.join("judged/part-00000.jsonl"));
    assert!(!judged.is_empty());
    for row in judged {
        assert_eq!((row["source"].as_str(), row["model"].as_str()), (Some("judge"), Some("test-model")));
        assert!(row["reply_key"].as_str().unwrap().len() >= 32);
    }
    let shown = rejoinder(&["show", &run, "--judged", "--sample", "3"]).expect(0);
    assert!(shown.stdout.contains("judged to be"), "{}", shown.stdout);
}

#[test]
fn the_budget_of_calls_is_never_passed_and_what_was_answered_is_kept() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "answer = \"label\"\n[budget]\ncalls = 7\n");
    let ended = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run, "--json"]).expect(4);
    assert!(ended.stderr.contains("budget"), "{}", ended.stderr);
    let summary = ended.json();
    // Two of them found out what the server can do.
    assert_eq!((server.requests(), figure(&summary, "judged"), figure(&summary, "calls")), (5, 5, 7));
    assert_funnel_adds_up(&summary);
    // The budget holds for the run's whole life, until it is raised.
    rejoinder(&["judge", &run]).expect(4);
    assert_eq!(server.all_requests(), 7);
    rejoinder(&["resume", &run, "--calls", "10"]).expect(4);
    assert_eq!(server.all_requests(), 10);
    let done = rejoinder(&["judge", &run, "--calls", "1000", "--json"]).expect(0).json();
    assert_eq!(figure(&done, "undecided"), 0);
}

#[test]
fn a_dead_endpoint_ends_with_5_and_the_run_goes_on_when_it_is_back() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    // A port that was free a moment ago.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config_file = config(dir.path(), &format!("http://{dead}/v1"), "patience-seconds = 1\n");
    let ended = rejoinder(&["run", DIALOGUES, "--config", &config_file, "--out", &run, "--json"]).expect(5);
    assert!(ended.stderr.contains("cannot be reached"), "{}", ended.stderr);
    assert_eq!(figure(&ended.json(), "judged"), 0);
    let server = Server::start(by_rule);
    let config_file = config(dir.path(), &server.base_url(), "");
    let done = rejoinder(&["judge", &run, "--config", &config_file, "--json"]).expect(0).json();
    assert_eq!(figure(&done, "undecided"), 0);
}

#[test]
fn the_papers_unit_asks_once_a_conversation() {
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "unit = \"conversation\"\n");
    let summary =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run, "--json"]).expect(0).json();
    assert_eq!(server.requests() as u64, figure(&summary, "requests"));
    assert!(figure(&summary, "requests") <= figure(&summary, "paper_requests"));
    assert_funnel_adds_up(&summary);
}

#[test]
fn runs_share_replies_when_the_config_says_so() {
    let dir = folder();
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "replies = \"shared.sqlite\"\n");
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&dir.path().join("a"))]).expect(0);
    let (asked, all) = (server.requests(), server.all_requests());
    let second =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&dir.path().join("b")), "--json"])
            .expect(0);
    assert_eq!(server.requests(), asked);
    let probes = (server.all_requests() - all) as u64;
    assert_eq!(figure(&second.json(), "calls"), probes, "it only finds out what the server can do");
}

#[test]
fn the_key_comes_from_the_environment_and_is_written_nowhere() {
    let dir = folder();
    let run = dir.path().join("run");
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "api-key-env = \"REJOINDER_TEST_KEY\"\n");
    let missing = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&run)]).expect(7);
    assert!(missing.stderr.contains("REJOINDER_TEST_KEY"), "{}", missing.stderr);
    let mut command = crate::support::command(&["run", DIALOGUES, "--config", &config, "--out", &text(&run)]);
    let ended: crate::support::Ended =
        command.env("REJOINDER_TEST_KEY", "sk-very-secret").output().unwrap().into();
    let ended = ended.expect(0);
    assert!(server.saw_header("authorization", "Bearer sk-very-secret"));
    let mut texts = vec![ended.stdout.into_bytes(), ended.stderr.into_bytes()];
    for entry in all_files(&run) {
        texts.push(std::fs::read(entry).unwrap());
    }
    for text in texts {
        assert!(!text.windows(14).any(|w| w == b"sk-very-secret"));
    }
}

#[test]
fn a_run_killed_while_judging_resumes_to_the_same_bytes_and_keeps_its_answers() {
    let dir = folder();
    let slow = Server::start(|request| {
        std::thread::sleep(std::time::Duration::from_millis(30));
        by_rule(request)
    });
    let config = config(dir.path(), &slow.base_url(), "");
    let whole = dir.path().join("whole");
    let calm = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&whole), "--json"])
        .expect(0)
        .json();
    let needed = slow.requests();
    assert!(needed > 8, "{calm}");
    let run = dir.path().join("killed");
    let mut child = crate::support::command(&["run", DIALOGUES, "--config", &config, "--out", &text(&run)])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while slow.requests() < needed + needed / 2 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(child.try_wait().unwrap().is_none(), "killed too late");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    rejoinder(&["resume", &text(&run)]).expect(0);
    assert!(output_files(&run) == output_files(&whole));
    // Only what was in flight at the kill may be asked twice.
    assert!(slow.requests() <= needed * 2 + 4, "{} for {needed}", slow.requests());
}

/// The dialogues of the repository, with their messages.
fn dialogues() -> Vec<Vec<(String, String)>> {
    let messages = |row: &Value| {
        let list = ["conversation", "messages"].iter().find_map(|key| row[key].as_array()).unwrap();
        let text = |message: &Value, key: &str| message[key].as_str().unwrap().to_owned();
        list.iter().map(|message| (text(message, "role"), text(message, "content"))).collect()
    };
    rows(Path::new(DIALOGUES)).iter().map(messages).collect()
}

/// The text of a record's turn.
fn turn_of<'d>(dialogues: &'d [Vec<(String, String)>], record: &Value) -> &'d str {
    let id = record["id"].as_str().unwrap();
    let [_, ordinal, message] = id.split(':').map(|n| n.parse().unwrap()).collect::<Vec<usize>>()[..] else {
        panic!("{id}")
    };
    &dialogues[ordinal][message].1
}

/// The judged records of a run with one part.
fn judged(run: &Path) -> Vec<Value> {
    rows(&run.join("judged/part-00000.jsonl"))
}

#[test]
fn judge_all_asks_about_every_conversation_whole_and_leaves_nothing_to_rules() {
    let dir = folder();
    let run = dir.path().join("run");
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "");
    let args = ["run", DIALOGUES, "--config", &config, "--judge-all", "--out", &text(&run), "--json"];
    let summary = rejoinder(&args).expect(0).json();
    assert_eq!((accepted(&summary), figure(&summary, "rejected"), figure(&summary, "undecided")), (0, 0, 0));
    assert_eq!(figure(&summary, "judged"), figure(&summary, "turns"));
    assert_funnel_adds_up(&summary);
    // A conversation has a later turn if a user speaks after the assistant has.
    let has_later_turn = |messages: &&Vec<(String, String)>| {
        let answered = messages.iter().position(|(role, _)| role == "assistant");
        answered.is_some_and(|at| messages[at..].iter().any(|(role, _)| role == "user"))
    };
    let dialogues = dialogues();
    let mut expected: Vec<String> = dialogues
        .iter()
        .filter(has_later_turn)
        .map(|messages| messages.iter().map(|(role, text)| format!("# {role}: {text}\n")).collect())
        .collect();
    assert!(expected.len() < dialogues.len() && expected.len() > 5);
    assert_eq!(figure(&summary, "requests"), figure(&summary, "paper_requests"));
    assert_eq!(figure(&summary, "requests"), expected.len() as u64);
    let shown = |request: &Request| {
        let (_, dialogue) =
            request.prompt().split_once("\"\"\n}\n\n").expect("the paper's prompt, then the dialogue");
        dialogue.to_owned()
    };
    let mut asked: Vec<String> = server.log().iter().map(shown).collect();
    asked.sort();
    expected.sort();
    expected.dedup();
    assert_eq!(asked, expected);
    assert!(server.log().iter().all(|request| request.body["response_format"].is_null()));
}

#[test]
fn a_run_that_leaves_its_judge_for_later_asks_nobody_until_then() {
    let dir = folder();
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "");
    let (later, at_once) = (dir.path().join("later"), dir.path().join("at-once"));
    let args = ["run", DIALOGUES, "--config", &config, "--offline", "--out", &text(&later), "--json"];
    let before = rejoinder(&args).expect(0).json();
    rejoinder(&["resume", &text(&later), "--offline"]).expect(0);
    assert_eq!((server.all_requests(), figure(&before, "judged"), figure(&before, "calls")), (0, 0, 0));
    let after = rejoinder(&["judge", &text(&later), "--json"]).expect(0).json();
    assert_eq!((figure(&after, "undecided"), figure(&after, "judged")), (0, figure(&before, "undecided")));
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&at_once)]).expect(0);
    assert!(output_files(&later) == output_files(&at_once));
}

#[test]
fn a_server_that_knows_no_constraint_is_asked_about_several_turns_at_once_in_words() {
    let dir = folder();
    let (prose, label) = (Server::start(by_rule_in_prose), Server::start(by_rule));
    let run = |name: &str, server: &Server| {
        let config = config(dir.path(), &server.base_url(), "all = true\n");
        let out = dir.path().join(name);
        let args = ["run", DIALOGUES, "--config", &config, "--out", &text(&out), "--json"];
        (rejoinder(&args).expect(0).json(), out)
    };
    let (told, in_words) = run("prose", &prose);
    let (_, in_letters) = run("label", &label);
    let found = &told["judge"];
    assert_eq!((&found["constraint"], &found["logprobs"]), (&"none".into(), &false.into()), "{told}");
    assert_eq!(found["json-schema"], false);
    assert_eq!(figure(&told, "undecided"), 0);
    let (requests, turns) = (prose.requests() as u64, figure(&told, "turns"));
    assert!(requests >= turns.div_ceil(4) && 2 * requests < turns, "{requests} for {turns}");
    assert_eq!(figure(&told, "requests"), requests);
    for request in prose.log() {
        for key in ["structured_outputs", "grammar", "regex", "response_format", "logprobs"] {
            assert!(request.body[key].is_null(), "{key}");
        }
    }
    // Who answers by the same rule in another form finds the same.
    let found = |run: &Path| -> Vec<(Value, Value)> {
        judged(run).into_iter().map(|row| (row["id"].clone(), row["category"].clone())).collect()
    };
    assert!(found(&in_words).len() > 5);
    assert_eq!(found(&in_words), found(&in_letters));
}

#[test]
fn letters_from_a_server_that_gives_none_are_refused_with_the_reason() {
    let dir = folder();
    let server = Server::start(by_rule_in_prose);
    for (more, reasons) in [
        ("answer = \"label\"\n", ["obeys no constraint", "use answer = \"json\""]),
        ("constraint = \"grammar\"\n", ["does not obey constraint = \"grammar\"", "it answered \"7\""]),
    ] {
        let config = config(dir.path(), &server.base_url(), more);
        let run = text(&dir.path().join(more.len().to_string()));
        let refused = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run]).expect(7);
        for reason in reasons {
            assert!(refused.stderr.contains(reason), "{}", refused.stderr);
        }
        assert_eq!(server.requests(), 0, "nobody's turn was sent to it");
    }
}

/// llama.cpp gives probabilities as they were before the grammar: to a request for a digit those of digits.
#[test]
fn probabilities_from_before_the_constraint_are_found_where_letters_are_likely() {
    let dir = folder();
    let digits = [("7", -0.01), ("A", -9.0)];
    let raw = Server::start(move |request| match request.method == "POST" && request.asks_for_a_digit() {
        true => labelled(request, "A", &digits),
        false => by_rule(request),
    });
    let never = Server::start(move |request| match request.method == "POST" && request.is_probe() {
        true => labelled(request, "A", &digits),
        false => by_rule(request),
    });
    for (name, server, has_probabilities) in [("raw", raw, true), ("never", never, false)] {
        let run = dir.path().join(name);
        let config = config(dir.path(), &server.base_url(), "");
        let args = ["run", DIALOGUES, "--config", &config, "--out", &text(&run), "--json"];
        let summary = rejoinder(&args).expect(0).json();
        assert_eq!(summary["judge"]["logprobs"], has_probabilities, "{summary}");
        assert!(server.log().iter().all(|request| request.body["logprobs"].is_null() != has_probabilities));
        assert_eq!(server.all_requests() as u64, figure(&summary, "calls"), "the second question counts");
    }
}

#[test]
fn the_words_that_show_a_label_are_asked_for_when_the_operator_wants_them() {
    let dir = folder();
    let server = Server::start(by_rule);
    let config = config(dir.path(), &server.base_url(), "all = true\nspan = \"ask\"\n");
    let run = dir.path().join("run");
    let args = ["run", DIALOGUES, "--config", &config, "--out", &text(&run), "--json"];
    let summary = rejoinder(&args).expect(0).json();
    let is_label = |request: &&Request| !request.body["structured_outputs"].is_null();
    let log = server.log();
    let (labels, spans): (Vec<&Request>, Vec<&Request>) = log.iter().partition(is_label);
    let judged = judged(&run);
    assert!(judged.len() > 5 && spans.len() <= judged.len() && spans.len() < labels.len());
    for request in &spans {
        assert!(request.prompt().ends_with("(UR5).") || request.prompt().ends_with("(UR2)."));
        let schema = &request.body["response_format"]["json_schema"]["schema"]["required"];
        assert_eq!(*schema, serde_json::json!(["User Response Pattern", "User Response Text"]));
    }
    let (dialogues, mut shorter) = (dialogues(), 0);
    for row in &judged {
        // The server quotes the first line.
        let (turn, span) = (turn_of(&dialogues, row), row["span"].as_str().unwrap());
        assert_eq!(span, turn.trim().lines().next().unwrap().trim(), "{row}");
        shorter += usize::from(span.len() < turn.trim().len());
    }
    assert!(shorter > 0, "no turn has two lines");
    let asked = server.all_requests();
    assert_eq!(figure(&summary, "calls"), asked as u64);
    rejoinder(&["judge", &text(&run)]).expect(0);
    assert_eq!(server.all_requests(), asked, "neither label nor span is asked for again");
}

#[test]
fn explain_shows_what_the_judge_said_how_sure_it_was_and_what_it_cost() {
    let dir = folder();
    let server = Server::start(by_rule);
    let price = "all = true\nanswer = \"label\"\n[judge.price]\ninput = 0.5\noutput = 1.5\ngpu-seconds-input = 40\ngpu-seconds-output = 900\n";
    let config = config(dir.path(), &server.base_url(), price);
    let run = dir.path().join("run");
    rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&run)]).expect(0);
    let judged = judged(&run);
    let record = judged.iter().find(|row| row["category"] == "UR5").unwrap();
    let id = record["id"].as_str().unwrap();
    let told = rejoinder(&["explain", &text(&run), id, "--json"]).expect(0).json();
    let judge = &told["judge"];
    assert_eq!(judge["category"], "UR5", "{judge}");
    // Two letters were told, with log-probabilities of -0.1 and -2.5.
    let sure = (-0.1_f64).exp() / ((-0.1_f64).exp() + (-2.5_f64).exp());
    let probability = |key: &str| judge["probabilities"][key].as_f64().unwrap();
    assert!(
        (probability("UR5") - sure).abs() < 1e-4 && (probability("UR3") - (1.0 - sure)).abs() < 1e-4,
        "{judge}"
    );
    let request = &judge["requests"][0];
    assert_eq!((&request["reply"], &request["calls"]), (&"E".into(), &1.into()), "{judge}");
    assert_eq!((&request["reply_key"], &request["model"]), (&record["reply_key"], &"test-model".into()));
    let tokens = request["tokens"].as_f64().unwrap();
    // One of the tokens is the letter.
    let money = ((tokens - 1.0) * 0.5 + 1.5) / 1e6;
    assert!(tokens > 100.0 && (request["money"].as_f64().unwrap() - money).abs() < 1e-8, "{judge}");
    let gpu = ((tokens - 1.0) * 40.0 + 900.0) / 1e6;
    assert!((request["gpu_seconds"].as_f64().unwrap() - gpu).abs() < 1e-8, "{judge}");
    let shown = rejoinder(&["explain", &text(&run), id]).expect(0).stdout;
    let key = &record["reply_key"].as_str().unwrap()[..12];
    for expected in [
        "judge: it is Positive Feedback (UR5)".to_owned(),
        format!("UR5 {sure:.3}"),
        "test-model said: E".to_owned(),
        format!(
            "reply {key}…, 1 HTTP request of this run, {tokens} tokens, {money:.6} in money, {gpu:.3} GPU-seconds"
        ),
    ] {
        assert!(shown.contains(&expected), "{expected}\n{shown}");
    }
    // Asked by nobody: nothing to tell.
    let offline = text(&dir.path().join("offline"));
    rejoinder(&["run", DIALOGUES, "--config", &config, "--offline", "--out", &offline]).expect(0);
    assert!(rejoinder(&["explain", &offline, id, "--json"]).expect(0).json()["judge"].is_null());
}
