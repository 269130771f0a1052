//! Which turns `show` draws: read from a run's folder, it is the draw that deciding about the whole input anew would make.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rejoinder_core::random::splitmix::{GAMMA, mix};
use rejoinder_core::{Category, RecordId};
use rejoinder_run::folder::{RunInput, begin};
use rejoinder_run::reading_sample::{DrawSize, TurnDraw, TurnFilter, draw, view};
use rejoinder_run::watch::Watch;
use rejoinder_run::{RunDir, RunError, TurnOutcome, judging, scan};
use rejoinder_scan::config::EffectiveConfig;
use rejoinder_scan::{Engine, Scan, ScanError};

use crate::corpus;
use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, Ended, folder, rejoinder, text, write};

const THREADS: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// A turn that a scan decided about: the address, what became of the turn, and the rules that hit.
type DecidedTurn = (RecordId, TurnOutcome, Vec<String>);

/// All later turns, decided by rules, plugins and stored replies anew.
fn decided_anew(run: &RunDir, engine: &Engine) -> Vec<DecidedTurn> {
    let judged = judging::judged(run).unwrap();
    let asked = run.asked().unwrap();
    let flow = Scan { asked_before: Some(&asked), ..Scan::of(engine, &run.manifest.inputs, THREADS) };
    let mut all = Vec::new();
    let scanned = flow.run(
        |worker, chunk| {
            let scanned = worker.scan(chunk)?;
            let turns = scanned.conversations.iter().flat_map(|conversation| {
                let turns = scanned.turns(conversation).iter();
                turns.map(|turn| {
                    let id = conversation.id(turn);
                    let answer = judged.get(&id).copied().unwrap_or_default();
                    let rules = scanned.rule_ids(worker.engine, turn).into_iter().map(str::to_owned);
                    (id, TurnOutcome::new(turn.decision(), answer), rules.collect())
                })
            });
            Ok::<Vec<DecidedTurn>, ScanError>(turns.collect())
        },
        |turns| {
            all.extend(turns);
            Ok(())
        },
    );
    scanned.unwrap();
    all
}

/// The turns with the smallest ranks among those that fit, in input order, and how many fit.
fn drawn_from(
    all: &[DecidedTurn],
    filter: &TurnFilter,
    size: DrawSize,
    seed: u64,
) -> (Vec<(RecordId, TurnOutcome)>, u64) {
    let rank = |id: RecordId| {
        let fields = [seed, u64::from(id.shard), id.ordinal, u64::from(id.message_index)];
        (fields.into_iter().fold(GAMMA, |z, field| mix(z.wrapping_add(GAMMA) ^ field)), id)
    };
    let is_hit = |rules: &[String]| filter.rules.is_empty() || rules.iter().any(|r| filter.rules.contains(r));
    let fitting = all.iter().filter(|(_, outcome, rules)| filter.fits(*outcome) && is_hit(rules));
    let mut fitting: Vec<_> = fitting.map(|(id, outcome, _)| (*id, *outcome)).collect();
    let count = fitting.len() as u64;
    fitting.sort_by_key(|(id, _)| rank(*id));
    if let DrawSize::Most(most) = size {
        fitting.truncate(most);
    }
    fitting.sort_by_key(|(id, _)| *id);
    (fitting, count)
}

/// Filters of each kind, and some together.
fn filters(engine: &Engine) -> Vec<TurnFilter> {
    let mut filters = Vec::new();
    for kinds in 0..16_u8 {
        let wants = |bit: u8| kinds & (1 << bit) != 0;
        filters.push(TurnFilter {
            accepted: wants(0),
            rejected: wants(1),
            waiting: wants(2),
            judged: wants(3),
            ..TurnFilter::default()
        });
    }
    for categories in [vec![Category::Ur5], vec![Category::Ur2, Category::Ur3]] {
        for judged in [false, true] {
            filters.push(TurnFilter { judged, categories: categories.clone(), ..TurnFilter::default() });
        }
    }
    // A rule of each route, and two at once.
    let mut rules: Vec<&str> = Vec::new();
    for route in ["accept", "escalate", "reject", "score"] {
        let of_route = engine.rules.rules().iter().filter(|rule| rule.route.name() == route);
        rules.extend(of_route.take(1).map(|rule| rule.id.as_str()));
    }
    let named = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
    for ids in rules.iter().map(|id| named(&[id])).chain([named(&rules)]) {
        filters.push(TurnFilter { rules: ids.clone(), ..TurnFilter::default() });
        filters.push(TurnFilter { rules: ids, rejected: true, ..TurnFilter::default() });
    }
    filters
}

