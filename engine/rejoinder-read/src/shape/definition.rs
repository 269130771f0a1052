//! The parts of a shape, and the list of all shapes.

use serde_json::Value;

use super::{
    arena, chatgpt, claude, deepseek, gemini, langfuse, log, messages, oasst, openwebui, pairs, rows,
    sharegpt, spans,
};
use crate::join::{MessageRow, ModelCall};
use crate::record::{Mapping, Record, RecordError};

/// All shapes. If a record fits two shapes equally well, the first is taken.
pub(crate) static SHAPES: [&Shape; 19] = [
    &chatgpt::SHAPE,
    &deepseek::SHAPE,
    &claude::SHAPE,
    &openwebui::SHAPE,
    &gemini::SHAPE,
    &arena::SHAPE,
    &oasst::SHAPE,
    &spans::SHAPE,
    &langfuse::SHAPE,
    &log::RESPONSES,
    &log::SHAPE,
    &sharegpt::SHAPE,
    &messages::WILDCHAT,
    &messages::LMSYS,
    &messages::OPENAI,
    &messages::JSON,
    &pairs::SHAPE,
    &rows::SHAPE,
    &rows::TRANSCRIPT,
];

/// A shape of records.
pub(crate) struct Shape {
    /// The name of the shape in a configuration.
    pub name: &'static str,
    /// What the shape is, in words for people.
    pub describe: &'static str,
    /// Whether a record is of this shape.
    pub fits: fn(&Value) -> Option<Sign>,
    /// How the records are read.
    pub read: ReadMode,
}

/// A sign that a record is of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sign {
    /// How much the sign says: 1 for what many shapes have, 3 for what no other shape has.
    pub weight: u32,
    /// What was found in the record.
    pub seen: &'static str,
}

pub(crate) const fn sign(weight: u32, seen: &'static str) -> Option<Sign> {
    Some(Sign { weight, seen })
}

/// How records are read.
pub(crate) enum ReadMode {
    /// Each record is one conversation with a list of messages, which is parsed as it is. The function gives the names of the keys.
    Lines(fn(&Mapping) -> Mapping),
    /// Each record is read by itself, and may give several conversations.
    PerRecord(fn(&Value, &Mapping) -> Vec<RecordResult>),
    /// Each record is one conversation, or a piece of one; the pieces of a conversation stand side by side.
    Pieces(fn(&Mapping) -> Mapping),
    /// Each record is a tree of messages, or a message of a tree; the messages of a tree stand side by side.
    Trees,
    /// Each record holds calls to a model, which repeat the messages before them.
    Calls(fn(&Value, &Mapping) -> Result<Vec<ModelCall>, RecordError>),
    /// Each record is one message.
    Rows(fn(&Value, &Mapping) -> MessageRow),
}

/// A conversation, or why the record is set aside.
pub(crate) type RecordResult = Result<Record<'static>, RecordError>;
