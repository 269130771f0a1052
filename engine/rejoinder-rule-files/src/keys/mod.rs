//! The keys of rule files in one table, with what each holds: rule files are read and laid out by it, and the JSON Schema for editors is
//! made of it.

mod kind;
mod tables;

pub(crate) use kind::{Key, ListItem, ValueKind};
pub(crate) use tables::{ANSWER, EXPECT, EXPECTED_ROUTES, FILE, GUARD, PRECISION, RULE, TEST, TURN};
