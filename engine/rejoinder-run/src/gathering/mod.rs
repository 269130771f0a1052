//! A sample over a data set that this program does not read as files: batch by batch, on any number of machines, and then the folder that
//! `audit` or `calibrate` takes.
//!
//! A [`Gatherer`] makes a [`GatheredPart`] of each batch that a worker of its engine has scanned. Parts merge in any order, and
//! [`Gatherer::write`] makes of the whole a run's folder without input. The draw is uniform over the later turns of the whole data set,
//! since it is the turns with the lowest hashes of seed and address ([`crate::recall::TurnAddress`]): so neither the batches nor the order
//! of merging show. A part is a function of its batch and of the [`GatheringTerms`] alone, so work that was lost may be done again. A batch
//! that is counted twice, and addresses that two conversations share, would make the sample wrong; both are refused.
//!
//! An audit draws among turns as the engine in force decides them, a calibration among all turns with no cut in force: each is a
//! gathering of its own.

mod error;
mod folder;
mod gatherer;
mod part;
mod score_list;
mod terms;
#[cfg(test)]
mod tests;

pub use error::GatheringError;
pub use folder::JudgedCounts;
pub use gatherer::Gatherer;
pub use part::GatheredPart;
pub use terms::{CalibrationDraw, ExpectedTurns, GatheredFrom, GatheringGoal, GatheringTerms, SampledVerb};
