//! Libraries that are not linked in: one in Rust that panics, one in C.

use std::path::PathBuf;

use rejoinder_core::{Category, Verdict, Vote};
use rejoinder_host::{Fault, PluginSpec, Registry};

use crate::common::{self, batch_of, registry};

fn load(path: PathBuf) -> Registry {
    assert!(path.is_file(), "{} is built together with all tests of this crate", path.display());
    registry(&[PluginSpec::at(path)], &[])
}

fn classify(registry: &Registry, turns: &[&str]) -> (Vec<Fault>, Vec<Vote>) {
    common::classify(registry, &batch_of(turns)).unwrap()
}

#[test]
fn a_panic_in_a_library_is_an_escalation_and_not_a_crash() {
    let registry = load(common::library("misfit"));
    let (faults, votes) = classify(&registry, &["good", "good", "panic", "good", "good"]);
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].candidate, &*faults[0].message), (2, "panicked: as turn 2 told me"));
    let verdicts: Vec<_> = votes.iter().map(|v| v.verdict).collect();
    let (reject, escalate) = (Verdict::Reject, Verdict::Escalate);
    assert_eq!(verdicts, [reject, reject, escalate, reject, reject]);
}

#[cfg(unix)]
#[test]
fn a_plugin_may_be_written_in_c() {
    let dir = tempfile::tempdir().unwrap();
    let library = common::c_library(dir.path(), "anything", include_str!("abi/plugin.c"), &[]);
    let registry = load(library);
    assert_eq!(registry.plugins()[0].description().about, "for the tests of versions");
    let (faults, votes) = classify(&registry, &["thanks", "thanks a lot", "", "hm", "thank"]);
    assert!(faults.is_empty(), "{faults:?}");
    let accept =
        Vote { verdict: Verdict::Accept(Category::Ur5), score: Some(0.75), reason: 1, ..Vote::SILENT };
    assert_eq!(votes, [accept, accept, Vote::SILENT, Vote::SILENT, Vote::SILENT]);
}
