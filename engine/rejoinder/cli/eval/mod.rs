//! `rejoinder eval`: what decisions are worth, by labels.

mod cascade;
mod decisions;

pub(super) use decisions::{EvalArgs, main};
