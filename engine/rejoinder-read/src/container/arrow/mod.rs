//! Tables in memory, as Arrow lays them out. A batch of rows becomes chunks of the same kind as a piece of a Parquet file, so that
//! everything behind the reader is the same: texts of messages are views of the batch's own memory, simple columns are written as
//! JSON, and rows of other shapes are turned into JSON records.

mod layout;
mod lists;
mod texts;
mod values;

pub(crate) use layout::ArrowLayout;
pub(crate) use values::json;
