//! What a run found, for others: the feedback as a table, training files, tasks for people; and training files of labels and of
//! exchanges drawn at random.

mod draw;
mod feedback;
mod labelled;
mod random;
mod review;
mod training;

pub use draw::ExchangeDrawSize;
pub use feedback::{ExportError, WrittenTable, write_feedback};
pub use labelled::LabelledFiles;
pub use random::{RandomFiles, RandomRequest};
pub use review::ReviewTasks;
pub use training::{TrainingFiles, TrainingRequest, TrainingRows, write_rows};
