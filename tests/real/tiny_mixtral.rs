//! The tiny model of Mixtral's architecture: random weights, so these tests show transport, never quality.

use std::process::Stdio;
use std::time::Duration;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::llama_server::{LlamaServer, Real, free_port, judge_config};
use crate::support::{self, DIALOGUES, assert_funnel_adds_up, figure, folder, rejoinder, text, write};

pub fn by_letter(real: &Real) -> Result<(), Failed> {
    let server = LlamaServer::start(real, free_port(), 16_384);
    let dir = folder();
    let run = dir.path().join("run");
    let config = judge_config(dir.path(), &server, "answer = \"label\"\n");
    let summary =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&run), "--json"]).expect(0).json();
    assert_funnel_adds_up(&summary);
    let found = &summary["judge"];
    assert_eq!(
        (found["constraint"].as_str(), found["logprobs"].as_bool()),
        (Some("grammar"), Some(true)),
        "{found}"
    );
    assert_eq!(found["context"], 16_384, "{found}");
    // A constrained server cannot say anything else: nothing keeps waiting.
    assert_eq!((figure(&summary, "undecided"), figure(&summary, "unverified")), (0, 0), "{summary}");
    assert_eq!(
        figure(&summary, "reported_output_tokens"),
        figure(&summary, "requests") + 1,
        "one token each, and a probe"
    );
    let rows = support::rows(&run.join("judged/part-00000.jsonl"));
    assert!(!rows.is_empty(), "random weights find some feedback");
    for row in &rows {
        let sum: f64 = row["probabilities"].as_object().unwrap().values().filter_map(Value::as_f64).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{}", row["probabilities"]);
    }
    Ok(())
}

pub fn by_letters(real: &Real) -> Result<(), Failed> {
    let server = LlamaServer::start(real, free_port(), 16_384);
    let dir = folder();
    let run = dir.path().join("run");
    let config = judge_config(dir.path(), &server, "");
    let summary =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&run), "--json"]).expect(0).json();
    assert_funnel_adds_up(&summary);
    let letters = &summary["judge"]["letters"];
    assert_eq!((letters["constraint"].as_str(), letters["separator"].as_str()), (Some("grammar"), Some(" ")));
    assert_eq!((figure(&summary, "undecided"), figure(&summary, "requests_apart")), (0, 0), "{summary}");
    let asked = server.counter("tokens_predicted_total");
    assert!(figure(&summary, "requests") * 2 < figure(&summary, "judged"), "turns share requests: {summary}");
    let rows = support::rows(&run.join("judged/part-00000.jsonl"));
    assert!(!rows.is_empty() && rows.iter().all(|row| row["reply_form"] == "grouped"));
    rejoinder(&["judge", &text(&run)]).expect(0);
    assert_eq!(server.counter("tokens_predicted_total"), asked, "nothing is asked again");
    Ok(())
}

/// What a run measures of the server's time, the next plan reckons with. The bound is wide, for other tests share the machine.
pub fn predicted_time(real: &Real) -> Result<(), Failed> {
    let server = LlamaServer::start(real, free_port(), 16_384);
    let dir = folder();
    let dialogues = std::fs::read_to_string(DIALOGUES)?;
    let lines: Vec<&str> = dialogues.lines().collect();
    let half = |name: &str, from: usize| {
        let lines: Vec<String> = lines.iter().skip(from).step_by(2).map(|line| format!("{line}\n")).collect();
        write(dir.path(), name, lines.concat())
    };
    let halves = [half("first.jsonl", 0), half("second.jsonl", 1)];
    let config = judge_config(dir.path(), &server, "all = true\nreplies = \"shared.sqlite\"\n");
    let run = |input: &str, name: &str| {
        let out = text(&dir.path().join(name));
        rejoinder(&["run", input, "--config", &config, "--out", &out, "--json"]).expect(0).json()
    };
    run(&halves[0], "first");
    let plan = rejoinder(&["plan", &halves[1], "--config", &config, "--json"]).expect(0).json();
    let predicted = plan["here"]["gpu_seconds"][0].as_f64().unwrap_or_else(|| panic!("{plan}"));
    let measured = run(&halves[1], "second")["measured_server_seconds"].as_f64().unwrap();
    let ratio = predicted / measured;
    println!("predicted {predicted:.3} s, measured {measured:.3} s, ratio {ratio:.3}");
    assert!((0.5..2.0).contains(&ratio), "predicted {predicted} s, measured {measured} s");
    Ok(())
}

