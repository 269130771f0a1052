//! `rejoinder rules`: the rule author's bench. A file a verb.

mod check;
mod diff;
mod files;
mod list;
mod measured;
mod stats;
mod test;
mod try_rule;
mod unreadable;
mod verb;

use files::{FilesArgs, load};
pub(super) use verb::{RulesArgs, main};
