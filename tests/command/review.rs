//! `rejoinder review`: the page's server as a browser meets it, and what becomes of the labels.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{DIALOGUES, Ended, command, folder, random, rejoinder, rows, text, write};

/// A page that is served.
pub(crate) struct Served {
    child: Child,
    pub(crate) begun: Value,
    port: u16,
    token: String,
}

/// An answer: its status, its headers as they were sent, and its content.
struct Answered {
    status: u16,
    headers: String,
    content: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.content).unwrap_or_else(|e| panic!("{e}: {}", self.content))
    }

    #[track_caller]
    fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.content);
        self.json()
    }
}

impl Served {
    /// Serves a page by a command, which prints where the page is.
    pub(crate) fn by(mut command: Command) -> Self {
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            let mut why = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut why).unwrap();
            panic!("no page: {why}");
        }
        let begun = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "address": line.trim() }));
        let address = begun["address"].as_str().unwrap_or_else(|| panic!("{line}"));
        let rest = address.strip_prefix("http://127.0.0.1:").unwrap();
        let (port, token) = rest.trim_end_matches('/').split_once('/').unwrap();
        let (port, token) = (port.parse().unwrap(), token.to_owned());
        assert_eq!(token.len(), 32, "{token}");
        Self { child, begun, port, token }
    }

    fn new(run: &Path, args: &[&str]) -> Self {
        Self::by(command(&[&["review", &text(run), "--json"], args].concat()))
    }

    /// Sends bytes and reads all that comes back.
    fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A server that has heard enough closes while the rest is sent.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A request, with headers of its own in the place of the usual ones.
    fn request(&self, method: &str, target: &str, headers: &[(&str, &str)], content: &str) -> Answered {
        let mut request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request += &format!("Host: 127.0.0.1:{}\r\n", self.port);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if method == "POST" {
            request += &format!("Content-Length: {}\r\n", content.len());
        }
        let answer = self.send(format!("{request}\r\n{content}").as_bytes());
        let (headers, content) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        Answered { status, headers: headers.to_lowercase(), content: content.to_owned() }
    }

    fn target(&self, path: &str) -> String {
        format!("/{}/{path}", self.token)
    }

    fn get(&self, path: &str) -> Answered {
        self.request("GET", &self.target(path), &[], "")
    }

    fn post(&self, path: &str, content: &Value) -> Answered {
        let json = [("Content-Type", "application/json")];
        self.request("POST", &self.target(path), &json, &content.to_string())
    }

    #[track_caller]
    fn label(&self, number: usize, category: &str) -> Value {
        let label = json!({ "category": category, "span": null, "seconds": 2.0 });
        self.post(&format!("turns/{number}"), &label).expect(200)
    }

    fn kill(&self, signal: &str) {
        let ended = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(ended.success());
    }

    /// Stops the server as a person does.
    pub(crate) fn stop(mut self) -> Ended {
        self.kill("-INT");
        let mut stderr = String::new();
        self.child.stderr.as_mut().unwrap().read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Ended { code, stdout: String::new(), stderr }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run over the example dialogues.
fn run_in(dir: &Path) -> PathBuf {
    let run = dir.join("run");
    rejoinder(&["run", DIALOGUES, "--out", &text(&run)]).expect(0);
    run
}

#[test]
fn only_the_own_page_with_the_token_is_answered() {
    let dir = folder();
    let page = Served::new(&run_in(dir.path()), &["--sample", "5"]);
    let session = page.target("session");
    let own = format!("127.0.0.1:{}", page.port);
    let by_name = format!("localhost:{}", page.port);
    let origin = format!("http://{own}");
    for headers in [
        vec![("Host", own.as_str())],
        vec![("Host", by_name.as_str())],
        vec![("Origin", origin.as_str()), ("Sec-Fetch-Site", "same-origin")],
        vec![("Sec-Fetch-Site", "none")],
    ] {
        page.request("GET", &session, &headers, "").expect(200);
    }
    let refused = |answered: Answered| {
        assert_eq!(answered.status, 403, "{}", answered.content);
        let error = answered.json();
        assert_eq!(error.as_object().unwrap().len(), 1, "{error}");
        assert!(error["error"].as_str().unwrap().ends_with('.'), "{error}");
        for header in ["content-security-policy: default-src 'none'", "cache-control: no-store"] {
            assert!(answered.headers.contains(header), "{}", answered.headers);
        }
        assert!(!answered.content.contains(&page.token) && !answered.headers.contains("access-control"));
    };
    for headers in [
        ("Host", "evil.example"),
        ("Host", "evil.example:80"),
        ("Host", "127.0.0.1"),
        ("Origin", "http://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        refused(page.request("GET", &session, &[headers], ""));
        let json = ("Content-Type", "application/json");
        refused(page.request("POST", &page.target("undo"), &[headers, json], "{}"));
    }
    let other = "0".repeat(32);
    for target in ["/", "/session", "/turns/0", &format!("/{other}/session"), &format!("/{other}/turns/0")] {
        refused(page.request("GET", target, &[], ""));
    }
    // Other addresses of this machine are no address of the server.
    assert!(TcpStream::connect(("127.0.0.2", page.port)).is_err());
}

#[test]
fn answers_say_what_a_request_did_wrong_and_keep_the_page_to_itself() {
    let dir = folder();
    let page = Served::new(&run_in(dir.path()), &["--sample", "5"]);
    for (path, kind) in [("", "text/html"), ("review.css", "text/css"), ("review.js", "text/javascript")] {
        let file = page.get(path);
        assert_eq!(file.status, 200);
        assert!(file.headers.contains(&format!("content-type: {kind}; charset=utf-8")), "{}", file.headers);
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "cross-origin-resource-policy: same-origin",
            "cross-origin-opener-policy: same-origin",
            "x-frame-options: deny",
        ] {
            assert!(file.headers.contains(header), "{header}: {}", file.headers);
        }
    }
    for path in ["x", "turns", "turns/", "turns/5", "turns/-1", "turns/0/", "../session", "review.js/"] {
        assert!(page.get(path).expect(404)["error"].is_string(), "{path}");
    }
    let moved = page.request("GET", &format!("/{}", page.token), &[], "");
    assert_eq!(moved.status, 308);
    assert!(moved.headers.contains(&format!("location: /{}/", page.token)), "{}", moved.headers);
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS"] {
        assert_eq!(page.request(method, &page.target("session"), &[], "").status, 405, "{method}");
    }
    let target = page.target("turns/0");
    let kinds = [("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/json", 400)];
    for (kind, status) in kinds {
        page.request("POST", &target, &[("Content-Type", kind)], "{").expect(status);
    }
    let long = json!({ "category": "UR2", "span": "x".repeat(70_000) });
    assert_eq!(page.post("turns/0", &long).status, 413);
    for (label, words) in [
        (json!({ "category": "UR9" }), "no category"),
        (json!({ "category": "UR2", "span": "what nobody said" }), "does not occur in the turn"),
        (json!({ "span": null }), "missing field `category`"),
        (json!([]), "A label is"),
    ] {
        let error = page.post("turns/0", &label).expect(400);
        assert!(error["error"].as_str().unwrap().contains(words), "{error}");
    }
    assert!(page.post("undo", &json!({})).expect(409)["error"].is_string());
    assert_eq!(page.get("progress").expect(200)["labelled"], 0);
}

