//! A run's folder: what was run (the manifest), how far it is (the ledger), what came out (the parts), and who works on it
//! (the lock).

mod begin;
mod error;
mod kept_facts;
mod layout;
mod lock;
mod manifest;
mod parts;
mod run_dir;

pub use begin::{NewRunDir, RunInput, begin};
pub use error::{FolderError, LockHolder};
pub(crate) use kept_facts::REPLIES;
pub(crate) use lock::Lock;
pub use manifest::{FORMAT, Manifest, PluginEntry, Removal, RulesEntry};
pub use parts::PartKind;
pub(crate) use parts::end_of_part;
pub use run_dir::RunDir;
pub(crate) use run_dir::{INPUT, LEDGER, MANIFEST, MODEL, SAMPLE, from_json};
