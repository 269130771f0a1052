//! Throughput of parse, prefilter and whole run, in bytes of input a second, on the generated corpus.

use std::num::NonZeroUsize;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rejoinder_core::Role;
use rejoinder_read::{InputFile, Mapping, Record};
use rejoinder_rules::Scanner;
use rejoinder_run::folder::Manifest;
use rejoinder_run::{RunDir, scan};
use rejoinder_scan::{Config, Engine};

#[path = "corpus.rs"]
mod corpus;

const CONVERSATIONS: usize = 4_000;

fn chain(criterion: &mut Criterion) {
    let mut text = Vec::new();
    corpus::write(&mut text, CONVERSATIONS, 7, corpus::Style::default()).expect("memory takes every write");
    let lines: Vec<&[u8]> = text.split(|&b| b == b'\n').filter(|l| !l.is_empty()).collect();
    let mapping = Mapping::default();
    let records: Vec<Record<'_>> =
        lines.iter().map(|l| Record::parse(l, &mapping).expect("the corpus is well-formed")).collect();
    let user_bytes: usize = records
        .iter()
        .flat_map(|r| &r.conversation.messages)
        .filter(|m| m.role == Role::User)
        .map(|m| m.text.len())
        .sum();
    let engine = Engine::build(Config::default()).expect("the default config is sound");
    let bytes = Throughput::Bytes(text.len() as u64);

    let mut group = criterion.benchmark_group("chain");
    group.sample_size(20);
    group.throughput(bytes.clone());
    group.bench_function("parse", |b| {
        b.iter(|| lines.iter().filter(|l| Record::parse(l, &mapping).is_ok()).count());
    });
    group.throughput(Throughput::Bytes(user_bytes as u64));
    group.bench_function("prefilter", |b| {
        let mut scanner = Scanner::new(&engine.rules);
        b.iter(|| {
            let mut hits = 0;
            for record in &records {
                scanner.begin(&record.conversation);
                for turn in record.conversation.later_turns() {
                    hits += scanner.scan(&record.conversation, turn).len();
                }
            }
            hits
        });
    });
    group.throughput(bytes);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let input = folder.path().join("corpus.jsonl");
    std::fs::write(&input, &text).expect("the temporary folder takes the corpus");
    let described = InputFile::describe(&input).expect("the corpus can be read");
    let mut number = 0;
    group.bench_function("run", |b| {
        b.iter_batched(
            || {
                number += 1;
                new_run(&engine, &folder.path().join(number.to_string()), described.clone())
            },
            |run| scan::run(&run, &engine, NonZeroUsize::MIN).expect("the run succeeds"),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn new_run(engine: &Engine, path: &Path, input: InputFile) -> RunDir {
    let path = RunDir::create(path).expect("the folder is new");
    RunDir::begin(path, Manifest::new(engine, vec![input], false)).expect("the folder takes a run")
}

criterion_group!(benches, chain);
criterion_main!(benches);
