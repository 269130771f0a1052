//! Data in and out: the corpora that people have, the files that a run writes, the training files they need.
//!
//! [`input`] finds the files, [`chunk`] cuts them into pieces of whole lines, [`record`] turns a line into a
//! conversation or says why not, [`part`] writes output files that are there whole or not at all, and [`export`] makes
//! tables and training files of feedback.
#![forbid(unsafe_code)]

pub mod chunk;
pub mod condition;
pub mod export;
pub mod input;
pub mod labels;
pub mod part;
pub mod quarantine;
pub mod record;

pub use chunk::{Chunk, ChunkReader, Position};
pub use input::{InputError, InputFile};
pub use quarantine::Quarantined;
pub use record::{Mapping, Record};
