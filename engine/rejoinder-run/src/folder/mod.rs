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
pub(crate) use begin::{describe, manifest_for};
pub use error::{FolderError, LockHolder};
pub(crate) use lock::Lock;
pub use manifest::{FORMAT, Manifest, PluginEntry, RulesEntry};
pub use parts::PartKind;
pub(crate) use parts::end_of_part;
pub use run_dir::RunDir;
pub(crate) use run_dir::{MODEL, SAMPLE, from_json};
