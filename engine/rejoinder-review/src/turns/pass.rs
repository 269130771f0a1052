//! Records of turns in files that cannot be sought: one pass over each file for all of them.

use std::collections::VecDeque;

use rejoinder_core::{RecordId, printable};
use rejoinder_read::{Chunk, ChunkReader, Position};
use rejoinder_run::RunDir;

/// One pass over input files for the records of some turns, chunk by chunk.
pub(super) struct Pass<'r> {
    run: &'r RunDir,
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
    pub(super) fn new(run: &'r RunDir, mut turns: Vec<(RecordId, usize)>) -> Self {
        turns.sort_unstable();
        Self { run, left: turns.into(), chunks: None, shard: 0 }
    }

    /// Reads one chunk; the records that it holds. `None` where nothing is left to be found.
    pub(super) fn step(&mut self) -> Option<Vec<FoundRecord>> {
        let (next, _) = *self.left.front()?;
        let shard = next.shard;
        let (files, input) = (&self.run.manifest.inputs, &self.run.manifest.config.input);
        if self.shard != shard || self.chunks.is_none() {
            let from = Position::of_file(shard);
            self.chunks = Some(ChunkReader::new(files, &input.map, from, input.max_record_bytes));
            self.shard = shard;
        }
        let chunk = self.chunks.as_mut().and_then(Iterator::next);
        let Some(chunk) = chunk.filter(|chunk| chunk.start.shard == shard) else {
            return Some(self.lost(|id| id.shard == shard));
        };
        if let Some(why) = &chunk.failure {
            let lost = self.take(|id| id.shard == shard);
            return Some(lost.into_iter().map(|(_, number)| (number, Err(why.clone()))).collect());
        }
        let mut found = self.lost(|id| id.shard == shard && id.ordinal < chunk.start.line);
        while let Some(&(id, number)) = self.left.front().filter(|(id, _)| id.shard == shard) {
            let Some(record) = chunk.single(id.ordinal) else { break };
            self.left.pop_front();
            found.push((number, Ok(record)));
        }
        Some(found)
    }

    /// The first turns for which `is_gone` holds, which the input lacks.
    fn lost(&mut self, is_gone: impl Fn(RecordId) -> bool) -> Vec<FoundRecord> {
        let files = &self.run.manifest.inputs;
        let lost = self.take(is_gone).into_iter().map(|(id, number)| {
            let file = files.get(id.shard as usize).map(|file| file.path.display().to_string());
            let file = printable(&file.unwrap_or_default()).into_owned();
            (number, Err(format!("{file}: there is no record {id}: the input has changed since the run")))
        });
        lost.collect()
    }

    fn take(&mut self, fits: impl Fn(RecordId) -> bool) -> Vec<(RecordId, usize)> {
        let count = self.left.iter().take_while(|(id, _)| fits(*id)).count();
        self.left.drain(..count).collect()
    }
}
