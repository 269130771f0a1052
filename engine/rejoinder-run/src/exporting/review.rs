//! Tasks for people to review.

use std::borrow::Cow;
use std::collections::HashMap;

use rejoinder_core::random::Random;
use rejoinder_core::{ContentHash, Conversation, Feedback, RecordId, ToolUse};
use rejoinder_export::export::review::ReviewTool;
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_export::redaction::{PersonalKinds, RedactedRows, Redactor};
use rejoinder_read::Record;
use serde_json::Value;

use crate::error::RunError;
use crate::folder::RunDir;
use crate::recall::audit::AuditSample;
use crate::replay;

/// Tasks for a program in which people review.
pub struct ReviewTasks<'r> {
    /// Masks personal data, where it is to be masked.
    redactor: Option<&'r Redactor>,
    /// The tasks so far.
    pub tasks: Vec<Value>,
    /// How many conversations hold personal data, which is masked.
    pub redacted: RedactedRows,
    ids: ConversationIds,
}

impl<'r> ReviewTasks<'r> {
    fn new(redactor: Option<&'r Redactor>) -> Self {
        Self {
            redactor,
            tasks: Vec::new(),
            redacted: RedactedRows::default(),
            ids: ConversationIds::default(),
        }
    }

    /// Tasks about the feedback that a run found: all of them, in input order, or so many, drawn by a seed.
    ///
    /// # Errors
    /// If the run or its input cannot be read, or two conversations share an id.
    pub fn of_feedback(
        run: &RunDir,
        tool: ReviewTool,
        redactor: Option<&'r Redactor>,
        draw: Option<(usize, u64)>,
    ) -> Result<Self, RunError> {
        let mut all = Self::new(redactor);
        replay::conversations_with_feedback(run, |record, feedback| {
            all.ids.add(&record.conversation)?;
            let ReviewedDialogue { conversation, tools } = all.dialogue(record);
            let mut feedback = feedback.to_vec();
            feedback.iter_mut().for_each(|row| show_as_in(&conversation, row));
            all.tasks.extend(tool.tasks(&conversation, &tools, &feedback));
            Ok::<_, RunError>(())
        })?;
        if let Some((most, seed)) = draw {
            Random::with_seed(seed).shuffle(&mut all.tasks);
            all.tasks.truncate(most);
        }
        Ok(all)
    }

    /// Tasks about the turns of an audit's sample, in an order that says nothing of the turns, and without what the
    /// run made of the turns.
    ///
    /// # Errors
    /// If the input cannot be read, or two conversations share an id.
    pub fn of_audit(
        run: &RunDir,
        tool: ReviewTool,
        redactor: Option<&'r Redactor>,
        sample: &AuditSample,
    ) -> Result<Self, RunError> {
        let mut all = Self::new(redactor);
        let turns = sample.turns.iter().filter_map(|drawn| drawn.turn.row.turns.first()).map(Ok);
        replay::conversations_with(
            run,
            turns,
            |turn| (turn.id, &turn.conversation_id),
            |record, turns| {
                all.ids.add(&record.conversation)?;
                let ReviewedDialogue { conversation, tools } = all.dialogue(record);
                let turns: Vec<RecordId> = turns.iter().map(|turn| turn.id).collect();
                all.tasks.extend(tool.blind_tasks(&conversation, &tools, &turns, TurnSelection::Audit));
                Ok::<_, RunError>(())
            },
        )?;
        Ok(all)
    }

    /// The dialogue of a record as people are to see it.
    fn dialogue<'d>(&mut self, record: &'d Record<'_>) -> ReviewedDialogue<'d> {
        let Some(redactor) = self.redactor else {
            return ReviewedDialogue {
                conversation: Cow::Borrowed(&record.conversation),
                tools: Cow::Borrowed(&record.tools),
            };
        };
        let mut taken = PersonalKinds::default();
        let (conversation, tools) = redactor.conversation(&record.conversation, &record.tools, &mut taken);
        self.redacted.count(taken);
        ReviewedDialogue { conversation: Cow::Owned(conversation), tools: Cow::Owned(tools) }
    }
}

/// A dialogue as people are to see it.
struct ReviewedDialogue<'d> {
    conversation: Cow<'d, Conversation<'d>>,
    tools: Cow<'d, [ToolUse]>,
}

/// Gives a feedback the words that stand at its place in a conversation whose texts may be masked.
fn show_as_in(conversation: &Conversation<'_>, feedback: &mut Feedback) {
    let shown = conversation
        .messages
        .get(feedback.message_index as usize)
        .and_then(|message| message.text.get(feedback.span_start as usize..feedback.span_end as usize));
    if let Some(shown) = shown {
        feedback.span = shown.to_owned();
    }
}

/// The conversations of the tasks so far, by id: labels come back by the id.
#[derive(Default)]
struct ConversationIds(HashMap<String, u64>);

impl ConversationIds {
    /// Notes a conversation.
    ///
    /// # Errors
    /// If another conversation has its id.
    fn add(&mut self, conversation: &Conversation<'_>) -> Result<(), RunError> {
        let content = ContentHash::of(conversation).short();
        match self.0.insert(conversation.id.to_string(), content) {
            Some(other) if other != content => Err(RunError::SharedId(conversation.id.to_string())),
            _ => Ok(()),
        }
    }
}
