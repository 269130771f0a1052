//! Old plugins with new hosts and new plugins with old hosts, inside one major version. "Old" is a copy of the header as it
//! was at 1.0, kept for ever; "new" is today's header with a field appended to every struct that may grow.

use std::path::{Path, PathBuf};
use std::process::Command;

use rejoinder_core::{Category, Verdict};
use rejoinder_host::{PluginSpec, abi};
use tempfile::TempDir;

use crate::common::{batch_of, c_library, classify, library, registry};

const TODAY: &str = include_str!("../../../../plugins/abi/include/rejoinder_plugin.h");
const OLD: &str = include_str!("abi/rejoinder_plugin_1_0.h");
const PLUGIN: &str = include_str!("abi/plugin.c");
const HOST: &str = include_str!("abi/host.c");

/// Today's header one minor later.
fn new_header() -> String {
    let mut header = TODAY.replace(
        &format!("#define RJN_ABI_MINOR {}", abi::MINOR),
        &format!("#define RJN_ABI_MINOR {}", abi::MINOR + 1),
    );
    for (end, field) in [
        ("} rjn_batch;", "const uint32_t *later;"),
        ("} rjn_output;", "uint32_t *later;"),
        ("} rjn_error;", "uint32_t later;"),
        ("} rjn_selection;", "uint32_t later;"),
        ("} rjn_host;", "uint32_t (*later)(void *ctx);"),
        ("} rjn_plugin;", "void (*later)(void);"),
    ] {
        assert!(header.contains(end));
        header = header.replace(end, &format!("    {field}\n{end}"));
    }
    header
}

/// Folders with the old and the new header.
fn headers() -> (TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let [old, new] = [("old", OLD.to_owned()), ("new", new_header())].map(|(name, header)| {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("rejoinder_plugin.h"), header).unwrap();
        folder
    });
    (dir, old, new)
}

fn compiler() -> Command {
    Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
}

/// Compiles the host in C and lets it ask a plugin.
fn asked_by(include: &Path, plugin: &Path, entry: &str) -> String {
    let (source, program) = (include.join("host.c"), include.join("host"));
    std::fs::write(&source, HOST).unwrap();
    let compiled = compiler()
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-I"])
        .args([include, &source, Path::new("-o"), &program, Path::new("-ldl"), Path::new("-lm")])
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ended = Command::new(&program).arg(plugin).arg(entry).output().unwrap();
    assert!(ended.status.success(), "{}: {}", ended.status, String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

#[test]
fn plugins_and_hosts_of_different_minors_work_together() {
    let (_dir, old, new) = headers();
    let plugin = |include: &Path| c_library(include, "versions", PLUGIN, &[include]);
    let (old_plugin, new_plugin) = (plugin(&old), plugin(&new));
    for library in [&old_plugin, &new_plugin] {
        let registry = registry(&[PluginSpec::at(library)], &[]);
        let (faults, votes) = classify(&registry, &batch_of(&["thanks a lot", "hm"])).unwrap();
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!((votes[0].verdict, votes[0].reason), (Verdict::Accept(Category::Ur5), 1));
        assert_eq!(votes[1].verdict, Verdict::Abstain);
        let mut facts = (Vec::new(), Vec::new());
        let batch = batch_of(&["thanks a lot", "hm"]);
        registry.session().unwrap().facts(0, &batch, &mut facts.0, &mut facts.1).unwrap();
        assert_eq!(facts, (vec![12.0, 2.0], Vec::new()));
        assert_eq!(registry.plugins()[0].scores(), None);
        for include in [&old, &new] {
            assert_eq!(asked_by(include, library, "rejoinder_plugin"), "1 5 1\nbytes 6\n");
        }
    }
}

#[test]
fn a_plugin_of_the_rust_sdk_works_with_old_and_new_hosts() {
    let (_dir, old, new) = headers();
    for include in [&old, &new] {
        assert_eq!(asked_by(include, &library("misfit"), "rejoinder_plugin_misfit"), "2 0 1\nbytes 6\n");
    }
}

#[test]
fn the_header_changes_with_its_minor_only() {
    if abi::MINOR != 0 {
        return;
    }
    let latest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosting/abi/rejoinder_plugin_1_0.h");
    let code = |header: &Path| compiler().args(["-E", "-P"]).arg(header).output().unwrap().stdout;
    let today = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/abi/include/rejoinder_plugin.h");
    let is_same = code(&today) == code(&latest);
    assert!(
        is_same,
        "the ABI changed: append only, raise RJN_ABI_MINOR, and keep tests/hosting/abi as it is"
    );
}
