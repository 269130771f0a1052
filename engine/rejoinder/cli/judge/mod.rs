//! `rejoinder judge`: asks about what waits, or tries a judge out.

mod ask;
mod test;

pub(super) use ask::{JudgeArgs, main};
