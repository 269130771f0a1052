//! Why a promise is not worked out: numbers that cannot be what they are given as. A bound computed from them would
//! look like any other, so they are refused where they come in.

use std::fmt;

/// The numbers given contradict each other or their meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refused {
    /// The score at this position is not a number; it has no place in an order.
    NotANumber {
        /// Position in the scores given.
        at: usize,
    },
    /// A share is outside its range.
    Share {
        /// Which one, e.g. `recall`.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// More were counted in a part than in the whole.
    Counts {
        /// What the part is, e.g. `sampled`.
        part: &'static str,
        /// How many.
        counted: u64,
        /// Of how many at most.
        of: u64,
    },
    /// Prefixes must each hold more units, down to a lower score, than the one before.
    PrefixOrder {
        /// Position of the first that does not.
        at: usize,
    },
    /// There is nothing to certify: no claim was given.
    NoClaim,
}

impl fmt::Display for Refused {
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

impl std::error::Error for Refused {}

/// Refuses an error probability δ outside (0, 1).
pub(crate) fn check_delta(delta: f64) -> Result<(), Refused> {
    if delta > 0.0 && delta < 1.0 { Ok(()) } else { Err(Refused::Share { name: "delta", value: delta }) }
}

/// Refuses a target outside (0, 1].
pub(crate) fn check_target(name: &'static str, value: f64) -> Result<(), Refused> {
    if value > 0.0 && value <= 1.0 { Ok(()) } else { Err(Refused::Share { name, value }) }
}

/// Refuses a part greater than its whole.
pub(crate) fn check_part(part: &'static str, counted: u64, of: u64) -> Result<(), Refused> {
    if counted <= of { Ok(()) } else { Err(Refused::Counts { part, counted, of }) }
}

/// Refuses scores among which one is not a number.
pub(crate) fn check_scores(mut scores: impl Iterator<Item = f64>) -> Result<(), Refused> {
    scores.position(f64::is_nan).map_or(Ok(()), |at| Err(Refused::NotANumber { at }))
}
