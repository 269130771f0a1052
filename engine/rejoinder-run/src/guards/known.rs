//! What labels and a judge say of the turns on which guards are checked.

use std::collections::HashMap;

use rejoinder_core::{Answer, RecordId};
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation};

use super::counts::{GuardCounter, TurnAnswers};
use crate::labels::{LabelReader, Unlabelled};
use crate::spool_row::SpoolRow;

/// What labels and a judge say of the turns on which guards are checked.
#[derive(Clone, Copy, Debug)]
pub struct KnownAnswers<'a> {
    /// Which records count, and what their labels say.
    pub reader: &'a LabelReader,
    /// What a run's judge says, where there is one.
    pub judged: Option<&'a HashMap<RecordId, Answer>>,
    /// How the turns that the judge was asked about were chosen: under the run's own rules all that waits has an answer, and an audit
    /// draws some of what is accepted; under others, what waited in the run is no sample of the turns of a kind.
    pub asked: TurnSelection,
}

impl KnownAnswers<'_> {
    /// Counts a conversation of `file`, where it counts, with what is known of its turns. One without labels counts as well, and is
    /// noted; nothing is known of its turns.
    pub fn count(
        &self,
        counter: &mut GuardCounter,
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        file: &str,
        unlabelled: &mut Unlabelled,
    ) {
        if counter.is_empty() || !self.reader.admits(&conversation.record) {
            return;
        }
        let labels = self.reader.of(conversation, file, unlabelled);
        let rows = match counter.needs_rows() {
            true => SpoolRow::of(engine, scanned, conversation),
            false => Vec::new(),
        };
        counter.conversation(engine, scanned, conversation, &rows, |turn| TurnAnswers {
            label: labels.as_ref().map_or(Answer::Unknown, |labels| labels.of(turn.message_index)),
            selection: labels
                .as_ref()
                .map_or(TurnSelection::Unknown, |labels| labels.drawn(turn.message_index)),
            judge: self
                .judged
                .and_then(|judged| judged.get(&conversation.id(turn)).copied())
                .unwrap_or_default(),
            asked: self.asked,
        });
    }
}