#[test]
fn what_the_program_thinks_is_shown_after_the_decision_or_in_an_open_review() {
    let dir = folder();
    let run = run_in(dir.path());
    let page = Served::new(&run, &["--accepted", "--sample", "3"]);
    let session = page.get("session").expect(200);
    assert_eq!(
        (&session["open"], &session["states"], &session["draw"]["turns"]),
        (&json!(false), &json!("..."), &json!(3))
    );
    assert_eq!(session["categories"][4]["code"], "UR5");
    assert!(!session["forecast"]["words"].as_array().unwrap().is_empty(), "{session}");
    let turn = page.get("turns/1").expect(200);
    assert_eq!((&turn["label"], &turn["program"]), (&Value::Null, &Value::Null));
    let blind = turn.to_string();
    for leak in ["accepted", "rules/", "scorer", "explanation", "outcome"] {
        assert!(!blind.contains(leak), "{leak}: {blind}");
    }
    let asked: Vec<&Value> =
        turn["messages"].as_array().unwrap().iter().filter(|message| message["is_turn"] == true).collect();
    assert_eq!((asked.len(), &asked[0]["role"]), (1, &json!("user")));
    let answer = page.label(1, "none");
    assert_eq!((&answer["state"], &answer["progress"]["labelled"]), (&json!("0"), &json!(1)));
    let program = &answer["program"];
    assert_eq!(program["outcome"], "accepted");
    assert!(program["export"].as_str().unwrap().starts_with("With this label the answer"), "{program}");
    assert_eq!(page.get("turns/1").expect(200)["program"], *program);
    assert_eq!(page.get("turns/0").expect(200)["program"], Value::Null);
    page.stop().expect(0);
    let open = Served::new(&run, &["--accepted", "--sample", "3", "--open", "--reader", "bo"]);
    let program = &open.get("turns/1").expect(200)["program"];
    assert_eq!((&program["outcome"], &program["export"]), (&json!("accepted"), &Value::Null));
    // Another reader's label is told with it.
    assert_eq!(program["others"], json!([{ "reader": "reader", "category": "none" }]));
}

