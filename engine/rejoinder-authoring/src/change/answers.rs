//! What says what later turns hold: people's labels, or the answers of a run's judge.

use std::collections::HashMap;

use rejoinder_core::{Answer, RecordId};
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_run::labels::{LabelReader, Unlabelled};
use rejoinder_run::training::{TrainingLabels, TrainingSource};
use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::{ScannedBatch, ScannedConversation};

/// What says what later turns hold.
#[derive(Clone, Copy, Debug)]
pub enum AnswerSource<'a> {
    /// Labels of people.
    Labels(&'a LabelReader),
    /// The judge of a run.
    Judge(&'a JudgeAnswers),
}

/// The answers of a run's judge.
#[derive(Clone, Debug)]
pub struct JudgeAnswers {
    answers: HashMap<RecordId, Answer>,
    /// Whether the judge was asked about every turn; else about those that waited, and those that an audit has drawn.
    pub is_about_all: bool,
}

impl JudgeAnswers {
    /// The answers that a run holds, those to its audit included.
    ///
    /// # Errors
    /// If the run cannot be read, or its input is not what it was.
    pub fn of(name: &str, run: &RunDir) -> Result<Self, RunError> {
        let is_about_all = run.manifest.config.judge.all;
        let answers = match TrainingSource::of_run(name.to_owned(), run)?.labels {
            TrainingLabels::Judge(answers) => answers,
            TrainingLabels::Read | TrainingLabels::None => HashMap::new(),
        };
        Ok(Self { answers, is_about_all })
    }

    /// The answers by the turns' addresses.
    pub const fn all(&self) -> &HashMap<RecordId, Answer> {
        &self.answers
    }

    /// Whether there is no answer.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The number of answers.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    const fn drawn(&self) -> TurnSelection {
        if self.is_about_all { TurnSelection::Independent } else { TurnSelection::Chosen }
    }
}

impl AnswerSource<'_> {
    /// By later turn of a conversation, in their order, what it holds and how it was chosen to be looked at; `None` if the conversation
    /// does not count.
    pub(crate) fn of(
        self,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        file: &str,
        unlabelled: &mut Unlabelled,
    ) -> Option<Vec<(Answer, TurnSelection)>> {
        let turns = scanned.turns(conversation).iter();
        match self {
            Self::Labels(reader) => {
                let labels = reader.of(conversation, file, unlabelled)?;
                let label = |index| (labels.of(index), labels.drawn(index));
                Some(turns.map(|turn| label(turn.message_index)).collect())
            }
            Self::Judge(judge) => {
                let answer = |id| judge.answers.get(&id).copied().unwrap_or_default();
                Some(turns.map(|turn| (answer(conversation.id(turn)), judge.drawn())).collect())
            }
        }
    }
}
