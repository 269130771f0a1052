//! The checks that turn a pointer from somewhere into a plugin of this engine's ABI.

mod check;
#[cfg(test)]
mod tests;

pub use check::{CheckedPlugin, Description, Functions, HandshakeError, check};
pub(crate) use check::{is_name, text};