#[test]
fn labels_outlive_a_kill_and_go_into_eval() {
    let dir = folder();
    let run = run_in(dir.path());
    let begin = || Served::new(&run, &["--sample", "12"]);
    let page = begin();
    let file = PathBuf::from(page.begun["labels_file"].as_str().unwrap());
    for number in 0..6 {
        page.label(number, ["UR1", "none", "unsure"][number % 3]);
    }
    page.kill("-9");
    drop(page);
    // What a kill in the middle of a line leaves.
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, [whole.as_slice(), b"{\"conversation_id\":\"en-0"].concat()).unwrap();
    let page = begin();
    assert_eq!(page.get("session").expect(200)["states"], "10u10u......");
    let turn = page.get("turns/6").expect(200);
    let said =
        turn["messages"].as_array().unwrap().iter().find(|m| m["is_turn"] == true).unwrap()["text"].clone();
    page.post("turns/6", &json!({ "category": "UR2", "span": said, "seconds": 1.5 })).expect(200);
    page.label(7, "UR5");
    let undone = page.post("undo", &json!({})).expect(200);
    assert_eq!((&undone["n"], &undone["progress"]["labelled"]), (&json!(7), &json!(7)));
    assert_eq!(page.get("turns/6").expect(200)["label"], json!({ "category": "UR2", "span": said }));
    let stopped = page.stop().expect(0).stderr;
    assert!(
        stopped.contains("7 of 12 turns have your label") && stopped.contains("rejoinder eval"),
        "{stopped}"
    );
    let labels = text(&file);
    assert!(rows(&file).len() == 9, "each decision is a line: {:?}", rows(&file));
    let report = rejoinder(&["eval", DIALOGUES, "--label-file", &labels, "--json"]).expect(0).json();
    // Six turns with a category or none: the two unsure ones count for nothing, the one taken back was never labelled.
    assert!(report.to_string().contains("\"turns\":5"), "{report}");
}

#[test]
fn two_readers_read_the_same_turns_at_once_and_one_reader_has_one_page() {
    let dir = folder();
    let run = run_in(dir.path());
    let ana = Served::new(&run, &["--sample", "10", "--reader", "ana"]);
    let bo = Served::new(&run, &["--sample", "10", "--reader", "bo"]);
    for number in 0..10 {
        let same =
            (ana.get(&format!("turns/{number}")).expect(200), bo.get(&format!("turns/{number}")).expect(200));
        assert_eq!(same.0["id"], same.1["id"]);
        ana.label(number, if number % 2 == 0 { "UR5" } else { "none" });
        bo.label(number, if number % 2 == 0 || number == 1 { "UR5" } else { "none" });
    }
    let agreement = &ana.get("progress").expect(200)["agreement"]["readers"];
    assert_eq!((&agreement[0]["reader"], &agreement[0]["both"]), (&json!("bo"), &json!(10)));
    assert_eq!(agreement[0]["agreed"], 0.9);
    let again = rejoinder(&["review", &text(&run), "--sample", "10", "--reader", "ana", "--json"]);
    assert_ne!(again.code, 0);
    assert!(again.stderr.contains("reader `ana`"), "{}", again.stderr);
    let bad = rejoinder(&["review", &text(&run), "--reader", "../x", "--json"]);
    assert_eq!(bad.code, 2, "{}", bad.stderr);
}

#[test]
fn a_person_is_the_oracle_of_the_runs_audit() {
    let dir = folder();
    let run = run_in(dir.path());
    let page = Served::new(&run, &["--audit"]);
    let session = page.get("session").expect(200);
    assert!(session["next"][0].as_str().unwrap().starts_with("rejoinder audit "), "{session}");
    let turns = session["draw"]["turns"].as_u64().unwrap() as usize;
    for number in 0..turns {
        page.label(number, "none");
    }
    let labels = page.begun["labels_file"].as_str().unwrap().to_owned();
    page.stop().expect(0);
    let report = rejoinder(&["audit", &text(&run), "--label-file", &labels, "--json"]).expect(0).json();
    assert!(report.is_object(), "{report}");
}

