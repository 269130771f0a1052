//! The shapes of records, with a module for each. A shape says by which signs its records are known, and turns a record into
//! conversations, or into calls or messages that are joined.
//!
//! A new shape is a module here, a line in [`SHAPES`], and a folder of cases in `tests/data/cases`.

mod answers;
mod arena;
mod chatgpt;
mod claude;
mod deepseek;
mod definition;
mod fields;
mod format;
mod gemini;
mod langfuse;
mod log;
mod messages;
mod oasst;
mod openwebui;
mod pairs;
mod recognise;
mod rows;
mod sharegpt;
mod spans;
mod tree;
mod value;

pub(crate) use definition::{ReadMode, RecordResult, SHAPES, Shape, Sign, sign};
use fields::{has, id_of, moment_of, simple, single, unquoted};
pub use format::{Format, UnknownFormat};
pub use recognise::FormatCandidate;
pub(crate) use recognise::{Recognition, is_record, recognise};
pub(crate) use value::{unwrap_texts, value};
