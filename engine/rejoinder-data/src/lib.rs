//! Data in and out: the corpora that people have, the files that a run writes, the training files they need.
//!
//! [`input`] finds the files and tells what they hold ([`Format`], [`Container`]). [`reader`] cuts them into [`chunk`]s:
//! by lines, by the objects of a JSON array, or by the rows of Parquet. Shapes that are not simply a list of messages
//! go through an adapter on the way, and [`record`] reads a conversation or says why not. [`part`] writes output files
//! that are there whole or not at all, and [`export`] makes tables and training files of feedback.
#![forbid(unsafe_code)]

mod adapt;
mod array;
pub mod chunk;
pub mod condition;
mod csv_rows;
mod detect;
mod duplicates;
mod elements;
pub mod export;
mod format;
pub mod input;
pub mod labels;
pub mod language;
mod lines;
pub mod part;
pub mod quarantine;
pub mod reader;
pub mod record;
mod table;
mod window;

pub use adapt::Skipped;
pub use chunk::{Chunk, Entry, Position};
pub use duplicates::Duplicates;
pub use format::{Container, Format, UnknownFormat};
pub use input::{InputError, InputFile};
pub use quarantine::Quarantined;
pub use reader::{ChunkReader, Portion, Portions};
pub use record::{Mapping, Record};
