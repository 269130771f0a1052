//! Facts: what plugins tell of a turn, and how a rule compares what they tell.

mod condition;
mod contradiction;
mod declaration;
mod given;
mod value;

pub use condition::FactCondition;
pub(crate) use condition::{FactSyntaxError, is_name};
pub use declaration::{FactDeclaration, FactKind};
pub use given::GivenFact;
pub use value::{FactReading, FactValue, FactWord};

#[cfg(test)]
mod tests;
