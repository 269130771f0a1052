//! The wish that a long job should end.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that an operator raises and a scan looks at; clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

/// The error that a job was interrupted: the flag was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interruption;

impl StopFlag {
    /// The flag itself, for a handler of signals.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Whether the flag was raised.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends a job whose flag was raised.
    ///
    /// # Errors
    /// If the flag was raised.
    pub fn check(&self) -> Result<(), Interruption> {
        if self.is_raised() { Err(Interruption) } else { Ok(()) }
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interruption {}
