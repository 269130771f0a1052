//! The kinds of hard negatives, a file each.

mod advance;
mod answer;
mod buried;
mod choice;
mod exercise;
mod kind;
mod requested;
mod script;
mod slip;

pub use kind::Kind;
