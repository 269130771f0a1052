//! Rows to Parquet, column by column.
//!
//! `file` writes the file. `shred` takes a row apart into the values of the `leaf` columns. `retain` writes
//! a file anew without some of its rows.

mod file;
mod leaf;
mod retain;
mod shred;
#[cfg(test)]
mod tests;

pub(super) use file::ParquetRows;
pub use retain::{is_parquet, retain_rows};
