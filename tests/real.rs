//! Tests against what is not in this repository: a llama.cpp server, and corpora of real chats. Where it is absent they
//! are reported as ignored, with the reason, never as passed.
//!
//! * `REJOINDER_LLAMA_SERVER`: llama.cpp's `llama-server`; `REJOINDER_TINY_MIXTRAL`: the model that
//!   `tests/support/make_tiny_mixtral.py` writes. `.ci/llama-server` makes both. Random weights: this shows transport,
//!   never quality.
//! * `REJOINDER_CORPUS`: a folder of JSON-lines files, as large and as messy as there is.

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
        trial("llama_server_answers_turns_under_a_schema", server.clone(), |s| {
            judged_by_llama_server(s, "turn")
        }),
        trial("llama_server_is_asked_the_papers_way", server, |s| judged_by_llama_server(s, "conversation")),
        trial("a_real_corpus_runs_without_loss", corpus.clone(), |corpus| real_corpus(corpus)),
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

struct LlamaServer {
    child: Child,
    base_url: String,
}

impl Drop for LlamaServer {
    fn drop(&mut self) {
        // The test is over either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start_llama_server(binary: &Path, model: &Path) -> LlamaServer {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(binary)
        .arg("-m")
        .arg(model)
        .args([
            "--host",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "-c",
            "65536",
            "-np",
            "4",
            "-t",
            "2",
            "--jinja",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let server = LlamaServer { child, base_url: format!("http://127.0.0.1:{port}/v1") };
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the server does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    server
}

fn judged_by_llama_server((binary, model): &(PathBuf, PathBuf), unit: &str) -> Result<(), Failed> {
    let server = start_llama_server(binary, model);
    let dir = folder();
    let run = text(&dir.path().join("run"));
    let config = write(
        dir.path(),
        "c.toml",
        format!(
            "format = 1\n[[plugin]]\nname = \"rephrase\"\n[judge]\nbase-url = \"{}\"\nmodel = \"tiny-random\"\nunit = \"{unit}\"\nmax-in-flight = 4\nmax-tokens = 128\n[budget]\ncalls = 500\n",
            server.base_url
        ),
    );
    let ended = rejoinder(&["run", DIALOGUES, "--config", &config, "--out", &run, "--json"]).expect(0);
    let summary = ended.json();
    assert_funnel_adds_up(&summary);
    if figure(&summary, "calls") != figure(&summary, "requests") {
        return Err(format!("calls and requests differ: {summary}").into());
    }
    // The server counts tokens itself, one a character: it must have seen the prompts.
    if figure(&summary, "reported_input_tokens") < figure(&summary, "input_tokens") {
        return Err(format!("fewer tokens than estimated: {summary}").into());
    }
    // Random weights write no quotations: what cannot be verified must stay undecided, never be accepted.
    assert_eq!(figure(&summary, "undecided"), figure(&summary, "unverified"), "{summary}");
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
