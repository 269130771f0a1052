//! `rejoinder rules`: the rule author's bench. A file a verb.

mod check;
mod files;
mod fmt;
mod list;
mod schema;
mod stats;
mod test;
mod unreadable;
mod verb;

use files::{FilesArgs, load};
pub(super) use verb::{RulesArgs, main};
