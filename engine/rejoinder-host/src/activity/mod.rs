//! What plugins are doing at this moment: for each thread, which plugin works in it, and since when. Each call into a plugin leaves a few
//! words in its thread's slot; whoever watches reads the slots, and so does the handler of a signal that ends the process.

mod busy;
mod slot;
mod watchdog;

pub use busy::{BusyPlugin, busy_plugins};
pub use slot::PluginWork;
#[cfg(unix)]
pub(crate) use slot::Slot;
pub(crate) use slot::{Activity, PluginTag};
pub(crate) use watchdog::watch;
