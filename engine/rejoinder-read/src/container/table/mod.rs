//! Parquet: rows with a list of messages are read by columns, only those that are needed; rows of other shapes are
//! turned into JSON records, and go the way of those.
//!
//! Nested columns are read with their definition and repetition levels, as they are stored. So a list of structs, in
//! any order of fields, and a struct of lists are the same here, and so are the several ways to write lists.

mod groups;
mod json;
mod layout;
mod leaf;
mod rows;
mod schema;

pub(crate) use groups::RowGroup;
pub(crate) use json::{JsonRows, first};
pub(crate) use layout::Layout;
pub(crate) use rows::{Row, Rows};
pub(crate) use schema::Schema;

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use parquet::errors::ParquetError;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// From here on a panic inside of [`guarded`] is told by what it returns alone; all others are reported as before.
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

/// What the library says, or where it panics on bytes that are no Parquet.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> io::Result<T> {
    keep_quiet();
    let before = IS_GUARDED.replace(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(before);
    match read {
        Ok(read) => read.map_err(into_io),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the file is damaged")),
    }
}

/// The error of the storage, where it is one; anything else is the data's.
fn into_io(error: ParquetError) -> io::Error {
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
