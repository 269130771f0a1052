//! What the authors of rules read.

pub mod pack_table;
pub mod text_difference;
