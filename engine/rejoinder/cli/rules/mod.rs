//! `rejoinder rules`: the rule author's bench. A file a verb.

mod check;
mod files;
mod list;
mod stats;
mod suggest;
mod test;
mod unreadable;
mod verb;

use files::{FilesArgs, load};
pub(super) use verb::{RulesArgs, main};
