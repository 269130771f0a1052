//! The summary of a run: the funnel, who decided, and what the judge costs beside the paper's method.

mod asking_cost;
mod asking_table;
mod figures;
mod nights;
mod text;

pub use asking_cost::AskingCost;
pub use figures::Summary;
pub use nights::{NightSummary, PartFigures, SpentBefore, certified_turns, file_changes, rewritten_files};
