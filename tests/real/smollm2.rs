//! SmolLM2-135M-Instruct: trained weights, a vocabulary of 49,152 pieces, a chat template with a system message of its own. The
//! model says A to nearly everything, so nothing here is about quality: these tests show what a server does with such a model,
//! and what this program makes of a judge that cannot judge.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::llama_server::{LlamaServer, Real, free_port, judge_config};
use crate::support::{self, DIALOGUES, assert_funnel_adds_up, figure, folder, rejoinder, text, write};

/// The longest context that the model was trained for.
const CONTEXT: u32 = 8_192;

fn server(real: &Real) -> LlamaServer {
    LlamaServer::start(real, free_port(), CONTEXT)
}

/// The names of the remarks of a summary.
fn remarks(summary: &Value) -> Vec<&str> {
    summary["remarks"].as_array().unwrap().iter().filter_map(|remark| remark["name"].as_str()).collect()
}

/// The reply to a message under a grammar, with the alternatives to its tokens.
fn constrained(server: &LlamaServer, message: &str, grammar: &str) -> Value {
    let request = json!({
        "messages": [{ "role": "user", "content": message }], "grammar": grammar, "temperature": 0, "max_tokens": 16,
        "logprobs": true, "top_logprobs": 20,
    });
    server.post("/v1/chat/completions", &request)
}

/// The pieces that a reply was generated as, without the mark of its end.
fn pieces(reply: &Value) -> Vec<&str> {
    let tokens = reply["choices"][0]["logprobs"]["content"].as_array().unwrap();
    tokens.iter().filter_map(|token| token["token"].as_str()).filter(|piece| !piece.is_empty()).collect()
}

pub fn letters(real: &Real) -> Result<(), Failed> {
    let server = server(real);
    let tokens = |content: &str| -> Vec<(u64, String)> {
        let reply = server.post("/tokenize", &json!({ "content": content, "with_pieces": true }));
        let tokens = reply["tokens"].as_array().unwrap().iter();
        tokens
            .map(|token| (token["id"].as_u64().unwrap(), token["piece"].as_str().unwrap().to_owned()))
            .collect()
    };
    let alone: Vec<(u64, String)> = ["A", "B", "C", "D", "E", "F"]
        .into_iter()
        .flat_map(|letter| {
            let (alone, behind_a_blank) = (tokens(letter), tokens(&format!(" {letter}")));
            assert_eq!((alone.len(), behind_a_blank.len()), (1, 1), "{letter}");
            // The server writes a blank, not the Ġ of the vocabulary.
            assert_eq!(
                (alone[0].1.as_str(), behind_a_blank[0].1.as_str()),
                (letter, format!(" {letter}").as_str())
            );
            assert_ne!(alone[0].0, behind_a_blank[0].0, "{letter} is another token at the beginning");
            alone
        })
        .collect();
    // Letters in a row are not a token each; on lines of their own they are.
    assert!(tokens("ABCDEF").len() < 6, "{:?}", tokens("ABCDEF"));
    let lines = tokens("A\nB\nC\nD\nE\nF");
    let letters: Vec<_> = lines.into_iter().filter(|(_, piece)| piece != "\n").collect();
    assert_eq!(letters, alone);
    // Nor does a grammar make them so.
    let question = "Choose A or F three times.";
    let letter = "(\"A\" | \"F\")";
    let in_a_row = constrained(&server, question, &format!("root ::= {letter} {letter} {letter}"));
    assert!(pieces(&in_a_row).iter().any(|piece| piece.len() > 1), "{in_a_row}");
    let on_lines =
        constrained(&server, question, &format!(r#"root ::= {letter} "\n" {letter} "\n" {letter}"#));
    assert_eq!(pieces(&on_lines).iter().filter(|piece| piece.len() == 1 && **piece != "\n").count(), 3);
    // The alternatives are those from before the grammar: a reader must not take them for the letters alone.
    let first = on_lines["choices"][0]["logprobs"]["content"][0]["top_logprobs"].as_array().unwrap();
    let is_letter = |token: &Value| token["token"] == "A" || token["token"] == "F";
    assert!(first.iter().any(|token| !is_letter(token)), "{first:?}");
    Ok(())
}

pub fn one_letter(real: &Real) -> Result<(), Failed> {
    let server = server(real);
    let dir = folder();
    let run = dir.path().join("run");
    let config = judge_config(dir.path(), &server, "answer = \"label\"\n");
    let summary =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &text(&run), "--json"]).expect(0).json();
    assert_funnel_adds_up(&summary);
    let found = &summary["judge"];
    assert_eq!(
        (found["constraint"].as_str(), found["context"].as_u64()),
        (Some("grammar"), Some(CONTEXT.into()))
    );
    // Asked for a 7 the model has hardly a letter among its alternatives; asked for a letter it has.
    assert_eq!(found["logprobs"], true, "{found}");
    assert_eq!((figure(&summary, "undecided"), figure(&summary, "unverified")), (0, 0), "{summary}");
    assert!(remarks(&summary).contains(&"one-answer"), "{}", summary["remarks"]);
    let rows = support::rows(&run.join("judged/part-00000.jsonl"));
    assert!(rows.len() as u64 * 10 >= figure(&summary, "judged") * 9, "A is a category");
    for row in &rows {
        let shares = row["probabilities"].as_object().unwrap().values().filter_map(Value::as_f64);
        assert!((shares.sum::<f64>() - 1.0).abs() < 1e-3, "{}", row["probabilities"]);
    }
    // The instructions come first in each prompt, behind the template's own words.
    let (input, cached) =
        (figure(&summary, "reported_input_tokens"), figure(&summary, "reported_cached_tokens"));
    assert!(2 * cached > input && cached < input, "{cached} of {input}");
    // The estimate knows neither vocabulary nor template.
    let estimate = figure(&summary, "input_tokens");
    assert!(input.abs_diff(estimate) * 4 < estimate, "{input} of {estimate}");
    let tested = rejoinder(&["judge", "test", "--config", &config]);
    assert!(tested.code != 0 && tested.stdout.contains("WRONG"), "{tested:?}");
    Ok(())
}

