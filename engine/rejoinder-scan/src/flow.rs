//! Threads: one reads, all others work, the caller's thread takes results in input order.
//!
//! A fixed number of portions is under way at any time, and a fixed number of results of each portion waits for its turn, so
//! memory is bounded and one slow portion cannot let the others pile up. What a worker does with a chunk depends on
//! the chunk alone, which makes the output independent of the number of threads.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use crossbeam_channel::bounded;
use rejoinder_core::RecordId;
use rejoinder_read::{Chunk, InputFile, Portion, Portions, Position};

use crate::engine::Engine;
use crate::error::ScanError;
use crate::repeated::{RepeatedConversations, repeated};
use crate::stop::StopFlag;
use crate::worker::{FaultLog, Worker};

/// The most results of one portion that wait for their turn; the rest of a row group with more chunks is read when the
/// turn of the portion has come.
const WAITING: usize = 32;

/// How many threads work if the user does not say.
pub fn default_threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// A scan of files: by which engine, from where on, on how many threads.
#[derive(Clone)]
pub struct Scan<'a> {
    /// Decides about turns.
    pub engine: &'a Engine,
    /// The input.
    pub files: &'a [InputFile],
    /// Where the scan begins.
    pub from: Position,
    /// Where the scan ends: before the first portion that begins there or behind. `None` is the end of the input.
    pub until: Option<Position>,
    /// How many threads work.
    pub threads: NonZeroUsize,
    /// Turns that the judge was asked about before.
    pub asked_before: Option<&'a HashSet<RecordId>>,
    /// Takes the plugins' failures.
    pub fault_log: Option<&'a FaultLog>,
    /// Ends the scan when the flag is raised, even within a conversation.
    pub stop: StopFlag,
}

impl<'a> Scan<'a> {
    /// A scan of whole files, about which nothing else is known.
    pub fn of(engine: &'a Engine, files: &'a [InputFile], threads: NonZeroUsize) -> Self {
        Self {
            engine,
            files,
            from: Position::default(),
            until: None,
            threads,
            asked_before: None,
            fault_log: None,
            stop: StopFlag::default(),
        }
    }

    /// Sends the input through `work`, and the results, in input order, into `sink`.
    ///
    /// # Errors
    /// The first failure of reading or of a worker (in input order) or of the sink; then nothing more is read.
    pub fn run<R: Send, E: From<ScanError> + Send>(
        &self,
        work: impl for<'c> Fn(&mut Worker<'_>, &'c Chunk) -> Result<R, E> + Sync,
        sink: impl FnMut(R) -> Result<(), E>,
    ) -> Result<(), E> {
        let repeated = self.repeated()?;
        self.in_order(|| Ok(self.worker(&repeated)?), work, sink)
    }

    /// Sends the input through two engines at once: a thread has a worker of this scan's engine, and one of `other`, whose config reads
    /// the same conversations of the input.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_beside<R: Send, E: From<ScanError> + Send>(
        &self,
        other: &'a Engine,
        work: impl for<'c> Fn(&mut Worker<'_>, &mut Worker<'_>, &'c Chunk) -> Result<R, E> + Sync,
        sink: impl FnMut(R) -> Result<(), E>,
    ) -> Result<(), E> {
        let repeated = self.repeated()?;
        let beside = Scan { engine: other, ..self.clone() };
        let begin = || Ok((self.worker(&repeated)?, beside.worker(&repeated)?));
        self.in_order(begin, |(own, other), chunk| work(own, other, chunk), sink)
    }

    fn worker<'w>(&'w self, repeated: &'w RepeatedConversations) -> Result<Worker<'w>, ScanError> {
        let mut worker = Worker::new(self.engine)?.passing_over(repeated).until(self.stop.clone());
        if let Some(asked) = self.asked_before {
            worker = worker.knowing(asked);
        }
        if let Some(log) = self.fault_log {
            worker = worker.logging(log);
        }
        Ok(worker)
    }

    /// The conversations that are left out because the input holds the same conversation elsewhere.
    fn repeated(&self) -> Result<RepeatedConversations, ScanError> {
        let input = &self.engine.config.input;
        let files = InputFile::with_forgotten(self.files);
        let portions = || Portions::new(&files, &input.map, Position::default(), input.max_record_bytes);
        repeated(input, self.files, self.threads, &self.stop, portions)
    }

    /// The files up to the one in which the scan ends: to open a further one may be to read the whole of it.
    fn wanted_files(&self) -> &[InputFile] {
        let count = self.until.map_or(self.files.len(), |until| {
            let ends_within = until > Position::of_file(until.shard);
            until.shard as usize + usize::from(ends_within)
        });
        &self.files[..count.min(self.files.len())]
    }

    /// Sends the input through workers as [`Self::run`] does; `begin` makes a worker for each thread.
    fn in_order<W, R: Send, E: From<ScanError> + Send>(
        &self,
        begin: impl Fn() -> Result<W, E> + Sync,
        work: impl for<'c> Fn(&mut W, &'c Chunk) -> Result<R, E> + Sync,
        sink: impl FnMut(R) -> Result<(), E>,
    ) -> Result<(), E> {
        let input = &self.engine.config.input;
        let portions = Portions::new(self.wanted_files(), &input.map, self.from, input.max_record_bytes);
        let is_wanted = |portion: &Portion| self.until.is_none_or(|until| portion.start() < until);
        in_order(portions.take_while(is_wanted), self.threads, begin, work, sink)
    }
}

/// Sends the chunks of portions through `work` on so many threads, and the results, in the order of the portions, into `sink`;
/// `begin` makes what a thread works with.
///
/// # Errors
/// The first failure of reading, of `begin` or of `work` (in the order of the portions) or of the sink; then nothing more is read.
pub fn in_order<W, R: Send, E: From<ScanError> + Send>(
    portions: impl Iterator<Item = Portion> + Send,
    threads: NonZeroUsize,
    begin: impl Fn() -> Result<W, E> + Sync,
    work: impl for<'c> Fn(&mut W, &'c Chunk) -> Result<R, E> + Sync,
    mut sink: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    // Portions are taken first in, first out: the one whose turn it is has a worker before any later one has.
    let (portion_tx, portion_rx) = bounded(threads.get());
    let (turn_tx, turn_rx) = bounded(threads.get() * 3);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for portion in portions {
                let (result_tx, result_rx) = bounded(WAITING);
                if turn_tx.send(result_rx).is_err() || portion_tx.send((portion, result_tx)).is_err() {
                    break;
                }
            }
        });
        for _ in 0..threads.get() {
            let (portion_rx, begin, work) = (portion_rx.clone(), &begin, &work);
            scope.spawn(move || {
                let mut worker = match begin() {
                    Ok(worker) => worker,
                    Err(why) => {
                        // Nothing behind the portion that the thread would have worked on is looked at.
                        if let Ok((_, result_tx)) = portion_rx.recv() {
                            let _ = result_tx.send(Err(why));
                        }
                        return;
                    }
                };
                for (portion, result_tx) in portion_rx {
                    for chunk in portion.chunks() {
                        let result = match &chunk.failure {
                            Some(why) => Err(ScanError::Read(why.clone()).into()),
                            None => work(&mut worker, &chunk),
                        };
                        if result_tx.send(result).is_err() {
                            return;
                        }
                    }
                }
            });
        }
        drop(portion_rx);
        // Taken out of the caller's hands, so that returning early hangs up and ends the threads.
        for results in turn_rx {
            for result in results {
                sink(result?)?;
            }
        }
        Ok(())
    })
}
