//! What a rule would do that no file holds yet: drafted from words and conditions, tried on an input, kept in a file.

mod clustered;
mod draft;
mod hits;
mod keep;
mod misses;
mod run;

pub use clustered::ClusteredShare;
pub use draft::{DraftError, DraftKey, RuleDraft};
pub use hits::{HitAnswers, HitKind, PrecisionScope, TrialTally};
pub use keep::{KeepError, KeptRule, keep};
pub use misses::{Obstacle, Obstacles};
pub use run::{SampledHit, Trial, TrialResult};
