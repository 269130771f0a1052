//! Calls of the Parquet library: its panics and errors become errors of the file.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use parquet::errors::ParquetError;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// From here on a panic inside of [`guarded`] is reported by the error that [`guarded`] returns alone; other panics are reported as
/// before.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                others(panic);
            }
        }));
    });
}

/// Calls the library. A panic, which bytes that are no Parquet may cause, becomes an error.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> io::Result<T> {
    keep_quiet();
    let before = IS_GUARDED.replace(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(before);
    match read {
        Ok(read) => read.map_err(into_io),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the file is damaged")),
    }
}

/// The error of the storage, if there is one; any other error is an error of the data.
pub(super) fn into_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(io) => *io,
            Err(inner) => io::Error::new(io::ErrorKind::InvalidData, inner),
        },
        other => io::Error::new(io::ErrorKind::InvalidData, Box::<dyn Error + Send + Sync>::from(other)),
    }
}

/// Whether the file itself could not be read, as opposed to holding what is no Parquet.
pub(crate) fn is_of_storage(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
    )
}
