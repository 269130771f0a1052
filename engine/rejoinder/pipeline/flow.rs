//! Threads: one reads, all others work, the caller's thread takes results in input order.
//!
//! A fixed number of portions is under way at any time, and of each a fixed number of results waits for its turn, so
//! memory is bounded and one slow portion cannot let the others pile up. What a worker does with a chunk depends on
//! the chunk alone, which makes the output independent of the number of threads.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use crossbeam_channel::bounded;
use rejoinder_read::{Chunk, Duplicates, InputFile, Portions, Position, Record};

use crate::config::InputConfig;
use crate::failure::{Exit, Failure};
use crate::pipeline::engine::Engine;
use crate::pipeline::worker::Worker;

/// Results of one portion that wait for their turn; of a row group larger than so many chunks, the rest is read when
/// its turn has come.
const WAITING: usize = 32;

/// How many threads work if the user does not say.
pub fn default_threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Sends the input from position `from` through `work` on `threads` threads, and the results, in input order,
/// into `sink`.
///
/// # Errors
/// The first failure of reading or of a worker (in input order) or of the sink; then nothing more is read.
pub fn run<R: Send>(
    engine: &Engine,
    files: &[InputFile],
    from: Position,
    threads: NonZeroUsize,
    work: impl for<'c> Fn(&mut Worker<'_>, &'c Chunk) -> Result<R, Failure> + Sync,
    sink: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let repeated = repeated(&engine.config.input, files, threads)?;
    let begin = || Worker::new(engine).map(|worker| worker.passing_over(&repeated));
    let work = |worker: &mut Result<Worker<'_>, Failure>, chunk: &Chunk| match worker {
        Ok(worker) => work(worker, chunk),
        Err(failure) => Err(Failure::new(failure.exit, failure.message.clone())),
    };
    in_order(&engine.config.input, files, from, threads, begin, work, sink)
}

/// The conversations that are left out because they stand in the input before: shards and ordinals.
fn repeated(
    input: &InputConfig,
    files: &[InputFile],
    threads: NonZeroUsize,
) -> Result<HashSet<(u32, u64)>, Failure> {
    let (mut seen, mut repeated) = (HashSet::new(), HashSet::new());
    if input.duplicates == Duplicates::Keep {
        return Ok(repeated);
    }
    let fingerprints = |_: &mut (), chunk: &Chunk| {
        let records = chunk.entries().filter(|entry| entry.size() <= input.max_record_bytes as u64);
        let records = records.filter_map(|entry| Some((entry.ordinal, entry.record().ok()?)));
        let kept = records.filter(|(_, record)| input.leaves_out(record).is_none());
        let fingerprint = |record: &Record<'_>| input.duplicates.fingerprint(&record.conversation);
        let all: Vec<_> = kept.map(|(ordinal, record)| (ordinal, fingerprint(&record))).collect();
        Ok((chunk.start.shard, all))
    };
    in_order(
        input,
        files,
        Position::default(),
        threads,
        || (),
        fingerprints,
        |(shard, all)| {
            repeated
                .extend(all.into_iter().filter(|(_, print)| !seen.insert(*print)).map(|(n, _)| (shard, n)));
            Ok(())
        },
    )?;
    Ok(repeated)
}

/// As [`run`], with any worker that `begin` makes, one a thread.
fn in_order<W, R: Send>(
    input: &InputConfig,
    files: &[InputFile],
    from: Position,
    threads: NonZeroUsize,
    begin: impl Fn() -> W + Sync,
    work: impl for<'c> Fn(&mut W, &'c Chunk) -> Result<R, Failure> + Sync,
    mut sink: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Portions are taken first in, first out: the one whose turn it is has a worker before any later one has.
    let (portion_tx, portion_rx) = bounded(threads.get());
    let (turn_tx, turn_rx) = bounded(threads.get() * 3);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for portion in Portions::new(files, &input.map, from, input.max_record_bytes) {
                let (result_tx, result_rx) = bounded(WAITING);
                if turn_tx.send(result_rx).is_err() || portion_tx.send((portion, result_tx)).is_err() {
                    break;
                }
            }
        });
        for _ in 0..threads.get() {
            let (portion_rx, begin, work) = (portion_rx.clone(), &begin, &work);
            scope.spawn(move || {
                let mut worker = begin();
                for (portion, result_tx) in portion_rx {
                    for chunk in portion.chunks() {
                        let result = match &chunk.failure {
                            Some(why) => Err(Failure::new(Exit::Io, why.clone())),
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
