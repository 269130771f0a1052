//! The prefilter alone, as the pipeline runs it: chunks, records, later turns, scanner; nothing is written.
//! `cargo run --release --example prefilter -- CORPUS RULES.toml` prints one JSON object of counts.

use std::error::Error;
use std::path::Path;

use rejoinder_read::{ChunkReader, Container, Format, InputFile, Mapping, Position};
use rejoinder_rules::{Pack, Route, Scanner};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [corpus, rules] = &*arguments else { return Err("usage: prefilter CORPUS RULES.toml".into()) };
    let rules = Pack::compile(Pack::load(std::slice::from_ref(rules))?, &[])?;
    // Neither size nor hash matters to a reader.
    let input = [InputFile {
        path: Path::new(corpus).to_owned(),
        moved_to: None,
        size: 0,
        hash: String::new(),
        format: Format::JSON,
        container: Container::Lines,
        reading: Default::default(),
        forgotten: Default::default(),
    }];
    let mapping = Mapping::default();
    let mut scanner = Scanner::new(&rules);
    let [mut conversations, mut quarantined, mut turns, mut candidates] = [0_u64; 4];
    for chunk in ChunkReader::new(&input, &mapping, Position::default(), 16 << 20) {
        for entry in chunk.entries() {
            let Ok(record) = entry.record() else {
                quarantined += 1;
                continue;
            };
            conversations += 1;
            scanner.begin(&record.conversation);
            for turn in record.conversation.later_turns() {
                turns += 1;
                let hits = scanner.scan(&record.conversation, turn);
                let marks = |hit: &rejoinder_core::Hit| {
                    matches!(rules.rule(hit.rule).route, Route::Accept | Route::Escalate)
                };
                candidates += u64::from(hits.iter().any(marks));
            }
        }
    }
    println!(
        r#"{{"conversations":{conversations},"quarantined":{quarantined},"turns":{turns},"candidates":{candidates}}}"#
    );
    Ok(())
}
