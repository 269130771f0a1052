//! The cascade: voters' verdicts in, one decision per later turn out; and the arithmetic of what was measured.
//!
//! Pure functions without I/O, so that every promise a run prints can be checked by hand.
#![forbid(unsafe_code)]

mod decision;
pub mod interval;

pub use decision::{Ballot, Cuts, Decision, Ground, Standing, decide};
