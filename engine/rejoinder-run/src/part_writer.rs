//! Chunks to parts: what a scan or a merge takes in input order, added up and committed part by part.

use std::fs;

use rejoinder_ledger::part;
use rejoinder_read::Position;
use serde::Serialize;

use crate::error::RunError;
use crate::folder::{PartKind, RunDir, end_of_part};
use crate::shards::Seam;
use crate::stats::ScanCounts;
use crate::tallies::{ChunkTallies, Divisions, PartTallier};

/// What a chunk adds to its part.
pub(crate) struct ChunkOutput {
    /// Where the chunk ends.
    pub(crate) end: Position,
    /// What the chunk counts.
    pub(crate) counts: ScanCounts,
    /// What the chunk tallies.
    pub(crate) tallies: ChunkTallies,
    /// Lines for each of [`PartKind::SCAN`].
    pub(crate) files: [Vec<u8>; 4],
}

/// A part that may still grow.
#[derive(Default)]
struct OpenPart {
    end: Position,
    counts: ScanCounts,
    files: [Vec<u8>; 4],
    seams: Vec<u8>,
}

/// Adds chunks up to parts and commits the parts. Where a part ends depends on its chunks alone.
pub(crate) struct PartWriter<'r> {
    run: &'r RunDir,
    /// The number of the next part.
    next: u64,
    /// Where the last committed part ends; `None` before the first one.
    end: Option<Position>,
    part_bytes: u64,
    tallier: PartTallier,
    part: Option<OpenPart>,
    /// Hears the number of each part that is committed.
    committed: &'r dyn Fn(u64),
}

impl<'r> PartWriter<'r> {
    /// Goes on behind the last committed part of a run; files of a part that a kill has left uncommitted are removed.
    ///
    /// # Errors
    /// If the run's folder cannot be read or cleaned up.
    pub(crate) fn new(
        run: &'r RunDir,
        divisions: &Divisions,
        committed: &'r dyn Fn(u64),
    ) -> Result<Self, RunError> {
        let done = run.ledger.parts()?;
        let next = done.last().map_or(0, |part| part.index + 1);
        discard_uncommitted(run, next)?;
        Ok(Self {
            run,
            next,
            end: done.last().map(end_of_part).transpose()?,
            part_bytes: run.manifest.config.output.part_mib << 20,
            tallier: PartTallier::new(divisions, &run.scanned_groups()?),
            part: None,
            committed,
        })
    }

    /// Where the last committed part ends; `None` before the first one.
    pub(crate) const fn end_of_committed(&self) -> Option<Position> {
        self.end
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// If the part that the chunk completes cannot be written.
    pub(crate) fn add(&mut self, chunk: ChunkOutput) -> Result<(), RunError> {
        let mut part = self.part.take().unwrap_or_default();
        if self.run.manifest.shard.is_some() {
            write_row(&mut part.seams, &Seam::of(&chunk));
        }
        let ChunkOutput { end, counts, tallies, files } = chunk;
        self.tallier.add(tallies, end);
        part.end = end;
        part.counts += counts;
        for (all, new) in part.files.iter_mut().zip(files) {
            all.extend(new);
        }
        match part.counts.stats.read.bytes >= self.part_bytes {
            true => self.commit(&part),
            false => {
                self.part = Some(part);
                Ok(())
            }
        }
    }

    /// Commits what is left at the end of the input.
    ///
    /// # Errors
    /// If the last part cannot be written.
    pub(crate) fn end(mut self) -> Result<(), RunError> {
        self.part.take().map_or(Ok(()), |part| self.commit(&part))
    }

    fn commit(&mut self, part: &OpenPart) -> Result<(), RunError> {
        let (run, number) = (self.run, self.next);
        for (kind, bytes) in PartKind::SCAN.into_iter().zip(&part.files) {
            run.write_part(kind, number, bytes)?;
        }
        if !part.seams.is_empty() {
            run.write_part(PartKind::Seams, number, &part.seams)?;
        }
        run.keep_part_tallies(number, &self.tallier.end_part())?;
        run.ledger.commit_part(number, &to_json(&part.counts), &to_json(&part.end))?;
        (self.committed)(number);
        self.next += 1;
        self.end = Some(part.end);
        Ok(())
    }
}

/// Removes files of parts that were not committed: a kill came between writing and committing.
fn discard_uncommitted(run: &RunDir, next: u64) -> Result<(), RunError> {
    for kind in PartKind::SCAN.into_iter().chain([PartKind::Seams]) {
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

/// Appends a row to lines.
pub(crate) fn write_row(lines: &mut Vec<u8>, row: &impl Serialize) {
    serde_json::to_writer(&mut *lines, row).expect("a row is plain data, and memory takes every write");
    lines.push(b'\n');
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("counts are plain data")
}
