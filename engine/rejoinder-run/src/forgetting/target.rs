//! What is to be forgotten.

use std::collections::{BTreeMap, BTreeSet};

use rejoinder_core::{Conversation, Feedback, RecordId, ToolPart, ToolUse, TurnRecord};
use rejoinder_judge::{DialogueLine, Question, prompt};
use rejoinder_read::Record;
use rejoinder_read::input::forgotten_mark;
use rejoinder_scan::config::JudgeSection;
use serde_json::Value;

use crate::judging::settings;
use crate::spool_row::SpoolRow;

/// A conversation by its place: the index of the input file, and the number in the file.
pub type ForgottenPlace = (u32, u64);

/// What the operator calls a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationName {
    text: String,
    place: Option<ForgottenPlace>,
}

impl ConversationName {
    /// A conversation by its id, or by its place: the index of the input file, and the number in the file, as `0:6`.
    pub fn new(text: &str) -> Self {
        let place = text
            .split_once(':')
            .and_then(|(shard, ordinal)| Some((shard.parse().ok()?, ordinal.parse().ok()?)));
        Self { text: text.to_owned(), place }
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id, where the name is one.
    pub(super) fn id(&self) -> Option<&str> {
        self.place.is_none().then_some(self.text.as_str())
    }

    /// Whether a conversation has this name. A name that can be a place is one.
    pub(super) fn names(&self, place: ForgottenPlace, id: &str) -> bool {
        self.place.map_or(self.text == id, |named| named == place)
    }
}

/// The conversations that are to be forgotten, and all that is known of them.
#[derive(Clone, Debug, Default)]
pub(super) struct ForgottenTarget {
    /// Where the conversations stand, each with its id.
    pub(super) conversations: BTreeMap<ForgottenPlace, String>,
    /// The ids by which rows without a place name the conversations.
    pub(super) ids: BTreeSet<String>,
    /// What exports without personal data may have in place of the ids, which several conversations may share.
    pub(super) redacted_ids: BTreeSet<String>,
    /// The conversations that stand in a file of the input which can be read.
    pub(super) in_input: BTreeSet<ForgottenPlace>,
    /// By what the conversations are known again in a later night.
    pub(super) marks: BTreeSet<u64>,
    /// Turns that have a row.
    pub(super) turns: BTreeSet<RecordId>,
    /// What the conversations say, and what their other columns hold.
    pub(super) texts: BTreeSet<String>,
    /// Why records were set aside, by the index of the input file.
    pub(super) reasons: BTreeMap<u32, BTreeSet<String>>,
    /// Questions that the judge may have been asked about the turns.
    pub(super) questions: Vec<Question>,
}

impl ForgottenTarget {
    /// Whether a conversation is to be forgotten, by the place of one of its turns.
    pub(super) fn holds(&self, turn: RecordId) -> bool {
        self.conversations.contains_key(&(turn.shard, turn.ordinal))
    }

    /// Whether a conversation is to be forgotten, by its id.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Takes up a conversation whose record was set aside for a reason.
    pub(super) fn set_aside(&mut self, place: ForgottenPlace, reason: &str) {
        self.conversations.entry(place).or_default();
        self.reasons.entry(place.0).or_default().insert(reason.to_owned());
    }

    fn conversation(&mut self, place: ForgottenPlace, id: &str) {
        self.ids.insert(id.to_owned());
        self.conversations.insert(place, id.to_owned());
    }

    /// Takes up a conversation of the input.
    pub(super) fn record(
        &mut self,
        (shard, ordinal): ForgottenPlace,
        record: &Record<'_>,
        judge: &JudgeSection,
    ) {
        let Record { conversation, tools, .. } = record;
        self.conversation((shard, ordinal), &conversation.id);
        self.marks.insert(forgotten_mark::of_content(conversation));
        self.texts.extend(conversation.messages.iter().map(|message| message.text.to_string()));
        self.texts.extend(tools.iter().flat_map(tool_texts).map(str::to_owned));
        record.metadata_values().values().for_each(|value| self.value(value));
        let turns = record.later_turns();
        let questions = turns.flat_map(|turn| {
            let id = RecordId { shard, ordinal, message_index: turn as u32 };
            questions(id, conversation, judge)
        });
        self.questions.extend(questions);
    }

    /// Takes up a row about a turn that was found to be feedback.
    pub(super) fn feedback(&mut self, row: &Feedback) {
        self.conversation((row.id.shard, row.id.ordinal), &row.conversation_id);
        self.turns.insert(row.id);
        self.texts.insert(row.span.clone());
        row.metadata.values().for_each(|value| self.value(value));
    }

    /// Takes up a row about turns that wait, or waited.
    pub(super) fn spooled(&mut self, row: &SpoolRow) {
        self.turns.extend(row.turns.iter().map(|turn| turn.id));
        self.drawn(row);
    }

    /// Takes up a row about turns that were drawn.
    pub(super) fn drawn(&mut self, row: &SpoolRow) {
        for TurnRecord { id, conversation_id, metadata, .. } in &row.turns {
            self.conversation((id.shard, id.ordinal), conversation_id);
            metadata.values().for_each(|value| self.value(value));
        }
        self.texts.extend(row.question.lines.iter().map(|line| line.text.clone()));
        self.texts.extend(row.standing.iter().flat_map(|standing| standing.groups.values().cloned()));
        self.questions.push(row.question.clone());
    }

    /// Takes up what a column holds.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => drop(self.texts.insert(number.to_string())),
            Value::String(text) => drop(self.texts.insert(text.clone())),
            Value::Array(values) => values.iter().for_each(|value| self.value(value)),
            Value::Object(values) => values.values().for_each(|value| self.value(value)),
        }
    }
}

fn tool_texts(tool: &ToolUse) -> impl Iterator<Item = &str> {
    let (first, second) = match &tool.part {
        ToolPart::Call { arguments, .. } => (arguments, None),
        ToolPart::Result { text, .. } => (text, None::<&String>),
    };
    std::iter::once(first).chain(second).map(String::as_str)
}

/// The questions that runs, audits and comparisons ask about a turn.
fn questions(id: RecordId, conversation: &Conversation<'_>, judge: &JudgeSection) -> Vec<Question> {
    let of = |lines| Question { id, lines, open: vec![id.message_index], hints: Vec::new() };
    let whole = (0..).zip(&conversation.messages);
    let whole = whole.map(|(index, m)| DialogueLine { index, role: m.role, text: m.text.to_string() });
    let open = JudgeSection { window_messages: None, window_bytes: None, ..judge.clone() };
    let windows = [judge, &open].map(settings::kept_window);
    let windowed = windows.map(|window| prompt::window(conversation, id.message_index as usize, &window));
    windowed.into_iter().chain([whole.collect()]).map(of).collect()
}
