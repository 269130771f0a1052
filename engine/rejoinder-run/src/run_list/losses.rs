//! What goes with a run that somebody has paid for, in money or in work.

use std::path::PathBuf;

use rejoinder_ledger::{ReplyStore, Spending};

use crate::reviewing::reader_labels;
use crate::status::RunLook;

/// What goes with a run that somebody has paid for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// What was spent on the judge.
    pub spent: Spending,
    /// Replies that lie in the run's own file.
    pub replies: u64,
    /// The file of replies that runs share, which stays.
    pub shared_replies: Option<PathBuf>,
    /// Labels that people gave to turns of the run.
    pub labels: u64,
    /// Whether an audit has certified the run.
    pub is_certified: bool,
}

impl Losses {
    pub(super) fn of(look: &RunLook) -> Self {
        let run = &look.run;
        let replies = ReplyStore::open_to_look(&run.own_replies()).and_then(|store| store.count());
        let readers = reader_labels(run).unwrap_or_default();
        Self {
            spent: look.facts.spent.amount,
            replies: replies.unwrap_or_default(),
            shared_replies: run.manifest.config.judge.replies.clone(),
            labels: readers.iter().map(|reader| reader.answers.len() as u64).sum(),
            is_certified: look.facts.is_certified,
        }
    }

    /// Whether nothing of the kind goes.
    pub fn is_nothing(&self) -> bool {
        self.replies + self.labels == 0 && !self.is_certified
    }
}
