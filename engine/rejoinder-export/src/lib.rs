//! Writes the feedback of a run as tables, training files and review tasks, and reads labels.
//!
//! [`export`] makes tables, training files and review tasks. [`labels`] reads what people and other programs say of turns.
#![forbid(unsafe_code)]

pub mod export;
pub mod labels;
pub mod redaction;
