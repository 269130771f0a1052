//! Counting a corpus, or the input of a run, for guards.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;

use rejoinder_core::{Answer, RecordId};
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_read::InputFile;
use rejoinder_scan::{Engine, Scan};

use super::counts::{GuardCounter, TurnAnswers};
use super::tally::GuardTallies;
use crate::error::RunError;
use crate::labels::{LabelReader, Unlabelled};
use crate::spool_row::SpoolRow;

/// Later turns on which guards are checked.
#[derive(Clone, Copy)]
pub struct GuardedCorpus<'a> {
    /// The engine, whose rules are guarded.
    pub engine: &'a Engine,
    /// The files.
    pub files: &'a [InputFile],
    /// Which records count, and what their labels say.
    pub reader: &'a LabelReader,
    /// Turns that a run's judge was asked about before the run's scan.
    pub asked_before: &'a HashSet<RecordId>,
    /// What a run's judge says.
    pub judged: &'a HashMap<RecordId, Answer>,
    /// How the turns that the judge was asked about were chosen: under the run's own rules all that waits has an answer, and an audit
    /// draws some of what is accepted; under others, what waited in the run is no sample of the turns of a kind.
    pub asked: TurnSelection,
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
                let engine = worker.engine;
                let mut counter = GuardCounter::new(engine);
                let mut missing = Unlabelled::default();
                for conversation in &scanned.conversations {
                    if !self.reader.admits(&conversation.record) {
                        continue;
                    }
                    let labels = self.reader.of(conversation, &chunk.file, &mut missing);
                    let rows = match counter.needs_rows() {
                        true => SpoolRow::of(engine, &scanned, conversation),
                        false => Vec::new(),
                    };
                    counter.conversation(engine, &scanned, conversation, &rows, |turn| TurnAnswers {
                        label: labels
                            .as_ref()
                            .map_or(Answer::Unknown, |labels| labels.of(turn.message_index)),
                        selection: labels
                            .as_ref()
                            .map_or(TurnSelection::Unknown, |labels| labels.drawn(turn.message_index)),
                        judge: self.judged.get(&conversation.id(turn)).copied().unwrap_or_default(),
                        asked: self.asked,
                    });
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
