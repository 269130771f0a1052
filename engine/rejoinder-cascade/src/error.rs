//! Numbers that contradict each other or their meaning. A bound computed from them would look like any other, so they are
//! refused where they come in.

use std::fmt;

/// Why the given numbers lead to no promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CascadeError {
    /// A score is not a number, so it has no place in an order.
    NotANumber {
        /// Position in the scores given.
        at: usize,
    },
    /// A share is outside its range.
    Share {
        /// Name of the share, e.g. `recall`.
        name: &'static str,
        /// The value that was given.
        value: f64,
    },
    /// A part holds more than its whole.
    Counts {
        /// Name of the part, e.g. `sampled`.
        part: &'static str,
        /// Number of units counted in the part.
        counted: u64,
        /// Number of units in the whole.
        of: u64,
    },
    /// A prefix does not hold more units, down to a lower score, than the prefix before it.
    PrefixOrder {
        /// Position of the first such prefix.
        at: usize,
    },
    /// There is nothing to certify: no claim was given.
    NoClaim,
}

impl fmt::Display for CascadeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber { at } => write!(f, "score {at} is not a number"),
            Self::Share { name, value } => write!(f, "{name} is {value}; expected a number between 0 and 1"),
            Self::Counts { part, counted, of } => write!(f, "{counted} {part} of only {of}"),
            Self::PrefixOrder { at } => {
                write!(f, "prefix {at} does not hold more units, down to a lower score, than the one before")
            }
            Self::NoClaim => f.write_str("there is no claim to certify"),
        }
    }
}

impl std::error::Error for CascadeError {}

/// Refuses an error probability δ outside (0, 1).
pub(crate) fn check_delta(delta: f64) -> Result<(), CascadeError> {
    if delta > 0.0 && delta < 1.0 { Ok(()) } else { Err(CascadeError::Share { name: "delta", value: delta }) }
}

/// Refuses a target outside (0, 1].
pub(crate) fn check_target(name: &'static str, value: f64) -> Result<(), CascadeError> {
    if value > 0.0 && value <= 1.0 { Ok(()) } else { Err(CascadeError::Share { name, value }) }
}

/// Refuses a part greater than its whole.
pub(crate) fn check_part(part: &'static str, counted: u64, of: u64) -> Result<(), CascadeError> {
    if counted <= of { Ok(()) } else { Err(CascadeError::Counts { part, counted, of }) }
}

/// Refuses scores among which one is not a number.
pub(crate) fn check_scores(mut scores: impl Iterator<Item = f64>) -> Result<(), CascadeError> {
    scores.position(f64::is_nan).map_or(Ok(()), |at| Err(CascadeError::NotANumber { at }))
}