pub fn own_system_message(real: &Real) -> Result<(), Failed> {
    let server = server(real);
    let tokens = |messages: Value| {
        let request = json!({ "messages": messages, "max_tokens": 1 });
        figure(&server.post("/v1/chat/completions", &request)["usage"], "prompt_tokens")
    };
    let question = json!({ "role": "user", "content": "Name a river." });
    let alone = tokens(json!([question]));
    let empty = tokens(json!([{ "role": "system", "content": "" }, question]));
    assert!(alone > empty, "the template adds a message: {alone} tokens, {empty} with an empty one");
    // So a prompt has more tokens than its text; a budget of tokens holds all the same.
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let budget = 6_000;
    let config = judge_config(dir.path(), &server, &format!("[budget]\ntokens = {budget}\n"));
    let summary =
        rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run, "--json"]).expect(4).json();
    let spent = figure(&summary, "spent_tokens");
    assert!(spent <= budget && 2 * spent > budget, "{spent}");
    assert_eq!(figure(&summary, "reported_input_tokens") + figure(&summary, "reported_output_tokens"), spent);
    Ok(())
}

pub fn unreadable_objects(real: &Real) -> Result<(), Failed> {
    let server = server(real);
    let dir = folder();
    let few: Vec<String> = std::fs::read_to_string(DIALOGUES)?.lines().take(6).map(str::to_owned).collect();
    let input = write(dir.path(), "few.jsonl", few.join("\n"));
    let run = text(&dir.path().join("run"));
    let config = judge_config(dir.path(), &server, "answer = \"json\"\nmax-tokens = 300\n");
    let summary = rejoinder(&["run", &input, "--config", &config, "--out", &run, "--json"]).expect(0).json();
    assert_funnel_adds_up(&summary);
    assert_eq!(summary["judge"]["json-schema"], true, "{summary}");
    // The model fills the schema with what the turns do not hold, or does not come to its end.
    assert_eq!(
        (figure(&summary, "judged"), figure(&summary, "undecided")),
        (0, figure(&summary, "unverified"))
    );
    assert!(remarks(&summary).contains(&"unverified"), "{}", summary["remarks"]);
    Ok(())
}

pub fn requests_of_users_own(real: &Real) -> Result<(), Failed> {
    const CONTEXT: u32 = 1_024;
    let server = LlamaServer::start(real, free_port(), CONTEXT);
    let dir = folder();
    let messages = |count: usize| -> Vec<Value> {
        let role = |place: usize| ["user", "assistant"][place % 2];
        let said = |place: usize| format!("{}. Which is better, A or B?", place + 1);
        (0..count).map(|place| json!({ "role": role(place), "content": said(place) })).collect()
    };
    let mut asked: Vec<(String, Vec<Value>)> =
        [1, 3, 9].map(|count| (count.to_string(), messages(count))).into();
    // The words are tokens of their own: the estimate is sure of the one only.
    for words in [1_015, 1_400] {
        let said = json!({ "role": "user", "content": "word ".repeat(words) });
        asked.push((words.to_string(), vec![said]));
    }
    let line = |(id, messages): &(String, Vec<Value>)| {
        json!({ "custom_id": id, "body": { "messages": messages, "max_tokens": 8 } }).to_string()
    };
    let file = write(dir.path(), "r.jsonl", asked.iter().map(line).collect::<Vec<_>>().join("\n"));
    let config = judge_config(dir.path(), &server, "[budget]\ntokens = 20000\n");
    let out = dir.path().join("asked");
    let args = ["ask", &file, "--out", &text(&out), "--config", &config, "--json"];
    let summary = rejoinder(&args).expect(0).json();
    assert_eq!((figure(&summary, "answered"), figure(&summary, "too_long")), (3, 2), "{summary}");
    let rows = support::rows(&out.join("answers.jsonl"));
    for (row, (id, messages)) in rows.iter().zip(&asked) {
        assert_eq!(row["custom_id"], id.as_str());
        if let Some(tokens) = row["response"]["body"]["usage"]["prompt_tokens"].as_u64() {
            let bytes: usize = messages.iter().filter_map(|m| m["content"].as_str()).map(str::len).sum();
            let reserved = (bytes + messages.len() + 128 + 16 * (messages.len() - 1)) as u64;
            assert!(tokens <= reserved, "{tokens} of {reserved}");
        }
    }
    let said = |row: &Value| row["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(said(&rows[3]).starts_with("HTTP 400: "), "the server decides: {}", rows[3]);
    assert!(said(&rows[4]).starts_with("not sent: "), "{}", rows[4]);
    let calls = figure(&summary, "calls");
    let again = rejoinder(&args).expect(0).json();
    assert_eq!((figure(&again, "calls"), figure(&again, "answered")), (calls, 3));
    Ok(())
}
