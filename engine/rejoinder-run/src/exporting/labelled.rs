//! Training files out of labels, in place of what a run found.

use rejoinder_core::{Conversation, RecordId};
use rejoinder_export::export::example::AnswerFeedback;
use rejoinder_export::labels::Label;

use super::training::{TrainingFiles, TrainingRequest, TrainingRows};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::labels::{LabelSource, Unlabelled};
use crate::replay;

/// Training files out of labels.
pub struct LabelledFiles {
    /// The files.
    pub files: TrainingFiles,
    /// How many later turns have a label, also labels that say that a turn holds no feedback.
    pub labelled: u64,
    /// Records that were left out for want of labels.
    pub unlabelled: Unlabelled,
}

impl LabelledFiles {
    /// Reads the input of a run, and makes and arranges the rows that the labels make.
    ///
    /// # Errors
    /// If the input cannot be read, or is not what it was.
    pub fn of(run: &RunDir, request: TrainingRequest, labels: &LabelSource) -> Result<Self, RunError> {
        let mut rows = TrainingRows::new(request);
        let (mut labelled, mut unlabelled) = (0, Unlabelled::default());
        replay::conversations(run, &mut |record, shard, ordinal| match labels.read(record) {
            Ok(listed) => {
                let label_of = |turn| {
                    listed.iter().find(|label| label.turn == turn).filter(|label| label.answer.is_known())
                };
                let own: Vec<_> = record.later_turns().filter_map(label_of).collect();
                labelled += own.len() as u64;
                let place = |turn: usize| RecordId { shard, ordinal, message_index: turn as u32 };
                let feedback: Vec<_> = own
                    .into_iter()
                    .filter_map(|label| feedback(label, place(label.turn), &record.conversation))
                    .collect();
                rows.add(record, &feedback);
            }
            Err(why) => {
                let file = &run.manifest.inputs[shard as usize].path;
                unlabelled.add(format!("{}:{}: {why}", file.display(), ordinal + 1));
            }
        })?;
        Ok(Self { files: rows.arranged(), labelled, unlabelled })
    }
}

/// The feedback that a label says there is in a later turn, if it does.
fn feedback(label: &Label, id: RecordId, conversation: &Conversation<'_>) -> Option<AnswerFeedback> {
    let exchange = conversation.judged_exchange(label.turn)?;
    let category = label.answer.category()?;
    Some(AnswerFeedback { id, feedback_turn: exchange.number, category, source: None, score: None })
}
