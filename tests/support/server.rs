//! A judge for tests: a real HTTP server on 127.0.0.1 whose answers are a pure function of the request, and which
//! counts. It shows what is sent and how often; it says nothing about the quality of any model.
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number, from 0, among those that ask something.
    pub number: usize,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Request {
    /// The one user message.
    pub fn prompt(&self) -> &str {
        self.body["messages"][0]["content"].as_str().unwrap_or_default()
    }

    /// Whether it is one of those that find out what the server can do.
    pub fn is_probe(&self) -> bool {
        self.method == "GET"
            || self.asks_for_a_digit()
            || self.prompt().starts_with("Choose one of A, B, C, D, E, F.")
    }

    /// Whether it asks for something that no constraint allows.
    pub fn asks_for_a_digit(&self) -> bool {
        self.prompt() == "Reply with the digit 7 and nothing else."
    }
}

/// What is sent back.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    /// A response with a status and a body.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

#[derive(Default)]
struct Seen {
    all: AtomicUsize,
    requests: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    log: Mutex<Vec<Request>>,
}

/// A running server; it lives as long as the test's process.
pub struct Server {
    address: std::net::SocketAddr,
    seen: Arc<Seen>,
}

impl Server {
    /// Starts a server on a free port.
    pub fn start(handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::new(Seen::default());
        let (handler, shared) = (Arc::new(handler), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (handler, seen) = (Arc::clone(&handler), Arc::clone(&shared));
                std::thread::spawn(move || serve(stream, &*handler, &seen));
            }
        });
        Self { address, seen }
    }

    /// What `base-url` must say.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// All requests so far, with those that find out what the server can do.
    pub fn all_requests(&self) -> usize {
        self.seen.all.load(Ordering::SeqCst)
    }

    /// Requests so far that ask something.
    pub fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::SeqCst)
    }

    /// The greatest number of requests that were open at once.
    pub fn most_in_flight(&self) -> usize {
        self.seen.most_in_flight.load(Ordering::SeqCst)
    }

    /// All requests so far that ask something, in the order of arrival.
    pub fn log(&self) -> Vec<Request> {
        self.seen.log.lock().expect("no handler panics while logging").clone()
    }

    /// Whether all requests had this header.
    pub fn saw_header(&self, name: &str, value: &str) -> bool {
        let log = self.log();
        !log.is_empty() && log.iter().all(|r| r.headers.iter().any(|(n, v)| n == name && v == value))
    }
}

fn serve(stream: TcpStream, handler: &dyn Fn(&Request) -> Response, seen: &Seen) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket can be shared"));
    let mut stream = stream;
    while let Some(mut request) = read_request(&mut reader) {
        seen.all.fetch_add(1, Ordering::SeqCst);
        let response = if request.is_probe() {
            request.number = usize::MAX;
            handler(&request)
        } else {
            request.number = seen.requests.fetch_add(1, Ordering::SeqCst);
            let open = seen.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            seen.most_in_flight.fetch_max(open, Ordering::SeqCst);
            seen.log.lock().expect("no handler panics while logging").push(request.clone());
            let response = handler(&request);
            seen.in_flight.fetch_sub(1, Ordering::SeqCst);
            response
        };
        if response.status == 0 {
            // Reset: what is sent back is that nothing is.
            let _ = stream.shutdown(std::net::Shutdown::Both);
            return;
        }
        let mut head =
            format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", response.status, response.body.len());
        for (name, value) in &response.headers {
            head += &format!("{name}: {value}\r\n");
        }
        // The client may have been killed.
        if stream.write_all(format!("{head}\r\n{}", response.body).as_bytes()).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&n| n > 0)?;
    let method = line.split(' ').next()?.to_owned();
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length =
        headers.iter().find(|(n, _)| n == "content-length").and_then(|(_, v)| v.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        number: 0,
        method,
        path,
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

/// A chat completion with this text, naming the model that was asked for.
pub fn completion(request: &Request, content: &str) -> Response {
    let prompt = request.prompt().len();
    let body = json!({
        "id": "x", "object": "chat.completion", "model": request.body["model"],
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": content }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": prompt / 4, "completion_tokens": content.len() / 4, "total_tokens": (prompt + content.len()) / 4 },
    });
    Response::new(200, body.to_string())
}

