//! Records of turns, read from the input.

use std::collections::VecDeque;

use rejoinder_core::{RecordId, printable};
use rejoinder_read::{Chunk, ChunkReader};
use rejoinder_run::reading_sample::begin_of;
use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::Engine;

/// One pass over the input for the records of some turns, chunk by chunk.
pub(super) struct Pass<'r> {
    run: &'r RunDir,
    engine: &'r Engine,
    /// The turns that are still to be found, with their numbers, in input order.
    left: VecDeque<(RecordId, usize)>,
    chunks: Option<ChunkReader<'r>>,
    /// The file that is read.
    shard: u32,
}

/// A turn by its number, and the chunk of its one record, or why there is none.
pub(super) type FoundRecord = (usize, Result<Chunk, String>);

impl<'r> Pass<'r> {
    /// A pass for turns with their numbers.
    pub(super) fn new(run: &'r RunDir, engine: &'r Engine, mut turns: Vec<(RecordId, usize)>) -> Self {
        turns.sort_unstable();
        Self { run, engine, left: turns.into(), chunks: None, shard: 0 }
    }

    /// Reads one chunk; the records that it holds. `None` where nothing is left to be found.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(super) fn step(&mut self) -> Result<Option<Vec<FoundRecord>>, RunError> {
        let Some(&(next, _)) = self.left.front() else { return Ok(None) };
        if self.shard != next.shard || self.chunks.is_none() {
            let input = &self.engine.config.input;
            let from = begin_of(self.run, next)?;
            let files = &self.run.manifest.inputs;
            self.chunks = Some(ChunkReader::new(files, &input.map, from, input.max_record_bytes));
            self.shard = next.shard;
        }
        let chunk = self.chunks.as_mut().and_then(Iterator::next);
        let Some(chunk) = chunk.filter(|chunk| chunk.start.shard == next.shard) else {
            let file = self.run.manifest.inputs.get(next.shard as usize);
            let file = file.map(|file| file.path.display().to_string()).unwrap_or_default();
            return Ok(Some(self.lost(|left| left.shard == next.shard, &file)));
        };
        if let Some(why) = &chunk.failure {
            let lost = self.take(|left| left.shard == next.shard);
            return Ok(Some(lost.map(|(_, number)| (number, Err(why.clone()))).collect()));
        }
        let passed = self.lost(|left| left.shard == next.shard && left.ordinal < chunk.start.line, &chunk.file);
        let mut found = passed;
        while let Some(&(id, number)) = self.left.front().filter(|(id, _)| id.shard == next.shard) {
            let Some(record) = chunk.single(id.ordinal) else { break };
            self.left.pop_front();
            found.push((number, Ok(record)));
        }
        Ok(Some(found))
    }

    /// The first turns for which `is_gone` holds, which the input lacks.
    fn lost(&mut self, is_gone: impl Fn(RecordId) -> bool, file: &str) -> Vec<FoundRecord> {
        let lost = self.take(is_gone);
        let words = |id| format!("{}: there is no record {id}: the input has changed since the run", printable(file));
        lost.map(|(id, number)| (number, Err(words(id)))).collect()
    }

    fn take(&mut self, fits: impl Fn(RecordId) -> bool) -> impl Iterator<Item = (RecordId, usize)> + use<> {
        let count = self.left.iter().take_while(|(id, _)| fits(*id)).count();
        self.left.drain(..count).collect::<Vec<_>>().into_iter()
    }
}
