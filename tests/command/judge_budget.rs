//! Budgets as the operator sets them: never passed, whatever the server does; spent on the best first; and what was paid
//! for is kept when they are raised.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use rejoinder_judge::TokenCounter;
use serde_json::Value;

use crate::corpus;
use crate::support::server::{Response, Server, by_letters, by_rule, marked_turns};
use crate::support::{assert_funnel_adds_up, figure, folder, output_files, rejoinder, rows, text, write};

/// Sends more of the corpus's later turns to the judge, with less weight than the shipped rules do.
const RULES: &str = "format = 1\nlang = [\"en\"]\n[[rule]]\nid = \"budget.ask\"\nroute = \"escalate\"\ncategory = \"UR2\"\nweight = 0.5\n\
     any = [\"now add\", \"next, write about\", \"and what about\", \"tell me more about\", \"how do i use\"]\n";

fn corpus_file(dir: &Path) -> String {
    let mut content = Vec::new();
    corpus::write(&mut content, 250, 7, corpus::Style::default()).unwrap();
    write(dir, "corpus.jsonl", content)
}

fn config(dir: &Path, name: &str, server: &Server, more: &str) -> String {
    let rules = write(dir, "rules.toml", RULES);
    let config = format!(
        "format = 1\nplugin = []\n[rules]\npacks = [\"en\", {rules:?}]\n[judge]\nbase-url = \"{}\"\nmodel = \"test-model\"\n{more}",
        server.base_url()
    );
    write(dir, name, config)
}

/// The forms of the answer that a config names.
const FORMS: [&str; 3] = ["label", "letters", "json"];

/// Fails every third time, each time in another way.
fn stumbling() -> Server {
    Server::start(|request| {
        std::thread::sleep(Duration::from_millis(5));
        match request.number % 9 {
            _ if request.is_probe() => by_letters(request),
            2 => Response::new(500, "no"),
            5 => Response::new(429, "later").header("retry-after", "0"),
            8 => Response::new(0, ""),
            _ => by_letters(request),
        }
    })
}

/// The requests that find out what the server can do for a form.
fn probes(answer: &str) -> usize {
    if answer == "letters" { 3 } else { 2 }
}

#[test]
fn a_stumbling_server_never_sees_more_calls_than_the_budget_has() {
    let dir = folder();
    let input = corpus_file(dir.path());
    // Several turns a request need fewer requests, and fewer of them are open at once before the end.
    for (answer, budgets, more, at_once) in
        [("label", &[1, 2, 3, 20, 90][..], 30, 4), ("letters", &[2, 4, 20], 10, 2), ("json", &[1, 20], 10, 2)]
    {
        let pace = format!("answer = \"{answer}\"\nmax-in-flight = 64\nmax-retries = 20\n");
        for &calls in budgets {
            let server = stumbling();
            let config = config(dir.path(), "c.toml", &server, &pace);
            let run = text(&dir.path().join(format!("{answer}{calls}")));
            let budget = calls.to_string();
            let args = ["run", &input, "--config", &config, "--out", &run, "--calls", &budget, "--json"];
            let ended = rejoinder(&args).expect(4).json();
            assert_eq!((server.all_requests(), figure(&ended, "calls")), (calls, calls as u64));
            assert_funnel_adds_up(&ended);
            assert_eq!(figure(&ended, "judged") > 0, calls > probes(answer), "{ended}");
            let raised = (calls + more).to_string();
            let ended = rejoinder(&["resume", &run, "--calls", &raised, "--json"]).expect(4).json();
            assert_eq!(
                (server.all_requests(), figure(&ended, "calls")),
                (calls + more, (calls + more) as u64)
            );
            // A raise that is taken back asks nobody.
            rejoinder(&["judge", &run, "--calls", &budget]).expect(4);
            assert_eq!(server.all_requests(), calls + more);
        }
        let server = stumbling();
        let config = config(dir.path(), "c.toml", &server, &pace);
        let run = text(&dir.path().join(answer));
        let args = ["run", &input, "--config", &config, "--out", &run, "--calls", "2000", "--json"];
        let mut ended = rejoinder(&args);
        // It fails more than what is borne at a stretch; what is answered is kept, so a few stretches are enough.
        for _ in 0..4 {
            if ended.code == 0 {
                break;
            }
            let judged = figure(&ended.expect(5).json(), "judged");
            ended = rejoinder(&["judge", &run, "--json"]);
            assert!(figure(&ended.json(), "judged") > judged);
        }
        let ended = ended.expect(0).json();
        assert_eq!((figure(&ended, "undecided"), figure(&ended, "calls")), (0, server.all_requests() as u64));
        assert!(server.most_in_flight() > at_once, "{} at once", server.most_in_flight());
    }
}

