//! Rows in the form of a training library, and the piece of configuration with which the library reads them.
//!
//! No row has a column whose name a library gives a meaning of its own, no list is null, and no column changes its type. A message
//! has the keys that it needs and no others: many templates take `tool_calls` for a call as soon as the key is
//! there. TRL's arguments are objects of any shape, which `datasets` reads since 4.7, as TRL itself asks for.

mod configuration;
mod library;
mod message;
mod row;

pub use configuration::{desirable_weight, middle_weight};
pub use library::Style;
pub use row::TrainingRow;
