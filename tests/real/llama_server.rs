//! llama.cpp's server, with a model.

use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::write;

/// The server's program and a model.
pub type Real = (PathBuf, PathBuf);

/// A server that is ended with this value.
pub struct LlamaServer {
    child: Child,
    port: u16,
}

impl LlamaServer {
    /// Starts it with a context of so many tokens for each of four slots, and one thread: the model is tiny, and threads that
    /// wait for each other spin.
    pub fn start((binary, model): &Real, port: u16, context: u32) -> Self {
        let child = Command::new(binary)
            .arg("-m")
            .arg(model)
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--alias", "test-model"])
            .args([
                "-c",
                &(4 * context).to_string(),
                "-np",
                "4",
                "-t",
                "1",
                "--jinja",
                "--metrics",
                "--no-ui",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Self { child, port };
        let begun = Instant::now();
        while !server.get("/health").contains("ok") {
            assert!(begun.elapsed() < Duration::from_secs(60), "the server does not get ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// What it answers to a GET; nothing if it does not.
    pub fn get(&self, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return String::new() };
        let mut answer = String::new();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        // A server that is going away says what it says.
        let _ =
            stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer).map(drop));
        answer
    }

    /// What it answers to a POST of a JSON value.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: \
             {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the server listens");
        let mut answer = String::new();
        stream.write_all(request.as_bytes()).expect("the server reads");
        stream.read_to_string(&mut answer).expect("the server answers");
        let (_, content) = answer.split_once("\r\n\r\n").unwrap_or_default();
        serde_json::from_str(content).unwrap_or_else(|e| panic!("{e}: {answer}"))
    }

    /// A counter of its own.
    pub fn counter(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics");
        let line = metrics.lines().find_map(|l| l.strip_prefix(&format!("llamacpp:{name} ")));
        line.and_then(|n| n.trim().parse::<f64>().ok()).unwrap_or_else(|| panic!("no {name} in {metrics}"))
            as u64
    }
}

impl Drop for LlamaServer {
    fn drop(&mut self) {
        // The test is over either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nothing listens at.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A judge's config; `more` is the rest of `[judge]` and what follows.
pub fn judge_config(dir: &Path, server: &LlamaServer, more: &str) -> String {
    let base_url = server.base_url();
    let config = format!(
        "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nbase-url = \"{base_url}\"\nmodel = \"test-model\"\nmax-in-flight = 4\n{more}"
    );
    write(dir, "c.toml", config)
}
