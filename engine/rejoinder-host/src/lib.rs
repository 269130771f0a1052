//! Plugins, from the host's side: find, load, check, run, and survive them.
//!
//! A plugin is code that the engine did not write and cannot trust to be right, only to be well-meant. So this is the
//! one crate that loads code; everything a plugin returns is checked, and a plugin that fails on a turn costs that turn
//! a question to the judge, never the run, and never an accepted record.
//!
//! A [`Registry`] holds the plugins of a run; each worker thread has a [`Session`] and a [`Batch`].

mod batch;
mod error;
mod handshake;
mod library;
mod output;
mod panics;
mod registry;
mod search;
mod services;
mod session;
mod spec;
mod state;

pub use batch::{Batch, MAX_CANDIDATES, MAX_TEXT_BYTES};
pub use error::{Fault, HostError, LoadError};
pub use registry::{LoadedPlugin, Registry};
pub use rejoinder_plugin_abi as abi;
pub use search::SearchPath;
pub use session::Session;
pub use spec::{OnFault, Origin, PluginSpec};