pub fn under_a_schema(real: &Real) -> Result<(), Failed> {
    let server = LlamaServer::start(real, free_port(), 16_384);
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let config = judge_config(dir.path(), &server, "answer = \"json\"\nmax-tokens = 1500\n");
    let summary =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run, "--json"]).expect(0).json();
    assert_funnel_adds_up(&summary);
    assert_eq!(summary["judge"]["json-schema"], true, "{summary}");
    let requests = figure(&summary, "requests");
    assert!(requests < figure(&summary, "undecided") + figure(&summary, "judged"), "turns share requests");
    // Random weights write no quotations: what cannot be verified must stay undecided, never be accepted.
    assert_eq!(figure(&summary, "undecided"), figure(&summary, "unverified"), "{summary}");
    Ok(())
}

pub fn the_papers_way(real: &Real) -> Result<(), Failed> {
    let server = LlamaServer::start(real, free_port(), 16_384);
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let config = judge_config(dir.path(), &server, "max-tokens = 64\n");
    let args = ["run", DIALOGUES, "--config", &config, "--judge-all", "--out", &run, "--json"];
    let summary = rejoinder(&args).expect(0).json();
    assert_funnel_adds_up(&summary);
    assert_eq!(figure(&summary, "requests"), figure(&summary, "paper_requests"));
    assert_eq!(figure(&summary, "undecided"), figure(&summary, "unverified"), "{summary}");
    Ok(())
}

pub fn counts_and_prefix(real: &Real) -> Result<(), Failed> {
    let server = LlamaServer::start(real, free_port(), 16_384);
    let before = ["prompt_tokens_total", "prompt_tokens_cached_total", "tokens_predicted_total"]
        .map(|n| server.counter(n));
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let config = judge_config(dir.path(), &server, "answer = \"label\"\n");
    let summary =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run, "--json"]).expect(0).json();
    let after = ["prompt_tokens_total", "prompt_tokens_cached_total", "tokens_predicted_total"]
        .map(|n| server.counter(n));
    let [new, cached, output] = [0, 1, 2].map(|i| after[i] - before[i]);
    assert_eq!(figure(&summary, "reported_input_tokens"), new + cached, "{summary}");
    assert_eq!(figure(&summary, "reported_cached_tokens"), cached, "{summary}");
    assert_eq!(figure(&summary, "reported_output_tokens"), output, "{summary}");
    // The instructions come first and are the same: most of the input is computed once.
    assert!(cached > new, "{cached} tokens reused, {new} computed");
    Ok(())
}

pub fn too_long(real: &Real) -> Result<(), Failed> {
    let server = LlamaServer::start(real, free_port(), 3_072);
    let dir = folder();
    let said = |role: &str, content: &str| serde_json::json!({ "role": role, "content": content });
    let long = "and then it did something else again. ".repeat(400);
    let dialogue = serde_json::json!({ "id": "long", "messages": [
        said("user", &long), said("assistant", &long), said("user", &format!("are you sure? {long}")),
    ] });
    let input = write(dir.path(), "long.jsonl", format!("{dialogue}\n"));
    let run = text(&dir.path().join("run"));
    // The model counts a token a character: the estimate is far off, and the server's word counts.
    let config = judge_config(dir.path(), &server, "context = 1000000\n");
    let args = ["run", &input, "--config", &config, "--out", &run, "--json"];
    let summary = rejoinder(&args).expect(0).json();
    assert_eq!((figure(&summary, "turns"), figure(&summary, "judged")), (1, 1), "{summary}");
    let calls = figure(&summary, "calls");
    let again = rejoinder(&["judge", &run, "--json"]).expect(0).json();
    assert_eq!(figure(&again, "calls"), calls, "what was too long is remembered");
    Ok(())
}

pub fn killed_and_restarted(real: &Real) -> Result<(), Failed> {
    let dir = folder();
    let port = free_port();
    let mut server = LlamaServer::start(real, port, 16_384);
    let config = judge_config(dir.path(), &server, "");
    let calm = text(&dir.path().join("calm"));
    let calm = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &calm, "--json"]).expect(0).json();
    let out = text(&dir.path().join("run"));
    let child = support::command(&["run", DIALOGUES, "--config", &config, "--out", &out, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // Once it answers, it is killed, stays away for a second, and comes back.
    let asked = server.counter("tokens_predicted_total");
    while server.counter("tokens_predicted_total") < asked + 8 {
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(server);
    std::thread::sleep(Duration::from_secs(1));
    server = LlamaServer::start(real, port, 16_384);
    let ended: support::Ended = child.wait_with_output()?.into();
    let summary = ended.expect(0).json();
    // Not the same bytes: what a server computes together changes its probabilities in the last digits.
    assert_eq!(
        (figure(&summary, "undecided"), figure(&summary, "judged")),
        (0, figure(&calm, "judged")),
        "{summary}"
    );
    let in_flight = 4;
    assert!(figure(&summary, "calls") <= figure(&calm, "calls") + 2 * in_flight, "{summary}");
    // All that the second server counted was paid for, and no more than was in flight at the first one's end is unknown.
    assert!(
        figure(&summary, "reported_output_tokens") >= server.counter("tokens_predicted_total"),
        "{summary}"
    );
    Ok(())
}
