//! Plugins, from the host's side: find, load, check, run, and survive them.
//!
//! A plugin is code that the engine did not write and cannot trust to be right, only to be well-meant. So this is the
//! one crate that loads code; everything a plugin returns is checked, and a plugin that fails on a turn costs that turn
//! a question to the judge, never the run, and never an accepted record.
//!
//! A [`Registry`] holds the plugins of a run; each worker thread has a [`Session`] and a [`Batch`].

mod activity;
mod batch;
mod call_size;
mod capabilities;
#[cfg(unix)]
mod child;
#[cfg(not(unix))]
#[path = "no_child.rs"]
mod child;
mod child_failure;
mod claims;
#[cfg(unix)]
pub mod conformance;
#[cfg(unix)]
mod crash;
#[cfg(not(unix))]
#[path = "no_crash.rs"]
mod crash;
#[cfg(unix)]
mod descriptor;
mod earlier_votes;
mod error;
mod facts;
#[cfg(unix)]
mod forks;
#[cfg(unix)]
mod guarded;
mod handshake;
mod library;
mod locate;
mod output;
mod panics;
mod paths;
mod plugin_cost;
mod python;
mod registry;
mod schema;
mod scores;
mod search;
mod services;
mod session;
mod session_instance;
mod snapshot;
mod spec;
mod state;

pub use activity::{BusyPlugin, PluginWork, busy_plugins};
pub use batch::{Batch, ConversationContext, MAX_CANDIDATES, MAX_TEXT_BYTES};
pub use capabilities::{Asks, Gives, Selection};
#[cfg(unix)]
pub use child::end_with_parent;
pub use child::serve;
pub use crash::{CrashNote, name_plugins_that_end_the_process};
pub use error::{Fault, HostError, LoadCause, LoadError, Problem, pointer_step};
pub use facts::{FactDescription, FactKind};
pub use handshake::Description;
pub use locate::{describe, inspect};
pub use paths::ConfiguredFile;
pub use plugin_cost::PluginCost;
pub use python::is_python;
pub use registry::{LoadedPlugin, Registry};
pub use rejoinder_plugin_abi as abi;
pub use scores::{ScoreDeclaration, Scores};
pub use search::{FoundLibrary, SearchPath};
pub use session::Session;
pub use spec::{
    Isolation, Launcher, LibraryOrigin, LoadContext, OnFault, PluginSpec, RuleReference, RuleRoute,
};
