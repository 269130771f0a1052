//! Libraries that are not linked in: one in Rust that panics, one in C.

mod common;

use std::path::PathBuf;

use common::{batch_of, registry};
use rejoinder_core::{Category, Verdict, Vote};
use rejoinder_host::{Fault, PluginSpec, Registry};

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
    let library = common::c_library(dir.path(), "anything", THANKS, &[]);
    let registry = load(library);
    assert_eq!(registry.plugins()[0].description().about, "thanks in C");
    let (faults, votes) = classify(&registry, &["thanks", "thanks a lot", "", "hm", "thank"]);
    assert!(faults.is_empty(), "{faults:?}");
    let accept = Vote { verdict: Verdict::Accept(Category::Ur5), score: Some(0.75), ..Vote::default() };
    assert_eq!(votes, [accept, accept, Vote::default(), Vote::default(), Vote::default()]);
}

#[cfg(unix)]
const THANKS: &str = r#"
#include <string.h>
#include "rejoinder_plugin.h"

#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }

struct rjn_state { int unused; };
static struct rjn_state the_state;

static rjn_status create(const rjn_host *host, rjn_str config, rjn_state **out, rjn_error *err)
{
    (void)host, (void)config, (void)err;
    *out = &the_state;
    return RJN_OK;
}

static rjn_status classify(rjn_state *state, const rjn_batch *b, rjn_output *out, rjn_error *err)
{
    (void)state, (void)err;
    for (uint32_t i = 0; i < b->n; i++) {
        const uint32_t *off = b->text_off + b->target[i];
        if (off[1] - off[0] >= 6 && memcmp(b->text + off[0], "thanks", 6) == 0) {
            out->verdict[i] = RJN_ACCEPT;
            out->category[i] = 5;
            out->score[i] = 0.75f;
        }
    }
    return RJN_OK;
}

static void destroy(rjn_state *state) { (void)state; }

static const rjn_plugin plugin = {
    RJN_MAGIC, sizeof(rjn_plugin), RJN_ABI_MAJOR, RJN_ABI_MINOR, RJN_FLAG_CONCURRENT,
    STR("thanks"), STR("1.0.0"), STR("thanks in C"), STR(""), NULL, 0, create, classify, destroy,
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return &plugin; }
"#;