/// Checks a run's draws by all filters, some sizes and seeds; `end` is how far the run has read.
#[track_caller]
fn check(run: &Path, end: impl Fn(RecordId) -> bool) {
    let run = RunDir::open(run).unwrap();
    let engine = run.engine().unwrap();
    let mut all = decided_anew(&run, &engine);
    all.retain(|(id, ..)| end(*id));
    assert!(!all.is_empty(), "a test without turns");
    for filter in filters(&engine) {
        // For rules the whole input may be scanned each time.
        let is_quick = filter.rules.is_empty();
        let sizes = [DrawSize::Most(7), DrawSize::Most(1), DrawSize::Most(100_000), DrawSize::All];
        for size in sizes.into_iter().take(if is_quick { 4 } else { 1 }) {
            for seed in [0, 1, 77].into_iter().take(if is_quick { 3 } else { 1 }) {
                let TurnDraw { turns, fitting, .. } =
                    draw(&run, &engine, &filter, size, seed, THREADS).unwrap();
                let turns: Vec<_> = turns.iter().map(|turn| (turn.id, turn.outcome)).collect();
                assert_eq!((turns, fitting), drawn_from(&all, &filter, size, seed), "{filter:?} {size:?}");
            }
        }
    }
    // What is drawn is found again, each in its conversation.
    let TurnDraw { turns, .. } =
        draw(&run, &engine, &TurnFilter::default(), DrawSize::All, 0, THREADS).unwrap();
    let mut seen = Vec::new();
    view(
        &run,
        &engine,
        &turns,
        THREADS,
        |view| (view.conversation.id(view.turn), view.outcome),
        |one| {
            seen.push(one);
            Ok::<_, RunError>(())
        },
    )
    .unwrap();
    assert_eq!(seen, turns.iter().map(|turn| (turn.id, turn.outcome)).collect::<Vec<_>>());
}

/// Runs the command with plugins from where this program finds them, too.
fn run_with_plugins(args: &[&str]) -> Ended {
    let libraries = Path::new(env!("CARGO_BIN_EXE_rejoinder")).with_file_name("deps");
    rejoinder(&[&["run", "--plugin-dir", &text(&libraries)], args].concat())
}

fn whole(_: RecordId) -> bool {
    true
}

#[test]
fn a_draw_from_the_runs_folder_is_the_draw_of_a_new_scan() {
    let dir = folder();
    for (name, flags) in [
        ("plain", &[][..]),
        ("long", &["--min-messages", "4"]),
        ("german", &["--lang", "de,und"]),
        ("twice", &["--duplicates", "exact"]),
    ] {
        let run = text(&dir.path().join(name));
        // The second file repeats the first one.
        let more = std::fs::read(DIALOGUES).unwrap();
        let more = write(dir.path(), "more.jsonl", [b"{broken\n".to_vec(), more].concat());
        run_with_plugins(&[&[DIALOGUES, &more, "--out", &run][..], flags].concat()).expect(0);
        check(Path::new(&run), whole);
    }
}

#[test]
fn joined_compressed_and_tabular_input_is_drawn_from_alike() {
    let dir = folder();
    for name in ["oasst_messages.jsonl", "langfuse.jsonl", "chatgpt.zip", "wildchat.parquet", "arena_55k.csv"]
    {
        let run = text(&dir.path().join(name));
        run_with_plugins(&[&format!("tests/data/formats/{name}"), "--out", &run]).expect(0);
        let opened = RunDir::open(Path::new(&run)).unwrap();
        if opened.scan_stats().unwrap().turns > 0 {
            check(Path::new(&run), whole);
        }
    }
    let plain = std::fs::read(DIALOGUES).unwrap();
    let packed = write(dir.path(), "in.jsonl.gz", gzip(&plain));
    let run = text(&dir.path().join("packed"));
    run_with_plugins(&[&packed, "--out", &run]).expect(0);
    check(Path::new(&run), whole);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

#[test]
fn what_the_judge_said_and_a_cut_count_as_in_a_new_scan() {
    let dir = folder();
    let server = Server::start(by_rule);
    let config = format!(
        "format = 1\n[[plugin]]\nname = \"scorer\"\n[cascade]\nreject-below = 0.2\n[judge]\nbase-url = \"{}\"\nmodel = \"m\"\n",
        server.base_url()
    );
    let config = write(dir.path(), "judge.toml", config);
    let run = text(&dir.path().join("run"));
    // The budget ends before all are asked about.
    run_with_plugins(&[DIALOGUES, "--config", &config, "--calls", "6", "--out", &run]).expect(4);
    check(Path::new(&run), whole);
    rejoinder(&["judge", &run, "--calls", "10000"]).expect(0);
    check(Path::new(&run), whole);
}

#[test]
fn an_interrupted_run_is_drawn_from_as_far_as_it_has_read() {
    let dir = folder();
    let mut content = Vec::new();
    corpus::write(&mut content, 800, 11, corpus::Style::default()).unwrap();
    let input = PathBuf::from(write(dir.path(), "corpus.jsonl", content));
    let config = write(dir.path(), "c.toml", "format = 1\nplugin = []\n[output]\npart-mib = 1\n");
    let engine = Engine::of(&EffectiveConfig::load(Some(Path::new(&config))).unwrap()).unwrap();
    let out = dir.path().join("run");
    let (run, engine) = begin(engine, RunInput::Files(&[input]), Some(&out)).unwrap();
    let watch = Watch::default();
    let stop = watch.stop.flag();
    let committed = |_| stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let stopped = scan::run_watched(&run, &engine, THREADS, &watch, &committed);
    assert!(stopped.is_err() && !scan::is_complete(&run).unwrap());
    let parts = run.ledger.parts().unwrap();
    let end: rejoinder_read::Position = serde_json::from_str(&parts.last().unwrap().end).unwrap();
    drop(run);
    check(&out, |id| id.ordinal < end.line);
    let shown = rejoinder(&["show", &text(&out), "--sample", "2"]).expect(0);
    assert!(shown.stderr.contains("has not read its whole input"), "{}", shown.stderr);
    assert!(shown.stderr.contains("rejoinder resume"), "{}", shown.stderr);
}