/// Answers as a server that obeys `structured_outputs.choice` and JSON schemas, tells log-probabilities and reuses prefixes, by three simple
/// rules about the turns that are asked about: thanks are UR5, a leading "no," UR2, all else is no feedback.
pub fn by_rule(request: &Request) -> Response {
    answer(request, pattern)
}

/// What a turn is, as the paper names it.
pub type Rule = fn(&str) -> &'static str;

/// As [`by_rule`], by another rule.
pub fn answer(request: &Request, rule: Rule) -> Response {
    if request.method == "GET" {
        return models(request);
    }
    if let Some(choices) = request.body["structured_outputs"]["choice"].as_array() {
        let label = match request.is_probe() {
            true => "A",
            false => letter(request.prompt(), rule(&last_user_message(request.prompt()))),
        };
        assert!(choices.contains(&json!(label)));
        return labelled(request, label, &[(label, -0.1), ("C", -2.5)]);
    }
    if request.is_probe() {
        let tree = json!({ "tree": "maple" }).to_string();
        return completion(request, if request.body["response_format"].is_null() { "7" } else { &tree });
    }
    let marked = marked_turns(request.prompt());
    if !marked.is_empty() {
        let answers: Vec<Value> = marked
            .iter()
            .map(|(number, turn)| {
                let mut answer = paper_object(rule(turn), turn);
                answer["Turn"] = (*number).into();
                answer
            })
            .collect();
        return completion(request, &json!({ "Answers": answers }).to_string());
    }
    let turn = last_user_message(request.prompt());
    completion(request, &paper_object(rule(&turn), &turn).to_string())
}

/// How a server is made to answer with letters, one or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `structured_outputs` with a choice or a regex (vLLM).
    Structured,
    /// A grammar in GBNF (llama.cpp).
    Grammar,
    /// A regex (SGLang).
    Regex,
    /// A JSON schema with an array of letters, and nothing for a letter alone (hosted servers).
    Schema,
}

impl Dialect {
    pub const ALL: [Self; 4] = [Self::Structured, Self::Grammar, Self::Regex, Self::Schema];
}

/// As [`by_rule`], by a server that obeys `structured_outputs.regex`, too.
pub fn by_letters(request: &Request) -> Response {
    letters_in(Dialect::Structured, request, pattern)
}

/// As [`answer`], by a server that obeys its own kind of constraint alone, and with it gives letters of several turns, each a token
/// of its own with all six among its alternatives.
pub fn letters_in(dialect: Dialect, request: &Request, rule: Rule) -> Response {
    if request.method == "GET" {
        return models_of(dialect, request);
    }
    match wanted(dialect, &request.body) {
        Some(wanted) => lettered(request, &letters(request, &wanted, rule), &wanted),
        None => {
            let mut plain = request.clone();
            if dialect != Dialect::Structured
                && let Some(body) = plain.body.as_object_mut()
            {
                // What this kind of server does not know, it ignores.
                body.remove("structured_outputs");
            }
            answer(&plain, rule)
        }
    }
}

/// The letters that a constraint asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedLetters {
    /// How many letters.
    pub turns: usize,
    /// What stands between two of them.
    pub separator: String,
    /// Whether they are strings in a JSON object.
    pub is_json: bool,
}

