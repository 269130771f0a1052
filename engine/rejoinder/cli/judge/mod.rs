//! `rejoinder judge`: asks about what waits, tries a judge out, or compares forms of asking.

mod ask;
mod compare;
mod test;

pub(super) use ask::{JudgeArgs, main};
