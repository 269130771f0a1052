//! `Engine.export`: training rows out of rows about turns and the conversations that they are about.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_json::reader::infer_json_schema_from_iterator;
use arrow_schema::{FieldRef, Schema, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rejoinder::failure::{Exit, Failure};
use rejoinder_core::{Conversation, Feedback};
use rejoinder_export::export::example::{AnswerFeedback, TrainingTask};
use rejoinder_read::TableReader;
use rejoinder_run::exporting::{TrainingFiles, TrainingRequest, TrainingRows};
use serde_json::Value;

use crate::rows::{Decision, GivenTurn, given_rows, table_of};

/// The flags whose value is a list of categories.
const CATEGORIES: [&str; 2] = ["positive", "negative"];
/// The columns of training rows, in their order.
const COLUMNS: [&str; 10] = [
    "messages",
    "prompt",
    "completion",
    "chosen",
    "rejected",
    "label",
    "conversation_id",
    "opening",
    "feedback_turn",
    "category",
];
/// Rows of a batch of the result.
const ROWS: usize = 4096;

/// The task that a name stands for.
///
/// # Errors
/// If the name stands for none.
pub fn training_task(name: &str) -> Result<TrainingTask, Failure> {
    let all = [TrainingTask::Sft, TrainingTask::Kto, TrainingTask::Pairs];
    all.into_iter().find(|task| task.name() == name).ok_or_else(|| {
        Failure::usage(format!(
            "`{}` is nothing that is exported here; expected sft, kto or pairs (rows with decision = \"accepted\" are the feedback itself)",
            name.escape_debug()
        ))
    })
}

/// Keyword arguments as the flags of `rejoinder export`: `max_chars=100` is `--max-chars=100`, `unbalanced=True` is `--unbalanced`,
/// and a list is one flag for each of its values.
///
/// # Errors
/// If a value has no text.
pub fn command_flags(arguments: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<String>> {
    let mut flags = Vec::new();
    for (name, value) in arguments.into_iter().flatten() {
        let name = name.extract::<String>()?.trim_end_matches('_').replace('_', "-");
        if value.is_none() {
        } else if let Ok(is_set) = value.extract::<bool>() {
            flags.extend(is_set.then(|| format!("--{name}")));
        } else if let Ok(values) = value.extract::<Vec<Bound<'_, PyAny>>>() {
            let values =
                values.iter().map(|value| Ok(value.str()?.to_string())).collect::<PyResult<Vec<String>>>()?;
            match CATEGORIES.contains(&name.as_str()) {
                true => flags.push(format!("--{name}={}", values.join(","))),
                false => flags.extend(values.iter().map(|value| format!("--{name}={value}"))),
            }
        } else {
            flags.push(format!("--{name}={}", value.str()?));
        }
    }
    Ok(flags)
}

/// The training rows, and what is to be said about them.
///
/// # Errors
/// If rows cannot be read, or are about conversations that the table does not hold.
pub fn training_rows(
    request: TrainingRequest,
    rows: &[RecordBatch],
    reader: &TableReader,
    conversations: &[RecordBatch],
) -> Result<(Vec<RecordBatch>, SchemaRef, Vec<String>), Failure> {
    let (task, style) = (request.task, request.style);
    let mut feedback = FeedbackByConversation::of(rows)?;
    let mut training = TrainingRows::new(request);
    for chunk in reader.chunks(conversations.iter().cloned()) {
        for entry in chunk.entries() {
            let Ok(record) = entry.record() else { continue };
            if let Some(own) = feedback.take(&record.conversation, entry.ordinal) {
                let own: Vec<_> = own.iter().map(AnswerFeedback::from).collect();
                training.add(&record, &own);
            }
        }
    }
    feedback.check_all_taken()?;
    let files = training.arranged();
    let rows: Vec<Value> = files
        .train
        .iter()
        .map(|example| serde_json::to_value(style.row(task, example)).expect("a row is plain data"))
        .map(with_arguments_as_text)
        .collect();
    let wrong = |why| Failure::new(Exit::Bug, format!("training rows that fit no table: {why}"));
    let schema = infer_json_schema_from_iterator(rows.iter().map(Ok)).map_err(wrong)?;
    let place = |field: &FieldRef| COLUMNS.iter().position(|name| name == field.name());
    let mut fields = schema.fields.to_vec();
    fields.sort_by_key(place);
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let batches = rows.chunks(ROWS).map(|rows| table_of(rows, &schema)).collect::<Result<_, _>>()?;
    Ok((batches, schema, remarks(task, &files)))
}

/// The row with the arguments of all calls as JSON texts: arguments are of any shape, a column of a table is of one type.
fn with_arguments_as_text(mut row: Value) -> Value {
    let lists = row.as_object_mut().into_iter().flat_map(|row| row.values_mut());
    let messages = lists.filter_map(Value::as_array_mut).flatten();
    let calls = messages.filter_map(|message| message.get_mut("tool_calls")?.as_array_mut()).flatten();
    for arguments in calls.filter_map(|call| call.get_mut("function")?.get_mut("arguments")) {
        if !arguments.is_string() {
            *arguments = Value::String(arguments.to_string());
        }
    }
    row
}

fn remarks(task: TrainingTask, files: &TrainingFiles) -> Vec<String> {
    let left_out: Vec<String> = files.left_out.iter().map(|(why, count)| format!("{count} {why}")).collect();
    match files.train.is_empty() {
        false => Vec::new(),
        true if left_out.is_empty() => {
            vec![format!("no row for {}: no row about a turn is accepted feedback", task.name())]
        }
        true => vec![format!("no row for {}: left out are {}", task.name(), left_out.join("; "))],
    }
}

/// The feedback that is given, conversation by conversation.
struct FeedbackByConversation(HashMap<String, Vec<Vec<Feedback>>>);

impl FeedbackByConversation {
    fn of(rows: &[RecordBatch]) -> Result<Self, Failure> {
        let mut given: Vec<Feedback> = Vec::new();
        for row in given_rows(rows) {
            if row.decision()? == Decision::Accepted
                && let GivenTurn::Accepted(feedback) = row.turn()?
            {
                given.push(*feedback);
            }
        }
        given.sort_by_key(|feedback| feedback.id);
        let mut by_id: HashMap<String, Vec<Vec<Feedback>>> = HashMap::new();
        for own in given.chunk_by(is_of_one_conversation) {
            by_id.entry(own[0].conversation_id.clone()).or_default().push(own.to_vec());
        }
        Ok(Self(by_id))
    }

    /// The feedback in a conversation that stands at a place of the table. Where several conversations have the same id, the place and
    /// the spans tell them apart.
    fn take(&mut self, conversation: &Conversation<'_>, ordinal: u64) -> Option<Vec<Feedback>> {
        let groups = self.0.get_mut(&*conversation.id)?;
        let fits = |own: &Vec<Feedback>| own.iter().all(|feedback| stands_in(feedback, conversation));
        let stands_here = |own: &Vec<Feedback>| own[0].id.ordinal == ordinal && fits(own);
        let at = groups.iter().position(stands_here).or_else(|| groups.iter().position(fits))?;
        let own = groups.remove(at);
        if groups.is_empty() {
            self.0.remove(&*conversation.id);
        }
        Some(own)
    }

    fn check_all_taken(&self) -> Result<(), Failure> {
        let left = || self.0.values().flatten();
        let Some(first) = left().map(|own| &own[0]).min_by_key(|feedback| feedback.id) else { return Ok(()) };
        Err(Failure::usage(format!(
            "rows are about {} conversations that the table does not hold, or holds with other words; the first is `{}`",
            left().count(),
            first.conversation_id.escape_debug()
        )))
    }
}

fn is_of_one_conversation(one: &Feedback, other: &Feedback) -> bool {
    let place = |feedback: &Feedback| (feedback.id.shard, feedback.id.ordinal);
    place(one) == place(other) && one.conversation_id == other.conversation_id
}

/// Whether the words of a feedback stand where the feedback says.
fn stands_in(feedback: &Feedback, conversation: &Conversation<'_>) -> bool {
    let span = feedback.span_start as usize..feedback.span_end as usize;
    let message = conversation.messages.get(feedback.message_index as usize);
    message.is_some_and(|message| message.text.get(span) == Some(&*feedback.span))
}
