//! A run's folder: what was run (the manifest), how far it is (the ledger), what came out (the parts), and who works on it
//! (the lock).

mod begin;
mod beside;
mod error;
mod kept_facts;
mod layout;
mod lock;
mod manifest;
mod missing_library;
mod parts;
mod presence;
mod run_dir;

pub(crate) use begin::describe;
pub use begin::{NewRunDir, RunInput, begin, fitted};
pub(crate) use beside::{absolute, manifest_in, runs_beside};
pub use error::{FolderError, LockHolder};
pub(crate) use lock::{FILE as LOCK_FILE, Lock, holder_at_work};
pub use manifest::{FORMAT, ForgottenCount, Manifest, PluginEntry, RulesEntry};
pub use parts::PartKind;
pub(crate) use parts::end_of_part;
pub(crate) use presence::{Presence, machine};
pub use run_dir::RunDir;
pub(crate) use run_dir::{ASKED, INPUT, LEDGER, MANIFEST, MODEL, REMOVED, REPLIES, SAMPLE, from_json};
