//! What a rule would do, for people and for programs.

mod answers;
mod report;
mod shown;
mod text;

pub use report::{TrialReport, TrialScope};
pub use shown::ShownHit;
