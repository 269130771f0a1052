//! What lies in a folder of runs: as a table, as one run in full, and what goes with a run that is removed.

mod removal;
mod row;
mod run_page;
mod table;

pub use removal::{RemovalReport, losses};
pub use row::{EntryKind, RunRow};
pub use run_page::RunPage;
pub use table::RunList;
