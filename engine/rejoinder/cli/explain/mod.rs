//! `rejoinder explain`: what became of a turn and why, for the author whose rule does not do what it should, and for the operator
//! who wonders about a record.

mod find;
mod script;
mod verb;

pub(super) use verb::{ExplainArgs, main};
