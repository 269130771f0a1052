//! `rejoinder rules`: the rule author's bench. A file a verb.

mod check;
mod files;
mod finding_format;
mod list;
mod stats;
mod test;
mod verb;

use files::{FilesArgs, load};
pub(super) use verb::{RulesArgs, main};
