//! Plugins in processes of their own, which may crash or hang without taking the run along.
//!
//! The parent starts this program once more (see [`Launcher`](crate::Launcher)) with one end of a socket as its standard
//! input. It says which plugin to load (a greeting), and with which configuration to start it; from then on each batch goes
//! over as the flat columns that it is, and the columns of the answers come back. A child that dies or is late is killed
//! and the caller starts another.

mod chatter;
mod frame;
mod greeting;
mod home;
mod launch;
mod process;
mod reply;
mod serve;
mod wait;
mod watch;

pub use frame::Header;
pub use launch::Launch;
pub use process::Child;
pub use serve::serve;
pub use watch::end_with_parent;

use std::time::Duration;

/// How long a child that is to end may take before it is killed.
const LAST_WORDS: Duration = Duration::from_secs(1);
