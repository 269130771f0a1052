//! The keys of rule files in one table, with what each holds: rule files are laid out by it, and the JSON Schema for editors is made
//! of it.

mod kind;
mod tables;

pub(crate) use kind::{Key, ListItem, ValueKind};
#[cfg(test)]
pub(crate) use tables::{ANSWER, EXPECT, TEST, TURN};
pub(crate) use tables::{FILE, RULE};
