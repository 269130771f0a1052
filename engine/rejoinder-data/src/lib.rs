//! Data out: the files that a run writes, tables, training files and review tasks of feedback; and labels that others
//! made.
//!
//! [`part`] writes output files that are there whole or not at all, [`export`] makes tables and training files, and
//! [`labels`] reads what people and other programs say of turns.
#![forbid(unsafe_code)]

pub mod export;
pub mod labels;
pub mod part;
