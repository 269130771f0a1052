//! What the authors of rules read.

pub mod guards;
