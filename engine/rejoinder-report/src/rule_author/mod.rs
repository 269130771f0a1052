//! What the authors of rules read.

pub mod change;
pub mod guards;
pub mod pack_table;
pub mod suggestions;
pub mod text_difference;
pub mod trial;
