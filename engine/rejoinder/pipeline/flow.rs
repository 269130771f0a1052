//! Threads: one reads, all others work, the caller's thread takes results in input order.
//!
//! A fixed number of chunks is under way at any time, so memory is bounded and one slow chunk cannot let the others
//! pile up. What a worker does with a chunk depends on the chunk alone, which makes the output independent of the
//! number of threads.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crossbeam_channel::bounded;
use rejoinder_data::{Chunk, ChunkReader, InputFile, Position};

use crate::failure::{Exit, Failure};
use crate::pipeline::engine::Engine;
use crate::pipeline::worker::Worker;

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
    mut sink: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let in_flight = threads.get() * 3;
    let (chunk_tx, chunk_rx) = bounded::<(u64, Chunk)>(threads.get());
    let (result_tx, result_rx) = bounded(in_flight);
    let (ticket_tx, ticket_rx) = bounded(in_flight);
    for _ in 0..in_flight {
        ticket_tx.send(()).expect("the channel holds all tickets");
    }
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let reader = ChunkReader::new(files, from, engine.config.input.max_record_bytes);
            for numbered in (0..).zip(reader) {
                if ticket_rx.recv().is_err() || chunk_tx.send(numbered).is_err() {
                    break;
                }
            }
        });
        for _ in 0..threads.get() {
            let (chunk_rx, result_tx, work) = (chunk_rx.clone(), result_tx.clone(), &work);
            scope.spawn(move || {
                let mut worker = Worker::new(engine);
                for (number, chunk) in chunk_rx {
                    let result = match &mut worker {
                        _ if chunk.failure.is_some() => {
                            Err(Failure::new(Exit::Io, chunk.failure.unwrap_or_default()))
                        }
                        Ok(worker) => work(worker, &chunk),
                        Err(failure) => Err(Failure::new(failure.exit, failure.message.clone())),
                    };
                    if result_tx.send((number, result)).is_err() {
                        break;
                    }
                }
            });
        }
        drop((chunk_rx, result_tx));
        // Moved in, so that returning early hangs up and ends the threads.
        let (result_rx, ticket_tx) = (result_rx, ticket_tx);
        let mut early: BTreeMap<u64, Result<R, Failure>> = BTreeMap::new();
        let mut next = 0;
        for (number, result) in &result_rx {
            early.insert(number, result);
            while let Some(result) = early.remove(&next) {
                sink(result?)?;
                next += 1;
                // The reader may have finished already.
                let _ = ticket_tx.send(());
            }
        }
        Ok(())
    })
}
