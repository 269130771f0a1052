//! The first stage: input files to parts. What lies in a part is a function of input and config; a kill loses at
//! most the part under way.

use std::fs;
use std::num::NonZeroUsize;

use rejoinder_cascade::Decision;
use rejoinder_ledger::part;
use rejoinder_read::{Chunk, Position};
use rejoinder_scan::reading::ReadCounts;
use rejoinder_scan::{Engine, FaultLog, Profiler, Scan, Worker};
use serde::Serialize;

use crate::error::RunError;
use crate::faults;
use crate::folder::{PartKind, RunDir, end_of_part};
use crate::forecast::Forecaster;
use crate::nights::{NightCounts, NightSplit};
use crate::spool_row::SpoolRow;
use crate::stats::ScanCounts;
use crate::tallies::{ChunkTallies, Divisions, PartTallier, PartTallies};
use crate::watch::{ScanProgress, Watch};

/// What a chunk adds to its part.
struct ChunkOutput {
    end: Position,
    /// The bytes that were read of the file in which the chunk ends.
    stored_bytes_read: u64,
    counts: ScanCounts,
    /// Lines for each of [`PartKind::SCAN`].
    files: [Vec<u8>; 4],
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
    let done = run.ledger.parts()?;
    let from = done.last().map(end_of_part).transpose()?.unwrap_or_default();
    let mut next = done.last().map_or(0, |p| p.index + 1);
    discard_uncommitted(run, next)?;
    let part_bytes = engine.config.output.part_mib << 20;
    let mut part: Option<ChunkOutput> = None;
    let mut commit = |part: ChunkOutput, tallies: &PartTallies| {
        for (kind, bytes) in PartKind::SCAN.into_iter().zip(&part.files) {
            run.write_part(kind, next, bytes)?;
        }
        run.keep_part_tallies(next, tallies)?;
        run.ledger.commit_part(next, &to_json(&part.counts), &to_json(&part.end))?;
        committed(next);
        next += 1;
        Ok::<_, RunError>(())
    };
    let inputs = &run.manifest.inputs;
    let before: Vec<u64> =
        inputs.iter().scan(0, |sum, f| Some(std::mem::replace(sum, *sum + f.size))).collect();
    let total = inputs.iter().map(|f| f.size).sum();
    let mut counted = run.scan_counts()?.stats;
    let asked_before = run.asked()?;
    let divisions = Divisions::new(&engine.config.report, inputs);
    let mut tallier = PartTallier::new(engine, &divisions, &run.scanned_groups()?);
    let nights = NightSplit::of(&run.manifest);
    let work = |worker: &mut Worker<'_>, chunk: &Chunk| scan_chunk(worker, chunk, &divisions, nights);
    let flow = Scan {
        from,
        asked_before: Some(&asked_before),
        fault_log: Some(log),
        stop: watch.stop.clone(),
        ..Scan::of(engine, inputs, threads)
    };
    flow.run(work, |(chunk, tallies): (ChunkOutput, ChunkTallies)| {
        watch.stop.check()?;
        tallier.add(tallies, chunk.end);
        counted += chunk.counts.stats;
        let read = before[chunk.end.shard as usize] + chunk.stored_bytes_read;
        watch.show_scan(ScanProgress { read, total, stats: counted, judge: None });
        let grown = match part.take() {
            None => chunk,
            Some(mut part) => {
                part.end = chunk.end;
                part.counts += chunk.counts;
                for (all, new) in part.files.iter_mut().zip(chunk.files) {
                    all.extend(new);
                }
                part
            }
        };
        if grown.counts.stats.read.bytes >= part_bytes {
            commit(grown, &tallier.end_part(engine))?;
        } else {
            part = Some(grown);
        }
        Ok(())
    })?;
    if let Some(part) = part {
        commit(part, &tallier.end_part(engine))?;
    }
    watch.scan_has_ended();
    Ok(run.ledger.put("scan", "complete")?)
}

/// Whether the scan has come to the end of the input.
///
/// # Errors
/// If the ledger cannot be read.
pub fn is_complete(run: &RunDir) -> Result<bool, RunError> {
    Ok(run.ledger.get("scan")?.is_some())
}

/// Removes files of parts that were not committed: a kill came between writing and committing.
fn discard_uncommitted(run: &RunDir, next: u64) -> Result<(), RunError> {
    for kind in PartKind::SCAN {
        let folder = run.path.join(kind.folder());
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let failed = |e| RunError::io(format!("cannot clean up {}", folder.display()), &e);
            let path = entry.map_err(failed)?.path();
            if path.file_name().is_some_and(|name| *name >= *part::name(next)) {
                fs::remove_file(&path).map_err(failed)?;
            }
        }
    }
    Ok(())
}

fn scan_chunk(
    worker: &mut Worker<'_>,
    chunk: &Chunk,
    divisions: &Divisions,
    nights: Option<NightSplit<'_>>,
) -> Result<(ChunkOutput, ChunkTallies), RunError> {
    let scanned = worker.scan(chunk)?;
    let engine = worker.engine;
    let mut tallies = ChunkTallies::new(engine, divisions);
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
        tallies.conversation(engine, divisions, &scanned, conversation, &mut waiting);
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
    let stored_bytes_read = chunk.stored_bytes_read;
    let files = [feedback, spool, quarantine, faults];
    Ok((ChunkOutput { end: chunk.end, stored_bytes_read, counts, files }, tallies))
}

fn write_row(lines: &mut Vec<u8>, row: &impl Serialize) {
    serde_json::to_writer(&mut *lines, row).expect("a row is plain data, and memory takes every write");
    lines.push(b'\n');
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("counts are plain data")
}
