//! The containers of records, and how each is cut into records.

pub(crate) mod array;
#[cfg(feature = "arrow")]
pub(crate) mod arrow;
pub(crate) mod csv_rows;
mod cut;
pub(crate) mod elements;
mod kind;
pub(crate) mod lines;
pub(crate) mod table;
pub(crate) mod window;

pub(crate) use cut::cut;
pub(crate) use elements::ElementCutter;
pub use kind::Container;
