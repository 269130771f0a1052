//! Reads input files: turns the bytes that people have into conversations, or says why a record is set aside.
//!
//! | step | module |
//! |---|---|
//! | find the files, how each is stored and what it holds | [`input`] |
//! | cut the content into records, about a mebibyte at a time | `container` |
//! | recognise the shape of the records, and read their conversations | `shape` |
//! | join the records that belong to one conversation | `join` |
//! | decide what text a message has | `message` |
//! | parse one record, by a fast parser for plain lines and a full parser for all others | [`record`] |
//! | read all files, chunk by chunk | [`reader`] |
//! | read tables that another program holds in memory (feature `arrow`) | `table_reader` |
//! | read the records of files that hold no chats | [`json_values()`] |
#![forbid(unsafe_code)]

pub mod chunk;
pub mod condition;
mod container;
mod duplicates;
pub mod input;
mod join;
mod json;
mod json_values;
pub mod language;
mod message;
mod provenance;
pub mod quarantine;
pub mod reader;
pub mod record;
mod shape;
#[cfg(feature = "arrow")]
mod table_reader;

pub use chunk::{Chunk, Entry, Position};
pub use container::Container;
pub use duplicates::Duplicates;
pub use input::{FormatEvidence, InputError, InputFile, InputOptions};
pub use join::{JoinExample, JoinReport};
pub use json_values::{JsonValuesError, json_values};
pub use provenance::Provenance;
pub use quarantine::QuarantinedRecord;
pub use reader::{ChunkReader, Portion, Portions};
pub use record::{Mapping, MappingError, Record, RecordError};
pub use shape::{Format, FormatCandidate, UnknownFormat};
#[cfg(feature = "arrow")]
pub use table_reader::{TableReader, table_column, table_rows};
