//! Corpora of real chats.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::support::{
    assert_funnel_adds_up, figure, folder, output_files, output_of_any_library, rejoinder, text, write,
};

pub fn real_corpus(corpus: &Path) -> Result<(), Failed> {
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
pub fn every_message(corpus: &Path) -> Result<(), Failed> {
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
pub fn plugins_wherever_they_run(corpus: &Path) -> Result<(), Failed> {
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

/// One classifier in C, Rust and Python, loaded and in processes of its own: the same output, but for the identity of the plugin in
/// it.
pub fn plugins_in_every_language(corpus: &Path) -> Result<(), Failed> {
    let dir = folder();
    let in_c = dir.path().join("thanks.so");
    let compiled = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args([
            "-O2",
            "-fPIC",
            "-shared",
            "-Iplugins/abi/include",
            "plugins/examples/thanks-c/thanks.c",
            "-o",
        ])
        .arg(&in_c)
        .status()?;
    let examples = Path::new(env!("CARGO_BIN_EXE_rejoinder")).with_file_name("examples");
    let in_rust = examples.join(format!("{DLL_PREFIX}thanks{DLL_SUFFIX}"));
    if !compiled.success() || !in_rust.is_file() {
        return Err(format!("the plugin in C is not compiled, or there is no {}", in_rust.display()).into());
    }
    let in_python = std::path::absolute("plugins/examples/thanks-python/rejoinder_plugin_thanks.py")?;
    let mut outputs = Vec::new();
    for (name, file, more) in [
        ("c", &in_c, ""),
        ("c-child", &in_c, "isolation = \"process\"\n"),
        ("rust", &in_rust, ""),
        ("rust-child", &in_rust, "isolation = \"process\"\n"),
        ("python", &in_python, ""),
    ] {
        let config = format!("format = 1\n[[plugin]]\npath = '{}'\n{more}", file.display());
        let config = write(dir.path(), &format!("{name}.toml"), config);
        let out = dir.path().join(name);
        rejoinder(&["--quiet", "run", "--config", &config, "--out", &text(&out), &text(corpus)]).expect(0);
        outputs.push((name, output_of_any_library(&out)));
        std::fs::remove_dir_all(&out)?;
    }
    let (_, first) = &outputs[0];
    match outputs.iter().find(|(_, files)| files != first) {
        Some((name, _)) => Err(format!("{name} and c differ").into()),
        None => Ok(()),
    }
}