#[test]
fn where_no_turn_fits_there_is_no_server() {
    let dir = folder();
    let run = text(&run_in(dir.path()));
    let ended = rejoinder(&["review", &run, "--judged"]).expect(0);
    assert!(ended.stdout.starts_with("0 of 0 turns"), "{}", ended.stdout);
    assert_eq!(rejoinder(&["review", &run, "--judged", "--json"]).expect(0).json()["address"], Value::Null);
    rejoinder(&["review", &run, "--judged", "--audit"]).expect(2);
    rejoinder(&["review", &text(&dir.path().join("none"))]).expect(2);
}

#[test]
fn hostile_text_comes_through_as_it_is() {
    let dir = folder();
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(1)> \u{202e}desrever\u{2066} \u{0}\u{1b}[31m a\u{200b}b javascript:x \u{feff} مرحبا";
    let long = format!("thanks {} end", "x".repeat(1_000_000));
    let dialogue = |id: &str, turn: &str| {
        json!({ "conversation_id": id, "messages": [
            { "role": "user", "content": hostile },
            { "role": "assistant", "content": hostile },
            { "role": "user", "content": turn },
        ] })
    };
    let input = format!("{}\n{}\n", dialogue("<b>id</b>", hostile), dialogue("long", &long));
    let input = write(dir.path(), "hostile.jsonl", input);
    let run = dir.path().join("run");
    rejoinder(&["run", &input, "--out", &text(&run)]).expect(0);
    let page = Served::new(&run, &["--open"]);
    let turns = [page.get("turns/0").expect(200), page.get("turns/1").expect(200)];
    let of = |id: &str| turns.iter().find(|turn| turn["conversation_id"] == id).unwrap();
    // NUL is read as U+FFFD, whatever becomes of the text.
    let shown = hostile.replace('\0', "\u{fffd}");
    assert_eq!(of("<b>id</b>")["messages"][2]["text"], shown);
    assert!(of("long")["messages"][2]["left_out"].as_u64().unwrap() > 800_000);
    assert!(of("long").to_string().len() < 400_000);
    let number = of("<b>id</b>")["n"].as_u64().unwrap();
    let label = json!({ "category": "UR2", "span": shown, "seconds": 1 });
    let answer = page.post(&format!("turns/{number}"), &label).expect(200);
    assert_eq!(answer["label"]["span"], shown);
    page.stop().expect(0);
}

#[test]
fn compressed_input_is_read_in_one_pass_and_said_to_be_slower() {
    let dir = folder();
    let packed = zstd::encode_all(std::fs::File::open(DIALOGUES).unwrap(), 3).unwrap();
    let input = write(dir.path(), "in.jsonl.zst", packed);
    let run = dir.path().join("run");
    rejoinder(&["run", &input, "--out", &text(&run)]).expect(0);
    let plain = Served::new(&run_in(&write_folder(dir.path())), &["--sample", "30"]);
    let page = Served::new(&run, &["--sample", "30"]);
    assert!(page.get("session").expect(200)["slow"].is_string());
    assert_eq!(plain.get("session").expect(200)["slow"], Value::Null);
    for number in (0..30).rev() {
        let path = format!("turns/{number}");
        let (one, other) = (page.get(&path).expect(200), plain.get(&path).expect(200));
        assert_eq!((&one["id"], &one["messages"]), (&other["id"], &other["messages"]));
    }
}

/// A further folder.
fn write_folder(dir: &Path) -> PathBuf {
    let folder = dir.join("plain");
    std::fs::create_dir(&folder).unwrap();
    folder
}

#[test]
fn no_client_keeps_the_others_waiting() {
    let dir = folder();
    let page = Served::new(&run_in(dir.path()), &["--sample", "5"]);
    let mut random = random();
    let target = page.target("turns/0");
    // Clients that say nothing, or half of it, and stay: more than the server keeps.
    let stalled: Vec<TcpStream> = (0..80)
        .map(|number| {
            let mut stream = TcpStream::connect(("127.0.0.1", page.port)).unwrap();
            let said = format!(
                "POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 9\r\n\r\n{{",
                page.port
            );
            stream.write_all(&said.as_bytes()[..said.len() * number / 79]).unwrap();
            stream
        })
        .collect();
    for _ in 0..200 {
        let valid =
            format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", page.port);
        let mut bytes = valid.into_bytes();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(..bytes.len());
            match random.u8(..3) {
                0 => bytes[at] = random.u8(..),
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, random.u8(..)),
            }
        }
        let mut stream = TcpStream::connect(("127.0.0.1", page.port)).unwrap();
        let _ = stream.write_all(&bytes);
    }
    let begin = Instant::now();
    page.get("turns/0").expect(200);
    page.label(0, "UR1");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    drop(stalled);
    page.stop().expect(0);
}
