//! What a run found, for others: the feedback as a table, training files, tasks for people.

mod feedback;
mod review;
mod training;

pub use feedback::{ExportError, write_feedback};
pub use review::{audit_tasks, feedback_tasks};
pub use training::{TrainingFiles, TrainingRequest, TrainingRows, write_rows};
