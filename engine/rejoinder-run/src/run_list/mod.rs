//! What lies in a folder of runs, what it takes, and how a run is removed.

mod entry;
mod losses;
mod removal;
mod space;

pub use entry::{EntryContent, RunEntry, list};
pub use losses::Losses;
pub use removal::{Removal, RemovalError};
pub use space::{FolderSpace, SpaceItem};
