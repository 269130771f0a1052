//! Tests against what is not in this repository: a llama.cpp server, and corpora of real chats. Where it is absent they
//! are reported as ignored, with the reason, never as passed.
//!
//! * `REJOINDER_LLAMA_SERVER`: llama.cpp's `llama-server`; `REJOINDER_TINY_MIXTRAL`: the model that
//!   `tests/support/make_tiny_mixtral.py` writes. `.ci/llama-server` makes both. Random weights: this shows transport,
//!   never quality.
//! * `REJOINDER_CORPUS`: a folder of JSON-lines files, as large and as messy as there is.

use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

mod support;
use support::{
    DIALOGUES, assert_funnel_adds_up, figure, folder, output_files, output_of_any_library, rejoinder, text,
    write,
};

fn main() -> ExitCode {
    let server =
        existing("REJOINDER_LLAMA_SERVER").and_then(|s| Ok((s, existing("REJOINDER_TINY_MIXTRAL")?)));
    let corpus = existing("REJOINDER_CORPUS");
    let trials = vec![
        trial("llama_server_answers_by_letter_with_probabilities", server.clone(), by_letter),
        trial("llama_server_answers_turns_together_under_a_schema", server.clone(), under_a_schema),
        trial("llama_server_is_asked_the_papers_way", server.clone(), the_papers_way),
        trial("llama_server_counts_tokens_as_we_do_and_reuses_the_prefix", server.clone(), counts_and_prefix),
        trial("what_is_too_long_for_llama_server_is_cut_or_halved", server.clone(), too_long),
        trial("llama_server_killed_and_restarted_in_mid_run_loses_nothing", server, killed_and_restarted),
        trial("a_real_corpus_runs_without_loss", corpus.clone(), |corpus| real_corpus(corpus)),
        trial("every_message_of_a_real_corpus_is_read", corpus.clone(), |corpus| every_message(corpus)),
        trial("plugins_say_the_same_of_a_real_corpus_wherever_they_run", corpus, |corpus| {
            plugins_wherever_they_run(corpus)
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The path in an environment variable, or why there is none.
fn existing(variable: &str) -> Result<PathBuf, String> {
    match std::env::var_os(variable).map(PathBuf::from) {
        Some(path) if path.exists() => Ok(path),
        Some(path) => Err(format!("{variable} names {}, which is not there", path.display())),
        None => Err(format!("{variable} is not set")),
    }
}

/// A test of what is needed; ignored, with the reason in its name, where that is absent.
fn trial<T: Send + 'static>(
    name: &str,
    needed: Result<T, String>,
    test: impl FnOnce(&T) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    match needed {
        Ok(needed) => Trial::test(name, move || test(&needed)),
        Err(why) => {
            let shown = format!("{name} (ignored: {why})");
            Trial::test(shown, move || Err(why.into())).with_ignored_flag(true)
        }
    }
}

/// The server's program and the model.
type Real = (PathBuf, PathBuf);

struct LlamaServer {
    child: Child,
    port: u16,
}

impl LlamaServer {
    /// Starts it with a context of so many tokens for each of four slots, and one thread: the model is tiny, and threads that
    /// wait for each other spin.
    fn start((binary, model): &Real, port: u16, context: u32) -> Self {
        let child = Command::new(binary)
            .arg("-m")
            .arg(model)
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--alias", "tiny-random"])
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

    fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// What it answers to a GET; nothing if it does not.
    fn get(&self, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return String::new() };
        let mut answer = String::new();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        // A server that is going away says what it says.
        let _ =
            stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer).map(drop));
        answer
    }

    /// A counter of its own.
    fn counter(&self, name: &str) -> u64 {
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

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A judge's config; `more` is the rest of `[judge]` and what follows.
fn judge_config(dir: &Path, server: &LlamaServer, more: &str) -> String {
    let base_url = server.base_url();
    let config = format!(
        "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nbase-url = \"{base_url}\"\nmodel = \"tiny-random\"\nmax-in-flight = 4\n{more}"
    );
    write(dir, "c.toml", config)
}

fn by_letter(real: &Real) -> Result<(), Failed> {
    let server = LlamaServer::start(real, free_port(), 16_384);
    let dir = folder();
    let run = dir.path().join("run");
    let config = judge_config(dir.path(), &server, "");
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

fn under_a_schema(real: &Real) -> Result<(), Failed> {
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

fn the_papers_way(real: &Real) -> Result<(), Failed> {
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

fn counts_and_prefix(real: &Real) -> Result<(), Failed> {
    let server = LlamaServer::start(real, free_port(), 16_384);
    let before = ["prompt_tokens_total", "prompt_tokens_cached_total", "tokens_predicted_total"]
        .map(|n| server.counter(n));
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let config = judge_config(dir.path(), &server, "");
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

fn too_long(real: &Real) -> Result<(), Failed> {
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

fn killed_and_restarted(real: &Real) -> Result<(), Failed> {
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

fn real_corpus(corpus: &Path) -> Result<(), Failed> {
    let dir = folder();
    let summaries: Vec<_> = ["1", "2"]
        .map(|threads| {
            let run = text(&dir.path().join(threads));
            let ended =
                rejoinder(&["run", &text(corpus), "--threads", threads, "--out", &run, "--json"]).expect(0);
            let summary = ended.json();
            assert_funnel_adds_up(&summary);
            assert!(figure(&summary, "conversations") > 0);
            rejoinder(&["export", "kto", &run]).expect(0);
            run
        })
        .into();
    let [one, two] = [&summaries[0], &summaries[1]].map(|run| output_files(Path::new(run)));
    if one == two { Ok(()) } else { Err("the output depends on the number of threads".into()) }
}

/// What is read of each file is what a plain count of its lines and messages finds.
fn every_message(corpus: &Path) -> Result<(), Failed> {
    let mut files = 0;
    for entry in std::fs::read_dir(corpus)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ext| ext != "jsonl") {
            continue;
        }
        files += 1;
        let (mut lines, mut messages) = (0, 0);
        for line in std::fs::read_to_string(&path)?.lines().filter(|line| !line.trim().is_empty()) {
            let row: Value = serde_json::from_str(line)?;
            lines += 1;
            messages += row["conversation"].as_array().map_or(0, Vec::len) as u64;
        }
        let looked = rejoinder(&["inspect", &text(&path), "--json"]).expect(0).json();
        let read = (figure(&looked, "conversations"), figure(&looked, "messages"));
        if read != (lines, messages) {
            return Err(
                format!("{}: {read:?} of {lines} and {messages}: {}", path.display(), looked["bad"]).into()
            );
        }
    }
    if files > 0 { Ok(()) } else { Err("no .jsonl file in the corpus".into()) }
}

/// Linked in, loaded from a library, and in a process of its own: the same output, but for the name of the library in it.
fn plugins_wherever_they_run(corpus: &Path) -> Result<(), Failed> {
    let dir = folder();
    // Beside the program that was just built lie the plugins' libraries, which win; a copy elsewhere has none.
    let alone = dir.path().join("rejoinder");
    std::fs::copy(env!("CARGO_BIN_EXE_rejoinder"), &alone)?;
    let mut outputs = Vec::new();
    for (name, program, isolation) in [
        ("linked", alone.as_path(), "none"),
        ("loaded", Path::new(env!("CARGO_BIN_EXE_rejoinder")), "none"),
        ("child", Path::new(env!("CARGO_BIN_EXE_rejoinder")), "process"),
        ("linked-child", alone.as_path(), "process"),
    ] {
        let mut config = "format = 1\n".to_owned();
        for plugin in ["rephrase", "context"] {
            config += &format!("[[plugin]]\nname = \"{plugin}\"\nisolation = \"{isolation}\"\n");
        }
        let config = write(dir.path(), &format!("{name}.toml"), config);
        let out = dir.path().join(name);
        let ended = Command::new(program)
            .args(["--quiet", "run", "--config", &config, "--out", &text(&out)])
            .arg(corpus)
            .output()?;
        if !ended.status.success() {
            return Err(format!("{name}: {}", String::from_utf8_lossy(&ended.stderr)).into());
        }
        let manifest: Value = serde_json::from_slice(&std::fs::read(out.join("manifest.json"))?)?;
        let plugins = manifest["plugins"].as_array().ok_or("a manifest names its plugins")?;
        let is_linked = plugins.iter().all(|p| p["origin"] == "linked in");
        if is_linked != name.starts_with("linked") {
            return Err(format!("{name}: the plugins are elsewhere: {plugins:?}").into());
        }
        let files = output_of_any_library(&out);
        outputs.push((name, files));
        std::fs::remove_dir_all(&out)?;
    }
    let (_, first) = &outputs[0];
    match outputs.iter().find(|(_, files)| files != first) {
        Some((name, _)) => Err(format!("{name} and linked differ").into()),
        None => Ok(()),
    }
}
