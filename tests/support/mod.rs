//! What the tests of the command share: running it, and reading what it wrote.
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rejoinder_core::random::Random;
use serde_json::{Value, json};

pub mod server;

/// The example dialogues of the repository.
pub const DIALOGUES: &str = "tests/data/dialogues.jsonl";
/// The example dialogues in OpenAI's form.
pub const MESSAGES: &str = "tests/data/messages.jsonl";

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The JSON object on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Itself, if it ended with `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }
}

/// The command, ready to run with `args`.
pub fn command<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoinder"));
    command.args(args).stdin(Stdio::null());
    // The developer's own settings are none of the tests' business.
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"REJOINDER_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the command to its end.
pub fn rejoinder<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Ended {
    command(args).output().expect("the command starts").into()
}

/// A new temporary folder.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// A path as an argument.
pub fn text(path: &Path) -> String {
    path.to_str().expect("temporary paths are UTF-8").to_owned()
}

/// Writes a file into a folder and returns its path.
pub fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("the temporary folder takes files");
    text(&path)
}

/// All output files of a run that must not depend on anything but input, config and replies: path and bytes.
pub fn output_files(run: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for kind in ["parts", "spool", "judged", "quarantine", "faults"] {
        let Ok(entries) = std::fs::read_dir(run.join(kind)) else { continue };
        for entry in entries {
            let path = entry.expect("the run can be read").path();
            let bytes = std::fs::read(&path).expect("the run can be read");
            files.push((path.strip_prefix(run).expect("it is inside").to_owned(), bytes));
        }
    }
    files.sort();
    files
}

/// The same, whichever library each plugin was loaded from: its identity is left out.
pub fn output_of_any_library(run: &Path) -> Vec<(PathBuf, String)> {
    const KEY: &str = "\"identity\":\"";
    let unnamed = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).expect("rows are UTF-8");
        let mut pieces = text.split(KEY);
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces
            .fold(first, |text, piece| text + KEY + piece.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
    };
    output_files(run).into_iter().map(|(path, bytes)| (path, unnamed(bytes))).collect()
}

/// All files of a folder and of those in it.
pub fn all_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.flat_map(|path| if path.is_dir() { all_files(&path) } else { vec![path] }).collect()
}

/// The rows of a JSON-lines file.
pub fn rows(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|l| serde_json::from_str(l).expect("a row is JSON")).collect()
}

/// The sum of `accepted` over the categories.
pub fn accepted(summary: &Value) -> u64 {
    summary["accepted"].as_object().expect("by category").values().filter_map(Value::as_u64).sum()
}

/// A figure of a summary.
#[track_caller]
pub fn figure(summary: &Value, name: &str) -> u64 {
    summary[name].as_u64().unwrap_or_else(|| panic!("no number `{name}` in {summary}"))
}

/// Later turns = accepted + rejected + not looked at + undecided + judged, always.
#[track_caller]
pub fn assert_funnel_adds_up(summary: &Value) {
    let parts = accepted(summary)
        + ["rejected", "not_looked_at", "undecided", "judged"]
            .iter()
            .map(|k| figure(summary, k))
            .sum::<u64>();
    assert_eq!(figure(summary, "turns"), parts, "{summary}");
}

/// Random moments: the seed is printed where a test fails; `REJOINDER_TEST_SEED` sets it.
pub fn random() -> fastrand::Rng {
    let clock = || std::time::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_nanos() as u64);
    let seed = std::env::var("REJOINDER_TEST_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or_else(clock);
    println!("REJOINDER_TEST_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// Dialogues in which a server that answers by rule finds feedback where no rule and no shipped score sees any: wherever a word
/// has `thank` in it.
pub fn dialogues_with_hidden_thanks(count: usize) -> String {
    let mut random = Random::with_seed(8);
    let odd = ["thankless", "thanksgiving", "unthankful", "thankworthy", "thankfulness"];
    let plain: Vec<String> = (0..60).map(|i| format!("word{}{}", i % 7, (b'a' + i % 26) as char)).collect();
    let mut lines = String::new();
    for number in 0..count {
        let mut turn = || {
            let mut words: Vec<&str> = (0..6).map(|_| &*plain[random.usize(..plain.len())]).collect();
            if random.usize(..3) == 0 {
                words[random.usize(1..5)] = odd[random.usize(..odd.len())];
            }
            words.join(" ")
        };
        let messages = json!([
            { "role": "user", "content": format!("list {}", turn()) },
            { "role": "assistant", "content": "Here is the list." },
            { "role": "user", "content": turn() },
            { "role": "assistant", "content": "Here is another list." },
            { "role": "user", "content": turn() },
        ]);
        let record = json!({ "conversation_id": number.to_string(), "conversation": messages });
        lines += &format!("{record}\n");
    }
    lines
}
