//! Packs: which rule files are in force, where they come from, and the hash that names them together.

mod error;
mod extend;
mod rule_pack;

pub use error::PackError;
pub(crate) use rule_pack::shipped_with;
pub use rule_pack::{Pack, RulesInForce};

#[cfg(test)]
mod tests;
