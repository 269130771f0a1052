//! What authors of rules read: what a change of rules does, and what a rule would do.

pub mod change;
pub mod trial;