#[test]
fn a_limit_without_a_price_is_refused_where_it_stands() {
    let dir = folder();
    let server = Server::start(by_rule);
    let input = corpus_file(dir.path());
    for (key, price) in [("money", "gpu-seconds-input = 40"), ("gpu-seconds", "input = 0.5")] {
        let more = format!("[budget]\ncalls = 9\n  {key} = 2.5\n[judge.price]\n{price}\n");
        let config = config(dir.path(), "poor.toml", &server, &more);
        let run = dir.path().join("run");
        let refused = rejoinder(&["run", &input, "--config", &config, "--out", &text(&run)]).expect(7);
        assert!(refused.stderr.contains(&format!("{config}:10:3")), "{}", refused.stderr);
        assert!(refused.stderr.contains("[judge.price]"), "{}", refused.stderr);
        assert!(!run.exists());
    }
    assert_eq!(server.all_requests(), 0);
}

#[test]
fn budgets_of_tokens_money_and_gpu_seconds_end_the_run_and_a_raise_ends_it_well() {
    FORMS.into_iter().for_each(end_by_budgets);
}

/// Ends a run in a form by each kind of budget, and goes on with more.
fn end_by_budgets(answer: &str) {
    const PRICE: &str =
        "[judge.price]\ninput = 0.5\noutput = 1.5\ngpu-seconds-input = 40\ngpu-seconds-output = 900\n";
    let price = format!("answer = \"{answer}\"\nmax-in-flight = 8\n{PRICE}");
    let dir = folder();
    let input = corpus_file(dir.path());
    let server = Server::start(by_letters);
    let whole = dir.path().join("whole");
    let free = config(dir.path(), "free.toml", &server, &price);
    let all =
        rejoinder(&["run", &input, "--config", &free, "--out", &text(&whole), "--json"]).expect(0).json();
    let needed = server.requests();
    for (key, spent) in
        [("tokens", "spent_tokens"), ("money", "spent_money"), ("gpu-seconds", "spent_gpu_seconds")]
    {
        let amount = |summary: &Value| summary[spent].as_f64().unwrap();
        let limit = amount(&all) / 3.0;
        let limit = if key == "tokens" { limit.floor() } else { limit };
        let written = if key == "tokens" { format!("{limit:.0}") } else { format!("{limit:.12}") };
        let server = Server::start(by_letters);
        let poor = config(dir.path(), "poor.toml", &server, &format!("{price}[budget]\n{key} = {written}\n"));
        let path = dir.path().join(key);
        let run = text(&path);
        let ended = rejoinder(&["run", &input, "--config", &poor, "--out", &run, "--json"]).expect(4);
        assert!(ended.stderr.contains("budget"), "{}", ended.stderr);
        let ended = ended.json();
        assert!(
            amount(&ended) <= limit && amount(&ended) > 0.5 * limit,
            "{key}: {} of {limit}",
            amount(&ended)
        );
        assert_funnel_adds_up(&ended);
        let (judged, asked) = (figure(&ended, "judged"), server.requests());
        assert!(
            judged as usize >= asked && asked > needed / 6 && asked < needed,
            "{asked} of {needed}: {ended}"
        );
        // The limit is for the run's whole life.
        rejoinder(&["judge", &run]).expect(4);
        assert!(amount(&rejoinder(&["resume", &run, "--json"]).expect(4).json()) <= limit);
        let raised = format!("{price}[budget]\n{key} = {:.0}\n", limit * 30.0 + 1.0);
        let raised = config(dir.path(), "raised.toml", &server, &raised);
        let done = rejoinder(&["judge", &run, "--config", &raised, "--json"]).expect(0).json();
        assert_eq!(figure(&done, "undecided"), 0);
        assert_eq!(server.requests(), needed, "what was answered is not asked again");
        assert!((amount(&done) - amount(&all)).abs() < 1e-6 * amount(&all), "{key}: {done}");
        assert!(output_files(&path) == output_files(&whole));
    }
}

