//! What goes with a run that is removed, in words.

use rejoinder_judge::NANOS_PER_UNIT;
use rejoinder_run::run_list::{Losses, Removal};
use serde::Serialize;

use crate::numbers::{counted, size, thousands};
use crate::run_status::flat;

/// A run that is removed, or would be, as `runs rm --json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct RemovalReport {
    /// The run's folder.
    pub folder: String,
    /// The bytes of its files.
    pub bytes: u64,
    /// Whether the run is removed.
    pub is_removed: bool,
    /// What goes with it that somebody has paid for.
    pub losses: Vec<String>,
    /// The file of replies that stays; absent where the run has its own.
    pub shared_replies: Option<String>,
}

impl RemovalReport {
    /// What the removal of a run takes.
    pub fn of(removal: &Removal, is_removed: bool) -> Self {
        Self {
            folder: removal.path.display().to_string(),
            bytes: removal.space.bytes(),
            is_removed,
            losses: losses(&removal.losses),
            shared_replies: removal.losses.shared_replies.as_ref().map(|file| file.display().to_string()),
        }
    }

    /// What the removal of a run takes, for people.
    pub fn text(&self) -> String {
        let (folder, size) = (flat(&self.folder), size(self.bytes as f64));
        let mut text = match self.is_removed {
            true => format!("removed {folder}, {size}\n"),
            false => format!("{folder} takes {size}\n"),
        };
        for loss in self.losses.iter().filter(|_| !self.is_removed) {
            text += &format!("  goes with it: {loss}\n");
        }
        if let Some(file) = &self.shared_replies {
            text += &format!("  the replies stay in {}\n", flat(file));
        }
        text
    }
}

/// What goes with a run that somebody has paid for, each in a few words.
pub fn losses(losses: &Losses) -> Vec<String> {
    let mut words = Vec::new();
    if losses.replies > 0 {
        let spent = losses.spent;
        let mut paid = format!("{}, {} tokens", counted(spent.calls, "call"), thousands(spent.tokens));
        if spent.money > 0 {
            paid += &format!(", {:.2} in money", spent.money as f64 / NANOS_PER_UNIT);
        }
        words.push(format!("{} of the judge ({paid})", counted(losses.replies, "reply")));
    }
    if losses.labels > 0 {
        words.push(format!("{} that people gave", counted(losses.labels, "label")));
    }
    if losses.is_certified {
        words.push("the certificate of an audit".to_owned());
    }
    words
}
