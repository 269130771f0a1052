//! What it costs to ask a plugin at all: plugins that say nothing, linked in, loaded from a library and in a process of
//! their own, by the size of the batch. Criterion's throughput is records; time divided by it is the cost of one.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rejoinder_core::{Conversation, Message, Role};
use rejoinder_host::{
    Batch, ConversationContext, Isolation, Launcher, LoadContext, PluginSpec, Registry, abi,
};
use rejoinder_plugin::{BoxError, Candidate, Classifier, NoConfig, Verdict, vtable};

/// A plugin in C that leaves its outputs as they are.
const SILENT: &str = r#"
#include "rejoinder_plugin.h"
#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }
struct rjn_state { int unused; };
static struct rjn_state the_state;
static rjn_status create(const rjn_host *h, rjn_str c, rjn_state **out, rjn_error *e) { (void)h, (void)c, (void)e; *out = &the_state; return RJN_OK; }
static rjn_status classify(rjn_state *s, const rjn_batch *b, rjn_output *o, rjn_error *e) { (void)s, (void)b, (void)o, (void)e; return RJN_OK; }
static void destroy(rjn_state *s) { (void)s; }
static const rjn_plugin plugin = { .magic = RJN_MAGIC, .struct_size = sizeof(rjn_plugin), .abi_major = RJN_ABI_MAJOR,
    .abi_minor = RJN_ABI_MINOR, .flags = RJN_GIVES_VOTES | RJN_FLAG_CONCURRENT, .name = STR("silent-c"), .version = STR("1"), .about = STR("says nothing"),
    .create = create, .classify_batch = classify, .destroy = destroy };
const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return &plugin; }
"#;

/// The same with the SDK.
struct Silent;

impl Classifier for Silent {
    const NAME: &'static str = "silent";
    const VERSION: &'static str = "1";
    const ABOUT: &'static str = "says nothing";
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self, BoxError> {
        Ok(Self)
    }

    fn classify(&self, _: Candidate<'_>) -> Verdict {
        Verdict::abstain()
    }
}

static SILENT_RUST: abi::Plugin = vtable::<Silent>();

/// Candidates with dialogues of about so many bytes each.
fn batch(candidates: usize, bytes: usize) -> Batch {
    let answer = "a".repeat(bytes.saturating_sub(60));
    let texts = ["what is the tallest bird of this island", &answer, "thanks, that is good"];
    let roles = [Role::User, Role::Assistant, Role::User];
    let messages = texts.iter().zip(roles).map(|(text, role)| Message::new(role, *text)).collect();
    let conversation = Conversation { id: "c".into(), messages };
    let mut batch = Batch::new();
    for id in 0..candidates as u64 {
        batch.begin_conversation(&conversation, 2, &ConversationContext::default());
        batch.push_candidate(id, 2, 0.0, &[]);
    }
    batch
}

fn compile(dir: &Path) -> std::path::PathBuf {
    let (source, library) = (dir.join("silent.c"), dir.join("silent.so"));
    std::fs::write(&source, SILENT).expect("the temporary folder takes files");
    let compiled = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-std=c11", "-O2", "-fPIC", "-shared", "-I", "plugins/abi/include", "-o"])
        .args([&library, &source])
        .status()
        .expect("this bench needs a C compiler");
    assert!(compiled.success());
    library
}

fn call(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let library = compile(dir.path());
    let child = Isolation::Process { timeout: None };
    let launcher =
        Launcher { program: env!("CARGO_BIN_EXE_rejoinder").into(), args: vec!["plugin-host".into()] };
    let forms = [
        ("linked", PluginSpec::named("silent")),
        ("loaded", PluginSpec::at(&library)),
        ("child", PluginSpec { isolation: child, ..PluginSpec::at(&library) }),
    ];
    let surroundings = LoadContext { built_in: &[&SILENT_RUST], launcher, ..LoadContext::default() };
    for (form, spec) in forms {
        let registry = Registry::load(&[spec], &surroundings).expect("the plugin is sound");
        let mut session = registry.session().expect("the plugin starts");
        let mut group = criterion.benchmark_group(format!("plugin/{form}"));
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        for (candidates, bytes) in [(1, 200), (16, 200), (256, 200), (256, 4000)] {
            let batch = batch(candidates, bytes);
            let (mut votes, mut faults) = (Vec::new(), Vec::new());
            group.throughput(Throughput::Elements(candidates as u64));
            group.bench_function(BenchmarkId::from_parameter(format!("{candidates}x{bytes}B")), |bencher| {
                bencher.iter(|| session.classify(&batch, &mut votes, &mut faults).expect("it says nothing"));
            });
        }
    }
}

fn filling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plugin/filling a batch");
    group.throughput(Throughput::Elements(256));
    group.bench_function("256x200B", |bencher| bencher.iter(|| batch(256, 200)));
}

criterion_group!(benches, call, filling);
criterion_main!(benches);
