//! Data out: tables, training files and review tasks of feedback; and labels that others made.
//!
//! [`export`] makes tables and training files, and [`labels`] reads what people and other programs say of turns.
#![forbid(unsafe_code)]

pub mod export;
pub mod labels;
