//! Threads: one reads, all others work, the caller's thread takes results in input order.
//!
//! A fixed number of portions is under way at any time, and of each a fixed number of results waits for its turn, so
//! memory is bounded and one slow portion cannot let the others pile up. What a worker does with a chunk depends on
//! the chunk alone, which makes the output independent of the number of threads.

use std::num::NonZeroUsize;

use crossbeam_channel::bounded;
use rejoinder_data::{Chunk, InputFile, Portions, Position};

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
    mut sink: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Portions are taken first in, first out: the one whose turn it is has a worker before any later one has.
    let (portion_tx, portion_rx) = bounded(threads.get());
    let (turn_tx, turn_rx) = bounded(threads.get() * 3);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let input = &engine.config.input;
            for portion in Portions::new(files, &input.map, from, input.max_record_bytes) {
                let (result_tx, result_rx) = bounded(WAITING);
                if turn_tx.send(result_rx).is_err() || portion_tx.send((portion, result_tx)).is_err() {
                    break;
                }
            }
        });
        for _ in 0..threads.get() {
            let (portion_rx, work) = (portion_rx.clone(), &work);
            scope.spawn(move || {
                let mut worker = Worker::new(engine);
                for (portion, result_tx) in portion_rx {
                    for chunk in portion.chunks() {
                        let result = match &mut worker {
                            _ if chunk.failure.is_some() => {
                                Err(Failure::new(Exit::Io, chunk.failure.unwrap_or_default()))
                            }
                            Ok(worker) => work(worker, &chunk),
                            Err(failure) => Err(Failure::new(failure.exit, failure.message.clone())),
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
