//! `rejoinder rules`: the rule author's bench. A file a verb.

mod check;
mod diff;
mod files;
mod finding_format;
mod fmt;
mod guards;
mod list;
mod measured;
mod replace;
mod schema;
mod stats;
mod suggest;
mod test;
mod try_rule;
mod verb;

use files::{FilesArgs, load};
pub(super) use verb::{RulesArgs, main};
