//! People who read turns of a run and label them: which turns are drawn for a person, the log of a reader's labels, how far readers
//! agree, and what so many labels can prove.
//!
//! All of it lies in the run's folder `review/`: the draws, which all readers share, and a log of labels for each reader. A log is a
//! file of labels as `rejoinder_export::labels::label_file` reads it, with a line for each label.

mod agreement;
mod bounds;
mod disputed;
mod draw;
mod error;
mod forecast;
mod log;
mod readers;
mod sample;
#[cfg(test)]
mod tests;
mod words;

pub use agreement::{CategoryAgreement, LabelAgreement, ReaderAgreement, ReviewAgreement};
pub use bounds::{BoundKind, Bounds, PurposeBounds, SuggestedAudit};
pub use draw::{REVIEW_TURNS, ReviewDraw};
pub use error::ReviewError;
pub use forecast::{ExpectedFeedback, ReviewForecast, ReviewForecaster};
pub use log::{LabelLog, LabelTarget, ReviewLabel};
pub(crate) use readers::forget_labels;
pub use readers::{ReaderLabels, reader_labels};
pub(crate) use sample::forget_in_draws;
pub use sample::{ReviewSample, ReviewTurn};
