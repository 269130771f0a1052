//! Shards, merged, against one run over the whole input.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rejoinder_scan::config::CascadeSection;
use rejoinder_scan::{Config, Engine, StopFlag};
use serde_json::json;

use super::{Job, JobPlan, ShardNumber, ShardStart, begin, merge};
use crate::folder::{self, Manifest, PartKind, RunDir, RunInput};
use crate::scan;

const THREADS: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// A record: the kilobytes of its answer, and which of some last turns its user says.
type RecordSize = (usize, usize);

/// Last turns: thanks, a correction, a doubt, a repetition, something else.
const TURNS: [&str; 5] = [
    "thank you, that worked!",
    "No, I wanted a poem about a lake.",
    "are you sure? it looks short",
    "write a poem about a river",
    "and now a table",
];

fn engine(part_mib: u64) -> Engine {
    let cascade = CascadeSection { score: false, ..CascadeSection::default() };
    let mut config = Config { plugins: Vec::new(), cascade, ..Config::default() };
    config.output.part_mib = part_mib;
    Engine::build(config).unwrap()
}

/// Writes a file of records: lines, or an array. Every ninth record is broken.
fn write(path: &Path, is_array: bool, records: &[RecordSize]) {
    let record = |(number, (size, turn)): (usize, &RecordSize)| {
        let messages = json!([
            { "role": "user", "content": "write a poem about a river" },
            { "role": "assistant", "content": "Roses are red. ".repeat(size * 70) },
            { "role": "user", "content": TURNS[turn % TURNS.len()] },
        ]);
        let model = format!("model {}", number % 3);
        match number % 9 {
            8 => "{\"conversation\": 8}".to_owned(),
            _ => json!({ "conversation_id": number.to_string(), "model": model, "conversation": messages })
                .to_string(),
        }
    };
    let records: Vec<String> = records.iter().enumerate().map(record).collect();
    let content = match is_array {
        true => format!("[{}]", records.join(",\n")),
        false => records.iter().map(|record| format!("{record}\n")).collect(),
    };
    fs::write(path, content).unwrap();
}

/// All that a scan leaves in a run's folder.
fn output(run: &RunDir) -> Vec<(String, Vec<u8>)> {
    let mut output = Vec::new();
    for part in run.ledger.parts().unwrap() {
        for kind in PartKind::SCAN {
            let bytes = run.part_bytes(kind, part.index).unwrap();
            output.push((format!("{} {}", kind.folder(), part.index), bytes));
        }
        output.push((format!("summary {}", part.index), part.summary.into_bytes()));
        output.push((format!("end {}", part.index), part.end.into_bytes()));
        let tallies = run.part_tallies(part.index).unwrap();
        output.push((format!("tallies {}", part.index), serde_json::to_vec(&tallies).unwrap()));
    }
    output
}

fn manifest(run: &RunDir) -> Manifest {
    Manifest { id: String::new(), ..run.manifest.clone() }
}

/// Scans a shard of a job and does not merge it.
fn scan_shard(job: &Job, shard: ShardNumber) {
    let ShardStart::Open(run) = begin(job, shard, true).unwrap() else { panic!("{shard} was done before") };
    scan::run(&run, &run.engine().unwrap(), THREADS).unwrap();
}

fn whole(files: &[PathBuf], part_mib: u64, out: &Path) -> RunDir {
    let (run, engine) = folder::begin(engine(part_mib), RunInput::Files(files), Some(out)).unwrap();
    scan::run(&run, &engine, THREADS).unwrap();
    run
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn merged_shards_are_the_run_over_the_whole(
        files in prop::collection::vec((any::<bool>(), prop::collection::vec((0_usize..500, 0_usize..5), 0..14)), 1..4),
        shards in 1_u32..9,
        part_mib in 1_u64..4,
        order in any::<prop::sample::Index>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..files.len()).map(|number| dir.path().join(format!("{number}.json"))).collect();
        for (path, (is_array, records)) in paths.iter().zip(&files) {
            write(path, *is_array, records);
        }
        let whole = whole(&paths, part_mib, &dir.path().join("whole"));
        let folder = dir.path().join("job");
        let plan = || JobPlan { engine: engine(part_mib), files: &paths, shards };
        let job = Job::open_or_make(&folder, plan(), &|_| {}).unwrap();
        let mut numbers: Vec<ShardNumber> = ShardNumber::all(shards).collect();
        numbers.rotate_left(order.index(shards as usize));
        for shard in numbers {
            prop_assert!(merge(&folder, true, &StopFlag::default()).is_err());
            scan_shard(&job, shard);
        }
        let merged = merge(&folder, false, &StopFlag::default()).unwrap();
        prop_assert!(!merged.was_merged);
        prop_assert_eq!(output(&merged.run), output(&whole));
        prop_assert_eq!(merged.run.tallies().unwrap(), whole.tallies().unwrap());
        prop_assert_eq!(merged.run.scan_counts().unwrap(), whole.scan_counts().unwrap());
        prop_assert_eq!(manifest(&merged.run), manifest(&whole));
        prop_assert!(scan::is_complete(&merged.run).unwrap());
        drop(merged);
        prop_assert!(merge(&folder, false, &StopFlag::default()).unwrap().was_merged);
    }
}
