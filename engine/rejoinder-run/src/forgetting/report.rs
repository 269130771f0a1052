//! What was forgotten, and what could not be.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::exports::ChangedFile;
use crate::folder::ForgottenCount;

/// What was forgotten, and what could not be.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ForgetReport {
    /// Whether nothing was changed, and the numbers are those of what is there.
    pub is_dry_run: bool,
    /// The conversations of the name; empty if the run holds none.
    pub conversations: Vec<ForgottenConversation>,
    /// What was removed of the conversations from the run's folder, by kind; kinds without any are not there.
    pub removed: BTreeMap<&'static str, u64>,
    /// Files with rows of the conversations, in the run's folder or named beside it.
    pub files: Vec<ChangedFile>,
    /// Pages that were removed as a whole; `report` makes each again.
    pub pages: Vec<PathBuf>,
    /// The folders of shards that were removed: all that they held stands in the run that they were merged into.
    pub shards: Vec<PathBuf>,
    /// Where the conversations stand in the input, which is not changed.
    pub in_input: Vec<InputPlace>,
    /// Input files that are not there or were changed, so that nobody looked into them.
    pub unread_inputs: Vec<PathBuf>,
    /// The copy of standard input, if it still holds the conversations.
    pub kept_copy: Option<PathBuf>,
    /// The copy of standard input, if it was overwritten.
    pub blanked_copy: Option<PathBuf>,
    /// The runs beside this one that go on with it.
    pub later_runs: Vec<PathBuf>,
    /// The store of replies that other runs share.
    pub shared_replies: Option<PathBuf>,
    /// Whether a judge was asked, whose server has seen what it was asked about.
    pub was_judged: bool,
    /// Whether an audit counted turns of the conversations.
    pub was_audited: bool,
    /// Whether the run has learned a model, which may have counted the conversations.
    pub has_model: bool,
    /// The folder of the earlier run that the run goes on with, which may hold the conversations, too.
    pub earlier_run: Option<PathBuf>,
    /// Files that still hold a text of the conversations; none if all went well.
    pub left: Vec<PathBuf>,
    /// What was removed from the run before.
    pub earlier: Vec<ForgottenCount>,
}

/// A conversation that was forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForgottenConversation {
    /// The place: the index of the input file, and the number in the file, as `0:6`.
    pub place: String,
    /// The id; empty if nothing tells it.
    pub id: String,
    /// Whether the conversation was forgotten before.
    pub was_gone: bool,
}

/// Where a conversation stands in the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputPlace {
    /// The file.
    pub file: PathBuf,
    /// The number of the conversation in the file, from 1: that of the line, where a line is a conversation.
    pub number: u64,
}