/// The letters that the constraint of this kind in a request asks for; `None` where there is no such constraint.
pub fn wanted(dialect: Dialect, body: &Value) -> Option<WantedLetters> {
    let of_regex = |regex: &Value| {
        let regex = regex.as_str()?;
        if regex == "(A|B|C|D|E|F)" {
            return Some((1, String::new()));
        }
        let (separator, count) = regex.strip_prefix("[ABCDEF](")?.split_once("[ABCDEF]){")?;
        let more: usize = count.strip_suffix('}')?.parse().ok()?;
        Some((more + 1, separator.replace("\\n", "\n")))
    };
    let (turns, separator) = match dialect {
        Dialect::Structured => of_regex(&body["structured_outputs"]["regex"])?,
        Dialect::Regex => of_regex(&body["regex"])?,
        Dialect::Grammar => {
            let grammar = body["grammar"].as_str()?;
            let separator = grammar.split('"').nth(1).unwrap_or_default().replace("\\n", "\n");
            match grammar.split_once("\nlabel ::= [ABCDEF]") {
                Some((root, "")) => (root.matches("label").count(), separator),
                _ => (1, String::new()),
            }
        }
        Dialect::Schema => {
            let list = &body["response_format"]["json_schema"]["schema"]["properties"]["letters"];
            assert!(list.is_null() || list["minItems"] == list["maxItems"], "{list}");
            (list["minItems"].as_u64()? as usize, "\",\"".to_owned())
        }
    };
    Some(WantedLetters { turns, separator, is_json: dialect == Dialect::Schema })
}

/// The letter of each marked turn.
pub fn letters(request: &Request, wanted: &WantedLetters, rule: Rule) -> Vec<String> {
    if request.is_probe() {
        return vec!["A".to_owned(); wanted.turns];
    }
    let marked = marked_turns(request.prompt());
    if marked.is_empty() {
        return vec![letter(request.prompt(), rule(&last_user_message(request.prompt()))).to_owned()];
    }
    assert_eq!(marked.len(), wanted.turns, "a letter is asked for each marked turn");
    marked.iter().map(|(_, turn)| letter(request.prompt(), rule(turn)).to_owned()).collect()
}

/// A completion of letters, each a token of its own with all six among its alternatives, and each separator a token of its own.
pub fn lettered<S: AsRef<str>>(request: &Request, letters: &[S], wanted: &WantedLetters) -> Response {
    let mut tokens = Vec::new();
    for (place, letter) in letters.iter().enumerate() {
        if place > 0 {
            tokens.push((wanted.separator.as_str(), vec![(wanted.separator.as_str(), -0.01)]));
        }
        let letter = letter.as_ref();
        let all = ["A", "B", "C", "D", "E", "F"].map(|l| (l, if l == letter { -0.1 } else { -4.0 }));
        tokens.push((letter, all.to_vec()));
    }
    if wanted.is_json {
        tokens.insert(0, ("{\"letters\":[\"", Vec::new()));
        tokens.push(("\"]}", Vec::new()));
    }
    tokenized(request, &tokens)
}

/// A completion of these tokens, each with its alternatives, which are sent where they were asked for.
pub fn tokenized(request: &Request, tokens: &[(&str, Vec<(&str, f64)>)]) -> Response {
    let content: String = tokens.iter().map(|(token, _)| *token).collect();
    let told: Vec<Value> = tokens
        .iter()
        .map(|(token, all)| {
            let top: Vec<Value> =
                all.iter().map(|(token, logprob)| json!({ "token": token, "logprob": logprob })).collect();
            let own = all.iter().find(|(other, _)| other == token).map_or(-0.01, |(_, logprob)| *logprob);
            json!({ "token": token, "logprob": own, "top_logprobs": top })
        })
        .collect();
    let told = if request.body["logprobs"] == true { json!({ "content": told }) } else { Value::Null };
    let body = json!({
        "model": request.body["model"],
        "choices": [{ "message": { "content": content }, "finish_reason": "stop", "logprobs": told }],
        "usage": { "prompt_tokens": request.prompt().len() / 4, "completion_tokens": tokens.len() },
    });
    Response::new(200, body.to_string())
}

/// As [`by_rule`], by a server that knows no constraint and no schema and tells no log-probabilities.
pub fn by_rule_in_prose(request: &Request) -> Response {
    match (request.method.as_str(), request.is_probe()) {
        ("GET", _) => Response::new(404, "not found"),
        (_, true) => completion(request, "7"),
        _ => {
            let objects: Vec<String> = match marked_turns(request.prompt()).as_slice() {
                [] => {
                    let turn = last_user_message(request.prompt());
                    vec![paper_object(pattern(&turn), &turn).to_string()]
                }
                marked => marked
                    .iter()
                    .map(|(number, turn)| {
                        let mut answer = paper_object(pattern(turn), turn);
                        answer["Turn"] = (*number).into();
                        format!("```json\n{answer}\n```")
                    })
                    .collect(),
            };
            completion(request, &format!("Sure! Here it is:\n{}\nHope it helps.", objects.join("\n")))
        }
    }
}

