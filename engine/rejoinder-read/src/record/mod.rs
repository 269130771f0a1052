//! One record of input: a conversation, or the reason why the record is set aside.
//!
//! Known shapes are `{"conversation": [{"role", "content"}]}` (LMSYS and WildChat rows) and OpenAI's
//! `{"messages": […]}`; a [`Mapping`] names the keys of any other. Texts are borrowed from the line, and decoded
//! when they are used; other columns are kept as metadata, not parsed.
//!
//! Two parsers read alike: the structural one is fast and takes plain rows, the general one takes all that can be
//! taken and says why the rest cannot. What is no JSON for one odd token is repaired and read again.

mod columns;
mod error;
mod general;
mod mapping;
mod parse;
mod structural;
#[cfg(test)]
mod tests;
mod value;
mod walk;

pub use columns::JsonColumn;
pub(crate) use columns::{IDS, MESSAGES, OTHER_MESSAGES};
pub use error::RecordError;
pub(crate) use general::reason;
pub use mapping::{Mapping, MappingError};
pub use value::Record;