#[test]
fn a_small_budget_goes_to_the_conversations_with_the_most_expected_feedback_a_token() {
    let dir = folder();
    let input = corpus_file(dir.path());
    let server = Server::start(by_rule);
    // Two calls find out what the server can do.
    let more = "answer = \"label\"\nmax-in-flight = 1\n[budget]\ncalls = 32\n";
    let config = config(dir.path(), "c.toml", &server, more);
    let run = dir.path().join("run");
    rejoinder(&["run", &input, "--config", &config, "--out", &text(&run)]).expect(4);
    let log = server.log();
    assert_eq!(log.len(), 30);
    let (instructions, _) = log[0].prompt().split_once("\n<dialogue>\n").unwrap();
    let (_, question) = log[0].prompt().rsplit_once("</dialogue>\n").unwrap();
    let counter: TokenCounter = Default::default();
    let fixed = counter.count(instructions) + counter.count(question);
    // Conversations in input order: worth, and the turns that wait.
    let mut conversations: Vec<(u64, f64, f64, Vec<String>)> = Vec::new();
    for row in rows(&run.join("spool/part-00000.jsonl")) {
        let ordinal = row["question"]["id"]["ordinal"].as_u64().unwrap_or_else(|| {
            row["question"]["id"].as_str().unwrap().split(':').nth(1).unwrap().parse().unwrap()
        });
        let lines = row["question"]["lines"].as_array().unwrap();
        let turn = lines.last().unwrap()["text"].as_str().unwrap().to_owned();
        let (gain, tokens) = (row["gain"].as_f64().unwrap(), row["shown_tokens"].as_u64().unwrap() + fixed);
        match conversations.last_mut() {
            Some(last) if last.0 == ordinal => {
                last.1 += gain;
                last.2 += tokens as f64;
                last.3.push(turn);
            }
            _ => conversations.push((ordinal, gain, tokens as f64, vec![turn])),
        }
    }
    let in_input_order: Vec<String> = conversations.iter().flat_map(|c| c.3.clone()).collect();
    conversations.sort_by(|a, b| (b.1 / b.2).total_cmp(&(a.1 / a.2)));
    let expected: Vec<String> = conversations.into_iter().flat_map(|c| c.3).collect();
    assert!(expected.len() > 60);
    for (number, (request, turn)) in log.iter().zip(&expected).enumerate() {
        let end = format!("# user: {turn}\n</dialogue>\n{question}");
        assert!(request.prompt().ends_with(&end), "request {number} is not about {turn}");
    }
    let [first, best] = [&in_input_order, &expected].map(|turns| turns[..30].iter().collect::<HashSet<_>>());
    assert!(first.intersection(&best).count() < 20, "the order says something");
}

#[test]
fn a_small_budget_goes_to_the_groups_with_the_most_expected_feedback_a_token() {
    for (answer, template) in [("letters", "turn-letters"), ("json", "turn-json")] {
        let dir = folder();
        let input = corpus_file(dir.path());
        let asked = |name: &str, budget: &str, code: i32| {
            let server = Server::start(by_letters);
            let more = format!("answer = \"{answer}\"\nmax-in-flight = 1\n{budget}");
            let config = config(dir.path(), "c.toml", &server, &more);
            let run = dir.path().join(name);
            rejoinder(&["run", &input, "--config", &config, "--out", &text(&run)]).expect(code);
            let groups: Vec<Vec<String>> = server
                .log()
                .iter()
                .map(|request| marked_turns(request.prompt()).into_iter().map(|(_, turn)| turn).collect())
                .collect();
            (groups, run)
        };
        let (all, run) = asked("all", "", 0);
        let prompt = std::fs::read_to_string(format!("rules/prompts/{template}.toml")).unwrap();
        let prompt: toml::Table = prompt.parse().unwrap();
        let counter: TokenCounter = Default::default();
        let fixed: u64 = ["instructions", "question"]
            .iter()
            .map(|key| counter.count(prompt[*key].as_str().unwrap()))
            .sum();
        let waiting: HashMap<String, (f64, f64)> = rows(&run.join("spool/part-00000.jsonl"))
            .into_iter()
            .map(|row| {
                let lines = row["question"]["lines"].as_array().unwrap();
                let turn = lines.last().unwrap()["text"].as_str().unwrap().trim().to_owned();
                (turn, (row["gain"].as_f64().unwrap(), row["shown_tokens"].as_f64().unwrap()))
            })
            .collect();
        let worth = |group: &Vec<String>| {
            let of = |turn: &String| *waiting.get(turn).unwrap_or_else(|| panic!("{turn:?} is in no row"));
            let turns = group.iter().map(of);
            let (gain, tokens) =
                turns.fold((0.0, fixed as f64), |sum, turn| (sum.0 + turn.0, sum.1 + turn.1));
            gain / tokens
        };
        let mut best = all.clone();
        best.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
        let calls = probes(answer) + best.len() / 3;
        let (first, _) = asked("first", &format!("[budget]\ncalls = {calls}\n"), 4);
        assert!(first.len() == best.len() / 3 && first.len() > 9, "{} of {}", first.len(), best.len());
        let order = |group: &Vec<String>| best.iter().position(|other| other == group);
        assert!(
            first.iter().map(order).eq((0..first.len()).map(Some)),
            "{answer}: {:?}",
            first.iter().map(order).collect::<Vec<_>>()
        );
        assert_ne!(first, all[..first.len()], "the order says something");
    }
}
