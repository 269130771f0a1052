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
    /// Its number, from 0.
    pub number: usize,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Request {
    /// The one user message.
    pub fn prompt(&self) -> &str {
        self.body["messages"][0]["content"].as_str().expect("a request has one user message")
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

    /// Requests so far.
    pub fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::SeqCst)
    }

    /// The greatest number of requests that were open at once.
    pub fn most_in_flight(&self) -> usize {
        self.seen.most_in_flight.load(Ordering::SeqCst)
    }

    /// All requests so far, in the order of arrival.
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
        request.number = seen.requests.fetch_add(1, Ordering::SeqCst);
        let open = seen.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most_in_flight.fetch_max(open, Ordering::SeqCst);
        seen.log.lock().expect("no handler panics while logging").push(request.clone());
        let response = handler(&request);
        seen.in_flight.fetch_sub(1, Ordering::SeqCst);
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
    Some(Request { number: 0, path, headers, body: serde_json::from_slice(&body).unwrap_or_default() })
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

/// Answers by three simple rules about the last user message of the prompt: thanks are UR5, a leading "no," UR2, all
/// else is no feedback.
pub fn by_rule(request: &Request) -> Response {
    let turn = last_user_message(request.prompt());
    let lower = turn.to_lowercase();
    let pattern = if lower.contains("thank") {
        "UR5"
    } else if lower.starts_with("no,") {
        "UR2"
    } else {
        "No Feedback"
    };
    let text = if pattern == "No Feedback" { "" } else { turn.lines().next().unwrap_or_default() };
    completion(request, &json!({ "User Response Pattern": pattern, "User Response Text": text }).to_string())
}

/// The last message of a user in a prompt of either unit.
pub fn last_user_message(prompt: &str) -> String {
    let start = prompt.rfind("\n# user: ").map_or(0, |at| at + "\n# user: ".len());
    let rest = &prompt[start..];
    let end =
        [rest.find("\n</dialogue>"), rest.find("\n# ")].into_iter().flatten().min().unwrap_or(rest.len());
    rest[..end].trim().to_owned()
}
