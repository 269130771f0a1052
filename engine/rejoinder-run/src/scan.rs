//! The first stage: input files to parts. What lies in a part is a function of input and config; a kill loses at
//! most the part under way.

use std::num::NonZeroUsize;

use rejoinder_cascade::Decision;
use rejoinder_read::Chunk;
use rejoinder_scan::reading::ReadCounts;
use rejoinder_scan::{Engine, FaultLog, Profiler, Scan, Worker};

use crate::error::RunError;
use crate::faults;
use crate::folder::RunDir;
use crate::forecast::Forecaster;
use crate::nights::{NightCounts, NightSplit};
use crate::part_writer::{ChunkOutput, PartWriter, write_row};
use crate::spool_row::SpoolRow;
use crate::stats::ScanCounts;
use crate::tallies::{ChunkTallier, Divisions};
use crate::watch::{ScanProgress, Watch};

/// A chunk that was scanned.
struct ScannedChunk {
    output: ChunkOutput,
    /// The bytes that were read of the file in which the chunk ends.
    stored_bytes_read: u64,
}

/// Scans the rest of a run's input as [`run_watched`] does, with nobody watching.
///
/// # Errors
/// If reading, writing or a plugin fails; what is committed stays, and the run can be resumed.
pub fn run(run: &RunDir, engine: &Engine, threads: NonZeroUsize) -> Result<(), RunError> {
    run_watched(run, engine, threads, &Watch::default(), &|_| {})
}

/// Scans the rest of the run's input, from the end of its last committed part, and tells `committed` the number of each
/// part that is done.
///
/// # Errors
/// If reading, writing or a plugin fails, or the watch says stop; what is committed stays, and the run can be resumed.
pub fn run_watched(
    run: &RunDir,
    engine: &Engine,
    threads: NonZeroUsize,
    watch: &Watch,
    committed: &dyn Fn(u64),
) -> Result<(), RunError> {
    faults::count_committed(run, engine)?;
    let log = FaultLog::default();
    let scanned = scan(run, engine, threads, watch, &log, committed);
    let gathered = faults::gather(run, &log);
    scanned.and(gathered)
}

fn scan(
    run: &RunDir,
    engine: &Engine,
    threads: NonZeroUsize,
    watch: &Watch,
    log: &FaultLog,
    committed: &dyn Fn(u64),
) -> Result<(), RunError> {
    let inputs = &run.manifest.inputs;
    let divisions = Divisions::new(&run.manifest.config.report, inputs);
    let mut writer = PartWriter::new(run, &divisions, committed)?;
    let range = run.input_range();
    let before: Vec<u64> =
        inputs.iter().scan(0, |sum, f| Some(std::mem::replace(sum, *sum + f.size))).collect();
    let total = range.stored_bytes.end - range.stored_bytes.start;
    let mut counted = run.scan_counts()?.stats;
    let asked_before = run.asked()?;
    let nights = NightSplit::of(&run.manifest);
    let work = |worker: &mut Worker<'_>, chunk: &Chunk| scan_chunk(worker, chunk, &divisions, nights);
    let flow = Scan {
        from: writer.end_of_committed().unwrap_or(range.from),
        until: range.until,
        asked_before: Some(&asked_before),
        fault_log: Some(log),
        stop: watch.stop.clone(),
        ..Scan::of(engine, inputs, threads)
    };
    flow.run(work, |ScannedChunk { output, stored_bytes_read }| {
        watch.stop.check()?;
        counted += output.counts.stats;
        let read = before[output.end.shard as usize] + stored_bytes_read;
        let read = read.saturating_sub(range.stored_bytes.start).min(total);
        watch.show_scan(ScanProgress { read, total, stats: counted, judge: None });
        writer.add(output)
    })?;
    writer.end()?;
    watch.scan_has_ended();
    note_complete(run)
}

/// Notes that the scan has come to the end of the input.
pub(crate) fn note_complete(run: &RunDir) -> Result<(), RunError> {
    Ok(run.ledger.put("scan", "complete")?)
}

/// Whether the scan has come to the end of the input.
///
/// # Errors
/// If the ledger cannot be read.
pub fn is_complete(run: &RunDir) -> Result<bool, RunError> {
    Ok(run.ledger.get("scan")?.is_some())
}

fn scan_chunk(
    worker: &mut Worker<'_>,
    chunk: &Chunk,
    divisions: &Divisions,
    nights: Option<NightSplit<'_>>,
) -> Result<ScannedChunk, RunError> {
    let scanned = worker.scan(chunk)?;
    let engine = worker.engine;
    let mut tallier = ChunkTallier::new(engine, divisions);
    let mut counts = ScanCounts::of(engine, &scanned);
    counts.stats.read += ReadCounts::of_chunk(chunk);
    let ScanCounts { stats, profile, .. } = &mut counts;
    let mut night_counts = nights.map(|_| NightCounts::default());
    let [mut feedback, mut spool, mut quarantine, mut faults] = [const { Vec::new() }; 4];
    let mut rows: Vec<SpoolRow> = Vec::new();
    let mut profiler = Profiler::of_chunk(engine);
    let mut forecaster = Forecaster::new(engine);
    for conversation in &scanned.conversations {
        let turns = scanned.turns(conversation);
        match nights.zip(night_counts.as_mut()) {
            None => profiler.turns(engine, &scanned, conversation, profile),
            Some((split, counts)) => {
                let part = split.part_of(counts, conversation.shard, conversation.ordinal);
                part.conversations += 1;
                part.turns += turns.len() as u64;
                profiler.turns(engine, &scanned, conversation, &mut part.profile);
            }
        }
        for turn in turns {
            if let Decision::Accepted(category) = turn.decision() {
                write_row(&mut feedback, &scanned.feedback(engine, conversation, turn, category));
            }
        }
        let mut waiting = SpoolRow::of(engine, &scanned, conversation);
        tallier.conversation(engine, divisions, &scanned, conversation, &mut waiting);
        let mut asked = waiting.iter().peekable();
        for turn in turns {
            let row = asked.next_if(|row| row.question.id == conversation.id(turn));
            forecaster.count(&scanned, conversation, turn, row.map(|row| row.shown_tokens));
        }
        SpoolRow::extend_stretch(&mut rows, waiting);
    }
    stats.count_questions(&engine.config.judge, &rows);
    rows.iter().for_each(|row| write_row(&mut spool, row));
    counts.forecast = forecaster.end();
    if let Some(NightCounts { known, new }) = &night_counts {
        counts.profile += known.profile.clone();
        counts.profile += new.profile.clone();
    }
    counts.nights = night_counts;
    let ScanCounts { stats, details, .. } = &mut counts;
    scanned.set_aside.rows().for_each(|row| write_row(&mut quarantine, &row));
    scanned.faults.iter().for_each(|f| write_row(&mut faults, f));
    let of_file = details.files.entry(chunk.start.shard).or_default();
    of_file.records = stats.read.all_records();
    of_file.set_aside = scanned.set_aside.into_counts();
    let files = [feedback, spool, quarantine, faults];
    let output = ChunkOutput { end: chunk.end, counts, tallies: tallier.end(engine), files };
    Ok(ScannedChunk { output, stored_bytes_read: chunk.stored_bytes_read })
}
