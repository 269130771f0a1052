//! The words that the rejoinder engine and its plugins share: categories of feedback, roles, verdicts, purposes, and the format of
//! a plugin's test cases.
//!
//! Terms follow *Learning from Naturally Occurring Feedback* (arXiv 2407.10944).
#![forbid(unsafe_code)]

pub mod case;
mod category;
mod purpose;
mod role;
mod verdict;

pub use category::{Category, UnknownCategory};
pub use purpose::{Purpose, UnknownPurpose};
pub use role::Role;
pub use verdict::Verdict;
