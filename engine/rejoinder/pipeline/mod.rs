//! The stages of a run: scan (files to decisions, on all cores) and judge (undecided turns to answers), and the run
//! directory between them.

pub mod audit;
pub mod calibration;
pub mod cuts;
pub mod draw;
pub mod engine;
pub mod faults;
pub mod flow;
pub mod judging;
pub mod learning;
pub mod lock;
pub mod manifest;
pub mod plan;
pub mod population;
pub mod profile;
pub mod reading;
pub mod replay;
pub mod run_dir;
pub mod scan;
pub mod simulation;
pub mod spread;
pub mod stats;
pub mod waiting;
pub mod watch;
pub mod worker;
