//! Counting a corpus, or the input of a run, for guards.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use rejoinder_core::RecordId;
use rejoinder_read::InputFile;
use rejoinder_scan::{Engine, Scan};

use super::counts::GuardCounter;
use super::known::KnownAnswers;
use super::tally::GuardTallies;
use crate::error::RunError;
use crate::labels::Unlabelled;

/// Later turns on which guards are checked.
#[derive(Clone, Copy)]
pub struct GuardedCorpus<'a> {
    /// The engine, whose rules are guarded.
    pub engine: &'a Engine,
    /// The files.
    pub files: &'a [InputFile],
    /// What labels and a judge say of the turns.
    pub known: KnownAnswers<'a>,
    /// Turns that a run's judge was asked about before the run's scan.
    pub asked_before: &'a HashSet<RecordId>,
}

impl GuardedCorpus<'_> {
    /// Scans the corpus and counts for the guards in force. Records without labels count as well; nothing is known of their turns.
    ///
    /// # Errors
    /// If reading or a plugin fails.
    pub fn count(&self, threads: NonZeroUsize) -> Result<(GuardTallies, Unlabelled), RunError> {
        let mut counted = GuardCounter::new(self.engine).end();
        let mut unlabelled = Unlabelled::default();
        let scan =
            Scan { asked_before: Some(self.asked_before), ..Scan::of(self.engine, self.files, threads) };
        scan.run(
            |worker, chunk| {
                let scanned = worker.scan(chunk)?;
                let mut counter = GuardCounter::new(worker.engine);
                let mut missing = Unlabelled::default();
                for one in &scanned.conversations {
                    self.known.count(&mut counter, worker.engine, &scanned, one, &chunk.file, &mut missing);
                }
                Ok::<_, RunError>((counter.end(), missing))
            },
            |(more, missing)| {
                counted += &more;
                unlabelled.extend(missing);
                Ok(())
            },
        )?;
        Ok((counted, unlabelled))
    }
}
