//! The rule author's bench: what a rule does, what a change costs, and what to write next.
//!
//! Values without words for people, which are made in `rejoinder-report`.
#![forbid(unsafe_code)]

pub mod change;
pub mod suggestion;
pub mod trial;
