//! What a change of rules does, for people and for programs.

mod labels;
mod markdown;
mod report;
mod shown;
mod text;

pub use report::{ChangeReport, ChangeScope, SideReport};
pub use shown::ShownChange;
pub(super) use shown::transition_words;
