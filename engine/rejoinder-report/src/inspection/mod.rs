//! What files hold: how they are read, counts, languages, lengths, what is skipped, and the first dialogues.

mod chunk;
mod dialogue;
mod files;
mod lengths;
mod text;

pub use chunk::ChunkInspection;
pub use files::Inspection;
