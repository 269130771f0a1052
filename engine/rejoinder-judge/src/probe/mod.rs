//! What a server can do, found out before anything depends on it: servers ignore silently what they do not know.
//!
//! The server is asked for the digit 7 while it is constrained to answer something else: a server that obeys cannot say 7.

mod capabilities;
mod error;
mod letters;
mod prober;
mod run;

pub use capabilities::{LettersCapability, ServerCapabilities, TriedAbilities};
pub use error::ProbeError;
pub use run::probe;
