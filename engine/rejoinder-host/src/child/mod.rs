//! Plugins in processes of their own, which may crash or hang without taking the run along.
//!
//! The parent starts this program once more (see [`Launcher`](crate::Launcher)) with one end of a socket as its standard
//! input. It says which plugin to load ([`Hello`]), and with which configuration to start it; from then on each batch goes
//! over as the flat columns that it is, and the columns of the answers come back. A child that dies or is late is killed
//! and the caller starts another.

mod frame;
mod launch;
mod serve;
mod wait;
mod watch;

pub use frame::{Header, kind};
pub use launch::{Child, Launch};
pub use serve::serve;
pub use watch::end_with_parent;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::snapshot::Place;

/// How long a child that is to end may take before it is killed.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Which plugin a child loads, and into what.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Hello {
    /// The library, or one that is linked in, by its name.
    plugin: Which,
    /// Ids of the rules in force, by index.
    rule_ids: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Which {
    /// The copy of the library at `path` whose bytes have this hash.
    File {
        path: PathBuf,
        blake3: String,
        place: Place,
    },
    BuiltIn(String),
}
