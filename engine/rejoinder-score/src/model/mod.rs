//! The trained model: from features to calibrated probabilities.
//!
//! Log-odds of eight questions ([`crate::heads`]) come from two parts, each a forest of measured features and a linear model
//! of n-grams: one sees all but the rules' hits, one sees these, too. Two, because
//! rules are mostly tuned on the very turns that models are trained on and look better there than they are: half of
//! the weight stays with what does not know them. A line for each question makes log-odds into probabilities.

mod bytes;
mod file;
pub(crate) mod forest;
mod grove;
pub(crate) mod linear;
mod parts;
mod provenance;
mod score;
mod trained;

pub use file::FileError;
pub(crate) use parts::{LINEAR_SHARE, Part, Parts};
pub use provenance::{HeadQuality, Provenance, Quality, TrainingOrigin};
pub use score::Score;
pub use trained::Model;
