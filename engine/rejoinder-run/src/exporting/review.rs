//! Tasks for people to review.

use std::collections::HashMap;

use rejoinder_core::random::Random;
use rejoinder_core::{ContentHash, Conversation, RecordId};
use rejoinder_export::export::review::ReviewTool;
use rejoinder_export::labels::selection::TurnSelection;
use serde_json::Value;

use crate::error::RunError;
use crate::folder::RunDir;
use crate::recall::audit::AuditSample;
use crate::replay;

/// Tasks about the feedback that a run found: all of them, in input order, or so many, drawn by a seed.
///
/// # Errors
/// If the run or its input cannot be read, or two conversations share an id.
pub fn feedback_tasks(
    run: &RunDir,
    tool: ReviewTool,
    draw: Option<(usize, u64)>,
) -> Result<Vec<Value>, RunError> {
    let (mut tasks, mut ids) = (Vec::new(), ConversationIds::default());
    replay::conversations_with_feedback(run, |record, feedback| {
        ids.add(&record.conversation)?;
        tasks.extend(tool.tasks(&record.conversation, &record.tools, feedback));
        Ok::<_, RunError>(())
    })?;
    if let Some((most, seed)) = draw {
        Random::with_seed(seed).shuffle(&mut tasks);
        tasks.truncate(most);
    }
    Ok(tasks)
}

/// Tasks about the turns of an audit's sample, in an order that says nothing of the turns, and without what the
/// run made of the turns.
///
/// # Errors
/// If the input cannot be read, or two conversations share an id.
pub fn audit_tasks(run: &RunDir, tool: ReviewTool, sample: &AuditSample) -> Result<Vec<Value>, RunError> {
    let turns = sample.turns.iter().filter_map(|drawn| drawn.turn.row.turns.first()).map(Ok);
    let (mut tasks, mut ids) = (Vec::new(), ConversationIds::default());
    replay::conversations_with(
        run,
        turns,
        |turn| (turn.id, &turn.conversation_id),
        |record, turns| {
            ids.add(&record.conversation)?;
            let turns: Vec<RecordId> = turns.iter().map(|turn| turn.id).collect();
            tasks.extend(tool.blind_tasks(&record.conversation, &record.tools, &turns, TurnSelection::Audit));
            Ok::<_, RunError>(())
        },
    )?;
    Ok(tasks)
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
