//! Tasks for people in Argilla or Label Studio: feedback that a run found, to review, or turns that an audit drew, to judge.
//! [`crate::labels::foreign`] reads the answers, so ids and message indices are those of the source.

use std::borrow::Cow;
use std::path::Path;

use rejoinder_core::{Category, Conversation, Feedback, RecordId, Role, ToolPart, ToolUse};
use serde::Serialize;
use serde_json::{Value, json};

use super::steps::tools_in;
use crate::labels::selection::TurnSelection;

/// A program in which people review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewTool {
    /// Argilla 2, with a record for each feedback.
    Argilla,
    /// Label Studio, with a task for each dialogue, in which reviewers also mark what the run missed.
    LabelStudio,
}

impl ReviewTool {
    /// The tasks about the feedback of one conversation. `tools` are the calls and results in the order of the messages.
    pub fn tasks(
        self,
        conversation: &Conversation<'_>,
        tools: &[ToolUse],
        feedback: &[Feedback],
    ) -> Vec<Value> {
        let shown = all_shown(conversation, tools);
        match self {
            Self::Argilla => feedback.iter().map(|row| found(conversation, &shown, row)).collect(),
            Self::LabelStudio => {
                let mut task = dialogue(conversation, &shown, TurnSelection::FoundByRun);
                task["predictions"] = predictions(feedback);
                vec![task]
            }
        }
    }

    /// The tasks about drawn turns of one conversation. They do not say what the run decided about the turns.
    pub fn blind_tasks(
        self,
        conversation: &Conversation<'_>,
        tools: &[ToolUse],
        turns: &[RecordId],
        drawn: TurnSelection,
    ) -> Vec<Value> {
        let shown = all_shown(conversation, tools);
        match self {
            Self::Argilla => turns.iter().map(|turn| record(conversation, &shown, *turn, drawn)).collect(),
            Self::LabelStudio => vec![dialogue(conversation, &shown, drawn)],
        }
    }

    /// The settings with which the program reads the tasks in `file`.
    pub fn setup(self, file: &Path) -> String {
        match self {
            Self::Argilla => {
                let labels: Vec<_> = Category::ALL.iter().map(|c| c.code()).chain(["NONE"]).collect();
                format!(
                    "# Python\nsettings = rg.Settings(\n    fields=[rg.ChatField(\"chat\"), rg.TextField(\"feedback\")],\n    \
                     questions=[rg.LabelQuestion(\"label\", labels={labels:?})],\n    \
                     metadata=[rg.TermsMetadataProperty(\"source\"), rg.TermsMetadataProperty(\"record\"),\n        \
                     rg.TermsMetadataProperty(\"drawn\")],\n)\n\
                     dataset = rg.Dataset(name=\"feedback\", settings=settings).create()\n\
                     dataset.records.from_json({:?})\n",
                    file.display().to_string()
                )
            }
            Self::LabelStudio => {
                let mut config =
                    "<View>\n  <ParagraphLabels name=\"category\" toName=\"dialogue\">\n".to_owned();
                for category in Category::ALL {
                    config += &format!("    <Label value=\"{category}\" hint=\"{}\"/>\n", category.name());
                }
                config
                    + "  </ParagraphLabels>\n  <Paragraphs name=\"dialogue\" value=\"$dialogue\" layout=\"dialogue\" \
                       nameKey=\"author\" textKey=\"text\"/>\n</View>\n"
            }
        }
    }
}

/// The words of a message, and below them its calls and results of tools. The words come first, so that places in them stay.
fn shown<'a>(conversation: &'a Conversation<'_>, tools: &[ToolUse], message: usize) -> Cow<'a, str> {
    let said = &conversation.messages[message];
    let used = tools_in(tools, message).filter_map(|part| match part {
        ToolPart::Call { name, arguments, .. } => Some(format!("[calls {name}] {arguments}")),
        // The text of a tool's message is its results.
        ToolPart::Result { .. } if said.role == Role::Tool => None,
        ToolPart::Result { text, .. } => Some(format!("[result] {text}")),
    });
    used.fold(Cow::Borrowed(&*said.text), |all, used| match all.is_empty() {
        true => Cow::Owned(used),
        false => Cow::Owned(format!("{all}\n{used}")),
    })
}

