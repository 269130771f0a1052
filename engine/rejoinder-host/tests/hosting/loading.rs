//! Every way in which a plugin cannot be loaded has a message that says what to do.

use std::path::{Path, PathBuf};

use rejoinder_core::{Category, Verdict};
use rejoinder_host::{LoadContext, PluginSpec, Registry};
use tempfile::TempDir;

use crate::common::{batch_of, c_library, c_plugin, classify, library};

fn error(spec: &PluginSpec) -> String {
    Registry::load(std::slice::from_ref(spec), &LoadContext::default()).unwrap_err().to_string()
}

fn file(dir: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join("plugin.so");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn compiled(dir: &TempDir, name: &str, source: &str) -> PathBuf {
    c_library(dir.path(), name, source, &[])
}

#[test]
fn a_file_that_is_no_library_is_said_to_be_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let real = std::fs::read(library("misfit")).unwrap();
    let mut mach_o = vec![0xCF, 0xFA, 0xED, 0xFE];
    mach_o.resize(64, 0);
    for (bytes, expected) in [
        (&b""[..], "it is empty"),
        (b"#!/bin/sh\necho", "it is a script, no library"),
        (b"hello, I am a library", "it is no library of any known system"),
        (&mach_o, "made for another system than linux"),
        (&real[..real.len() / 2], "cannot be loaded: "),
    ] {
        if cfg!(target_os = "linux") {
            let message = error(&PluginSpec::at(file(&dir, bytes)));
            assert!(message.contains(expected) && message.contains("plugin.so"), "{message}");
        }
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_library_for_another_machine_is_said_to_be_one() {
    const MACHINE: usize = 18;
    const AARCH64: u8 = 0xB7;
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = std::fs::read(library("misfit")).unwrap();
    bytes[MACHINE] = AARCH64;
    let message = error(&PluginSpec::at(file(&dir, &bytes)));
    assert!(message.contains("it was compiled for aarch64, this program for x86_64"), "{message}");
}

#[test]
fn a_library_that_is_no_plugin_of_ours_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let table = |change: &str| {
        format!(
            "#include \"rejoinder_plugin.h\"\nstatic rjn_plugin p;\n\
             const rjn_plugin *rejoinder_plugin(const rjn_host *host) {{ (void)host;\n\
             p.magic = RJN_MAGIC; p.struct_size = sizeof p; p.abi_major = RJN_ABI_MAJOR; p.abi_minor = RJN_ABI_MINOR;\n\
             {change} return &p; }}\n"
        )
    };
    // Each under its own name: the system loads a file of the same name once.
    for (index, (source, expected)) in [
        ("int something;\n".to_owned(), "it exports neither `rejoinder_plugin` nor `plugin0`"),
        (table("return NULL;"), "it does not support this engine"),
        (table("p.magic = 0;"), "its entry does not return a rejoinder plugin"),
        (table("p.abi_major = 7;"), "it speaks plugin ABI 7.0, and this engine 1.x"),
        (
            table("p.abi_major = 0; p.abi_minor = 3; p.struct_size = 160;"),
            "it speaks plugin ABI 0.3, a draft; this engine speaks 1.0. Compile it anew: in C against this engine's rejoinder_plugin.h",
        ),
        (table("p.struct_size = 16;"), "its plugin struct has 16 bytes"),
        (table(""), "it says that it gives nothing: its `flags` need RJN_GIVES_VOTES"),
        (table("p.flags = RJN_GIVES_VOTES;"), "it has no function `classify_batch`"),
    ]
    .into_iter()
    .enumerate()
    {
        let message = error(&PluginSpec::at(compiled(&dir, &format!("plugin{index}"), &source)));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_function_that_is_missing_is_noticed_when_the_library_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let source = "#include \"rejoinder_plugin.h\"\nextern const rjn_plugin *somewhere_else(void);\n\
                  const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return somewhere_else(); }\n";
    let message = error(&PluginSpec::at(compiled(&dir, "lonely", source)));
    assert!(message.contains("somewhere_else") && message.contains("link it with them"), "{message}");
}

#[test]
fn a_missing_file_is_named_with_all_its_spellings() {
    let message = error(&PluginSpec::at("no/such"));
    assert!(
        message.starts_with("plugin `no/such` not found\n  no file no/such\n  no file no/libsuch.so"),
        "{message}"
    );
    let problem =
        &Registry::load(&[PluginSpec::at("no/such")], &LoadContext::default()).unwrap_err().problems()[0];
    assert_eq!(problem.pointer, "/path");
}

#[test]
fn a_pin_holds_the_file_to_its_hash() {
    let path = library("misfit");
    let hash = blake3::hash(&std::fs::read(&path).unwrap()).to_hex().to_string();
    let pinned = |blake3: String| PluginSpec { blake3: Some(blake3), ..PluginSpec::at(&path) };
    for good in [hash.clone(), hash.to_uppercase()] {
        assert!(Registry::load(&[pinned(good)], &LoadContext::default()).is_ok());
    }
    let other = "0".repeat(64);
    let message = error(&pinned(other.clone()));
    assert!(message.contains(&hash) && message.contains(&other), "{message}");

    let linked = PluginSpec { blake3: Some(hash), ..PluginSpec::named("misfit") };
    let context = LoadContext { built_in: &[&rejoinder_plugin_misfit::PLUGIN], ..LoadContext::default() };
    let message = Registry::load(&[linked], &context).unwrap_err().to_string();
    assert!(message.contains("linked in has no file to pin"), "{message}");
    assert!(Path::new(&path).is_file());
}

#[test]
fn a_library_that_has_changed_is_loaded_as_it_is_now() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plugin.so");
    for (name, category) in [("first", Category::Ur5), ("second", Category::Ur3)] {
        std::fs::rename(c_plugin(dir.path(), name, category as u8, "", ""), &path).unwrap();
        let registry = Registry::load(&[PluginSpec::at(&path)], &LoadContext::default()).unwrap();
        let (_, votes) = classify(&registry, &batch_of(&["fine"])).unwrap();
        assert_eq!(votes[0].verdict, Verdict::Accept(category));
    }
}
