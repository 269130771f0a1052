//! A run: chat logs scanned into a folder, the judge asked about what the scan left open, a recall kept on the way, and the
//! whole read again.
//!
//! [`folder::begin`] makes a run's folder, and [`stages`] do its work: nothing here prints or knows a command. An
//! [`Operator`] hears what happens as [`Event`]s, and a [`watch::Watch`] shows how far it is.
#![forbid(unsafe_code)]

mod error;
pub mod exporting;
mod faults;
pub mod folder;
pub mod forecast;
pub mod forgetting;
pub mod gathering;
pub mod given_requests;
pub mod guards;
pub mod judging;
pub mod label_import;
pub mod labels;
mod lines;
pub mod nights;
mod operator;
mod outcome;
mod part_writer;
pub mod plan;
pub mod reading_sample;
pub mod recall;
pub mod replay;
pub mod reviewing;
pub mod run_list;
pub mod scan;
pub mod shards;
pub mod spool_row;
pub mod stages;
pub mod stats;
pub mod status;
pub mod tallies;
pub mod training;
pub mod watch;

pub use error::RunError;
pub use folder::{FolderError, RunDir};
pub use operator::{Event, Operator};
pub use outcome::TurnOutcome;
pub use spool_row::SpoolRow;
