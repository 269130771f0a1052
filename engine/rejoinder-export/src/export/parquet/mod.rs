//! Rows to Parquet, column by column.
//!
//! [`file`] writes the file. [`shred`] takes a row apart into the values of the [`leaf`] columns.

mod file;
mod leaf;
mod shred;
#[cfg(test)]
mod tests;

pub(super) use file::ParquetRows;
