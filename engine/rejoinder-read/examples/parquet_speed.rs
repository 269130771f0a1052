//! How fast Parquet is read, as the pipeline reads it: row groups, records, later turns, scanner; nothing is written.
//!
//! `cargo run --release -p rejoinder-read --example parquet_speed -- FILE RULES.toml [THREADS]` prints seconds and counts,
//! beside merely decompressing the pages of the messages' columns.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parquet::column::page::PageReader;
use parquet::file::reader::{FileReader, SerializedFileReader};
use rejoinder_read::{InputFile, Mapping, Portions, Position};
use rejoinder_rules::{Pack, Route, Scanner};

const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, rules, threads) = match &*arguments {
        [file, rules] => (file, rules, 1),
        [file, rules, threads] => (file, rules, threads.parse()?),
        _ => return Err("usage: parquet_speed FILE RULES.toml [THREADS]".into()),
    };
    let rules = Pack::compile(Pack::load(std::slice::from_ref(rules))?, &[])?;
    let input = [InputFile::describe(Path::new(file))?];
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let bytes = decompress(file)?;
        let pages = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let (conversations, turns, candidates) = scan(&input, &rules, threads);
        let scanned = begun.elapsed().as_secs_f64();
        println!(
            r#"{{"bytes":{bytes},"pages_seconds":{pages:.3},"scan_seconds":{scanned:.3},"threads":{threads},"speed":{:.3},"conversations":{conversations},"turns":{turns},"candidates":{candidates}}}"#,
            pages / scanned
        );
    }
    Ok(())
}

/// Decompresses the pages with roles and texts; returns their bytes.
fn decompress(file: &str) -> Result<u64, Box<dyn Error>> {
    let reader = SerializedFileReader::new(File::open(file)?)?;
    let mut bytes = 0;
    for index in 0..reader.num_row_groups() {
        let group = reader.get_row_group(index)?;
        for (at, column) in group.metadata().columns().iter().enumerate() {
            let path = column.column_path().parts();
            if path.first().is_some_and(|name| name == "conversation") {
                let mut pages: Box<dyn PageReader> = group.get_column_page_reader(at)?;
                while let Some(page) = pages.get_next_page()? {
                    bytes += page.buffer().len() as u64;
                }
            }
        }
    }
    Ok(bytes)
}

fn scan(input: &[InputFile], rules: &rejoinder_rules::RuleSet, threads: usize) -> (u64, u64, u64) {
    let mapping = Mapping::default();
    let portions = Mutex::new(Portions::new(input, &mapping, Position::default(), 16 << 20));
    let counts = [const { AtomicU64::new(0) }; 3];
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut scanner = Scanner::new(rules);
                let marks = |hit: &rejoinder_core::Hit| {
                    matches!(rules.rule(hit.rule).route, Route::Accept | Route::Escalate)
                };
                loop {
                    let Some(portion) = portions.lock().expect("no thread panics").next() else { return };
                    for chunk in portion.chunks() {
                        for record in chunk.entries().filter_map(|entry| entry.record().ok()) {
                            counts[0].fetch_add(1, Ordering::Relaxed);
                            scanner.begin(&record.conversation);
                            for turn in record.later_turns() {
                                let hits = scanner.scan(&record.conversation, turn);
                                counts[1].fetch_add(1, Ordering::Relaxed);
                                counts[2].fetch_add(u64::from(hits.iter().any(marks)), Ordering::Relaxed);
                            }
                        }
                    }
                }
            });
        }
    });
    let [conversations, turns, candidates] = counts.map(AtomicU64::into_inner);
    (conversations, turns, candidates)
}
