//! Parquet. Rows with a list of messages are read by columns, and only the columns that are needed; rows of other shapes are turned
//! into JSON records, and are read as such.
//!
//! Nested columns are read with their definition and repetition levels, as they are stored. So a list of structs, in
//! any order of fields, and a struct of lists are the same here, and so are the several ways to write lists.

mod groups;
mod guard;
mod json;
mod layout;
mod leaf;
mod rows;
mod schema;

pub(crate) use groups::RowGroup;
pub(crate) use guard::is_of_storage;
pub(crate) use json::{JsonRows, first};
pub(crate) use layout::Layout;
pub(crate) use rows::{TableRow, TableRows};
pub(crate) use schema::Schema;
#[cfg(feature = "arrow")]
pub(crate) use {layout::IGNORED, leaf::ListValues};
