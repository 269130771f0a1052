//! What several tests need: conversations, registries, and where cargo puts libraries and programs.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

use rejoinder_core::{Category, Conversation, Message, Role, Vote};
use rejoinder_host::{
    Batch, ConversationContext, Fault, HostError, Launcher, LoadContext, PluginSpec, Registry, RuleReference,
    RuleRoute, abi,
};

/// A conversation of alternating user and assistant messages, the user's first.
pub fn dialogue<'a>(texts: &[&'a str]) -> Conversation<'a> {
    let roles = [Role::User, Role::Assistant].into_iter().cycle();
    Conversation {
        id: "c".into(),
        messages: texts.iter().zip(roles).map(|(text, role)| Message::new(role, *text)).collect(),
    }
}

/// A registry of built-in plugins alone.
pub fn registry(specs: &[PluginSpec], built_in: &[&'static abi::Plugin]) -> Registry {
    let rules =
        vec![RuleReference { id: "en.one".into(), category: Some(Category::Ur5), route: RuleRoute::Accept }];
    Registry::load(specs, &LoadContext { built_in, rules, ..LoadContext::default() }).unwrap()
}

/// One session's votes on a batch, and the faults in it.
pub fn classify(registry: &Registry, batch: &Batch) -> Result<(Vec<Fault>, Vec<Vote>), HostError> {
    let (mut votes, mut faults) = (Vec::new(), Vec::new());
    registry.session()?.classify(batch, &mut votes, &mut faults)?;
    Ok((faults, votes))
}

/// Where cargo puts this test and the libraries of its dependencies.
pub fn deps() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_path_buf()
}

/// The library of a plugin that this crate's tests depend on.
pub fn library(name: &str) -> PathBuf {
    deps().join(format!("{DLL_PREFIX}rejoinder_plugin_{name}{DLL_SUFFIX}"))
}

/// The program that runs plugins in processes of their own.
pub fn launcher() -> Launcher {
    let program = deps().parent().unwrap().join("examples").join(format!("plugin_host{EXE_SUFFIX}"));
    assert!(program.is_file(), "{} is built together with all tests of this crate", program.display());
    Launcher { program, args: Vec::new() }
}

/// A batch of one-answer dialogues that end with these turns.
pub fn batch_of(turns: &[&str]) -> Batch {
    let mut batch = Batch::new();
    for (id, turn) in (0..).zip(turns) {
        batch.begin_conversation(&dialogue(&["q", "a", turn]), 2, &ConversationContext::default());
        batch.push_candidate(id, 2, 0.0, &[]);
    }
    batch
}

/// A plugin in C, `in-c`, that accepts every turn as this category, crashes on turns that begin with an `x`, and does more
/// when it is loaded and when it is started.
pub fn c_plugin(dir: &Path, name: &str, category: u8, when_loaded: &str, when_started: &str) -> PathBuf {
    let source = include_str!("plugin.c")
        .replace("CATEGORY", &category.to_string())
        .replace("WHEN_LOADED", when_loaded)
        .replace("WHEN_STARTED", when_started);
    c_library(dir, name, &source, &[])
}

/// Compiles a plugin in C against the header of this repository, or another one in `include`.
pub fn c_library(dir: &Path, name: &str, source: &str, include: &[&Path]) -> PathBuf {
    let (file, library) = (dir.join(format!("{name}.c")), dir.join(format!("{name}.so")));
    std::fs::write(&file, source).unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/abi/include");
    let compiled = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared"])
        .args(include.iter().copied().chain([own.as_path()]).flat_map(|dir| [Path::new("-I"), dir]))
        .args([&file, Path::new("-o"), &library])
        .output()
        .expect("this test needs a C compiler");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    library
}
