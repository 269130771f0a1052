//! Packs: which rule files are in force, where they come from, and the hash that names them together.

mod error;
mod extend;
mod folder;
mod identity;
mod rule_pack;
mod unreadable;

pub use error::PackError;
pub use folder::FoundPacks;
pub use identity::PackIdentity;
pub(crate) use rule_pack::shipped_with;
pub use rule_pack::{Pack, RulesInForce};
pub use unreadable::UnreadableFile;

#[cfg(test)]
mod tests;
