//! Tests of a classifier through the border, as the engine will call it.

mod cases;
mod columns;
mod harness;

pub use cases::check_cases;
pub use harness::{Answer, FactValue, Harness, Question, Rule};
