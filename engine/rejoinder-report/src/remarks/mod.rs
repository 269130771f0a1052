//! Remarks on a result: what its figures show that its reader should know before using it, the likeliest reason, and the
//! next step. Good input gives none.

mod corpus;
mod decisions;
mod drift;
mod export;
mod forgotten;
mod guards;
mod languages;
mod reading;
mod remark;
mod rows;
mod rule_columns;
mod score;

pub use corpus::{DecidedRun, accept_at, unlike};
pub use decisions::decisions;
pub use drift::{DriftedRun, drift};
pub use export::{lacking, no_row, no_row_of};
pub use forgotten::forgotten;
pub use guards::guards;
pub use languages::languages;
pub use reading::ReadFigures;
pub use remark::{Remark, text};
pub use rows::rows;
pub use rule_columns::rule_columns;
pub use score::score;
