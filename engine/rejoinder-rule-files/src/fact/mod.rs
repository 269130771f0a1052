//! Facts: what plugins tell of a turn, and how a rule compares what they tell.

mod condition;
mod declaration;
mod value;

pub use condition::FactCondition;
pub(crate) use condition::FactSyntaxError;
pub use declaration::{FactDeclaration, FactKind};
pub use value::{FactReading, FactValue, FactWord};

#[cfg(test)]
mod tests;