/// The list of models, of which there is one, with no word about its context.
pub fn models(request: &Request) -> Response {
    models_of(Dialect::Structured, request)
}

fn models_of(dialect: Dialect, request: &Request) -> Response {
    let owner = match dialect {
        Dialect::Structured => "vllm",
        Dialect::Grammar => "llamacpp",
        Dialect::Regex => "sglang",
        Dialect::Schema => "somebody",
    };
    match request.path.as_str() {
        "/v1/models" => {
            Response::new(200, json!({ "data": [{ "id": "test-model", "owned_by": owner }] }).to_string())
        }
        _ => Response::new(404, "not found"),
    }
}

/// A completion of one token, with its alternatives; a probe hears that its prefix was computed before.
pub fn labelled(request: &Request, label: &str, alternatives: &[(&str, f64)]) -> Response {
    let top: Vec<Value> =
        alternatives.iter().map(|(token, logprob)| json!({ "token": token, "logprob": logprob })).collect();
    let first = json!({ "token": label, "logprob": alternatives[0].1, "top_logprobs": top });
    let body = json!({
        "model": request.body["model"],
        "choices": [{ "message": { "content": label }, "finish_reason": "length", "logprobs": { "content": [first] } }],
        "usage": {
            "prompt_tokens": request.prompt().len() / 4, "completion_tokens": 1,
            "prompt_tokens_details": { "cached_tokens": if request.is_probe() { 4 } else { 0 } },
        },
    });
    Response::new(200, body.to_string())
}

/// The rule of [`by_rule`].
pub fn pattern(turn: &str) -> &'static str {
    let lower = turn.to_lowercase();
    if lower.contains("thank") {
        "UR5"
    } else if lower.starts_with("no,") {
        "UR2"
    } else {
        "No Feedback"
    }
}

/// The letter that stands for a pattern in a prompt that asks for one.
pub fn letter<'p>(prompt: &'p str, pattern: &str) -> &'p str {
    let code = format!("({pattern})");
    let stands_for = |line: &&str| {
        line.get(1..4) == Some(" = ")
            && (line.contains(&code) || line[4..].to_lowercase().starts_with(&pattern.to_lowercase()))
    };
    prompt.lines().find(stands_for).map_or_else(|| usual_letter(pattern), |line| &line[..1])
}

fn usual_letter(pattern: &str) -> &'static str {
    match pattern {
        "UR5" => "E",
        "UR2" => "B",
        _ => "F",
    }
}

fn paper_object(pattern: &str, turn: &str) -> Value {
    let text = if pattern == "No Feedback" { "" } else { turn.lines().next().unwrap_or_default() };
    json!({ "User Response Pattern": pattern, "User Response Text": text })
}

/// The turns that a prompt marks, with their numbers.
pub fn marked_turns(prompt: &str) -> Vec<(u64, String)> {
    let mut marked = Vec::new();
    for (at, head) in prompt.match_indices("\n# user [turn ") {
        let rest = &prompt[at + head.len()..];
        let Some((number, rest)) = rest.split_once("]: ") else { continue };
        let Ok(number) = number.parse() else { continue };
        marked.push((number, message_at_start(rest)));
    }
    marked
}

/// The last message of a user in a prompt that marks none.
pub fn last_user_message(prompt: &str) -> String {
    let start = prompt.rfind("\n# user: ").map_or(0, |at| at + "\n# user: ".len());
    message_at_start(&prompt[start..])
}

fn message_at_start(text: &str) -> String {
    let ends = ["\n</dialogue>", "\n# ", "\n[…]\n"].map(|end| text.find(end));
    let end = ends.into_iter().flatten().min().unwrap_or(text.len());
    text[..end].trim().to_owned()
}