#[derive(Serialize)]
struct ChatEntry<'a> {
    role: &'static str,
    content: Cow<'a, str>,
}

/// A text as Argilla's fields take it: the fields show their text as HTML, and chat text must not become HTML. Label Studio's
/// paragraphs show text as text.
fn as_html(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>']) {
        return text.into();
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").into()
}

fn all_shown<'a>(conversation: &'a Conversation<'_>, tools: &[ToolUse]) -> Vec<Cow<'a, str>> {
    (0..conversation.messages.len()).map(|at| shown(conversation, tools, at)).collect()
}

/// A record of Argilla about a turn.
fn record(
    conversation: &Conversation<'_>,
    shown: &[Cow<'_, str>],
    id: RecordId,
    drawn: TurnSelection,
) -> Value {
    let turn = id.message_index as usize;
    let before = conversation.messages[..turn].iter().zip(shown).filter(|(_, text)| !text.trim().is_empty());
    let chat: Vec<_> = before
        .map(|(message, text)| ChatEntry { role: message.role.name(), content: as_html(text) })
        .collect();
    json!({
        "id": format!("{}#{turn}", conversation.id),
        "fields": { "chat": chat, "feedback": as_html(&conversation.messages[turn].text) },
        "metadata": { "record": id.to_string(), "drawn": drawn.name() },
        "suggestions": {},
        "responses": {},
        "vectors": {}
    })
}

/// A record of Argilla about feedback that a run found, with the feedback as a suggestion.
fn found(conversation: &Conversation<'_>, shown: &[Cow<'_, str>], feedback: &Feedback) -> Value {
    let mut record = record(conversation, shown, feedback.id, TurnSelection::FoundByRun);
    record["metadata"]["source"] = feedback.source.name().into();
    record["suggestions"]["label"] =
        json!({ "value": feedback.category.code(), "score": feedback.score(), "agent": agent(feedback) });
    record
}

/// Who suggests, in the characters that Argilla takes.
fn agent(feedback: &Feedback) -> String {
    let who = if feedback.model.is_empty() { feedback.source.name() } else { &feedback.model };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_:./ ".contains(c);
    format!("rejoinder/{who}").chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

/// A task of Label Studio about a dialogue.
fn dialogue(conversation: &Conversation<'_>, shown: &[Cow<'_, str>], drawn: TurnSelection) -> Value {
    let dialogue: Vec<_> = conversation
        .messages
        .iter()
        .zip(shown)
        .map(|(message, text)| json!({ "author": message.role.name(), "text": text }))
        .collect();
    json!({ "data": { "conversation_id": conversation.id, "dialogue": dialogue, "drawn": drawn.name() } })
}

fn predictions(feedback: &[Feedback]) -> Value {
    let regions: Vec<_> = feedback.iter().map(region).collect();
    let least = feedback.iter().filter_map(Feedback::score).min_by(f32::total_cmp);
    json!([{
        "model_version": format!("rejoinder-{}", env!("CARGO_PKG_VERSION")),
        "score": least.unwrap_or(1.0),
        "result": regions
    }])
}

/// Label Studio counts in UTF-16 code units, and paragraphs by text.
fn region(feedback: &Feedback) -> Value {
    let paragraph = feedback.message_index.to_string();
    json!({
        "id": feedback.id.to_string(),
        "from_name": "category",
        "to_name": "dialogue",
        "type": "paragraphlabels",
        "value": {
            "start": &paragraph,
            "end": &paragraph,
            "startOffset": feedback.span_start_utf16,
            "endOffset": feedback.span_end_utf16,
            "text": feedback.span,
            "paragraphlabels": [feedback.category.code()]
        }
    })
}
