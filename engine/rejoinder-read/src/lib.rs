//! Input files in: from the bytes that people have to conversations, or the reasons why there are none.
//!
//! | step | module |
//! |---|---|
//! | which files there are, how they are stored, what they hold | [`input`] |
//! | content is cut into records, about a mebibyte at a time | `container` |
//! | a record's shape is recognised, and its conversations are read | `shape` |
//! | records that belong together are joined | `join` |
//! | one place says what text a message has | `message` |
//! | the fast way for plain lines, and the full one beside it | [`record`] |
//! | all files, chunk by chunk | [`reader`] |
//! | the records of other files than chats | [`values`] |
#![forbid(unsafe_code)]

mod adapted;
pub mod chunk;
pub mod condition;
mod container;
mod duplicates;
pub mod input;
mod join;
mod json;
pub mod language;
mod message;
pub mod quarantine;
pub mod reader;
pub mod record;
mod shape;
mod values;

pub use chunk::{Chunk, Entry, Position};
pub use container::Container;
pub use duplicates::Duplicates;
pub use input::{Asked, InputError, InputFile, Why};
pub use join::{Example, Skipped};
pub use quarantine::Quarantined;
pub use reader::{ChunkReader, Portion, Portions};
pub use record::{Mapping, Record};
pub use shape::{Candidate, Format, UnknownFormat};
pub use values::values;
