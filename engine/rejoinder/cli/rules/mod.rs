//! `rejoinder rules`: the rule author's bench. A file a verb.

mod beside;
mod check;
mod files;
mod fmt;
mod guards;
mod list;
mod schema;
mod stats;
mod test;
mod unreadable;
mod verb;

use files::{FilesArgs, load};
pub(super) use verb::{RulesArgs, main};
