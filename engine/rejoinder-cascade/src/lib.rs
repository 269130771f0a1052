//! The cascade: voters' verdicts in, one decision per later turn out; and the arithmetic of what was measured.
//!
//! Pure functions without I/O, so that every promise a run prints can be checked by hand.
//!
//! * before the judge is asked: [`threshold`] (rejecting safely), [`refits`] (the same after rounds of training),
//!   [`accept`] (accepting locally), [`closing`] (one sample that makes the cut and audits it)
//! * afterwards: [`tally`] counts what became of the turns, [`audit`] turns counts into a [`certificate`]
//! * of a score by itself: [`curve`], and the cuts that ship with it: [`assumed`]
//! * of two readers of the same turns: [`agreement`]
//! * below them: [`binomial`] and [`hypergeometric`] tails and exact bounds, [`leaning`] ones for answers that are not fixed,
//!   [`interval`] for what is only described, [`clustered`] where turns come in conversations
#![forbid(unsafe_code)]

pub mod accept;
pub mod agreement;
pub mod assumed;
pub mod audit;
pub mod binomial;
pub mod certificate;
pub mod closing;
pub mod clustered;
pub mod curve;
mod decision;
mod density;
mod error;
pub mod hypergeometric;
pub mod interval;
pub mod leaning;
pub mod refits;
pub mod tally;
pub mod threshold;

pub use decision::{Cuts, Decision, DecisionReason, ScoreBand, TurnVerdicts, decide};
pub use error::CascadeError;
