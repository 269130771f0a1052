//! Tasks for people to review: what a run found, for Argilla or Label Studio. What they say comes back by
//! [`crate::labels::foreign`], so ids and message indices are those of the source.

use std::path::Path;

use rejoinder_core::{Category, Conversation, Feedback};
use serde::Serialize;
use serde_json::{Value, json};

use super::table::Offsets;

/// A program for review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reviewer {
    /// Argilla 2: a record for each feedback.
    Argilla,
    /// Label Studio: a task for each dialogue, in which reviewers also mark what was missed.
    LabelStudio,
}

impl Reviewer {
    /// The tasks about one conversation.
    pub fn tasks(self, conversation: &Conversation<'_>, feedback: &[Feedback]) -> Vec<Value> {
        match self {
            Self::Argilla => feedback.iter().map(|row| argilla(conversation, row)).collect(),
            Self::LabelStudio => vec![label_studio(conversation, feedback)],
        }
    }

    /// What sets the program up for these tasks, which are in `file`.
    pub fn setup(self, file: &Path) -> String {
        match self {
            Self::Argilla => {
                let labels: Vec<_> = Category::ALL.iter().map(|c| c.code()).chain(["NONE"]).collect();
                format!(
                    "# Python\nsettings = rg.Settings(\n    fields=[rg.ChatField(\"chat\"), rg.TextField(\"feedback\")],\n    \
                     questions=[rg.LabelQuestion(\"label\", labels={labels:?})],\n    \
                     metadata=[rg.TermsMetadataProperty(\"source\"), rg.TermsMetadataProperty(\"record\")],\n)\n\
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

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    content: &'a str,
}

fn argilla(conversation: &Conversation<'_>, feedback: &Feedback) -> Value {
    let turn = feedback.message_index as usize;
    let before = conversation.messages[..turn].iter().filter(|message| !message.is_blank());
    let chat: Vec<_> =
        before.map(|message| Said { role: message.role.name(), content: &message.text }).collect();
    json!({
        "id": format!("{}#{turn}", conversation.id),
        "fields": { "chat": chat, "feedback": &*conversation.messages[turn].text },
        "metadata": { "source": feedback.source.name(), "record": feedback.id.to_string() },
        "suggestions": {
            "label": { "value": feedback.category.code(), "score": feedback.score(), "agent": agent(feedback) }
        },
        "responses": {},
        "vectors": {}
    })
}

/// Who suggests, in the characters that Argilla takes.
fn agent(feedback: &Feedback) -> String {
    let who = if feedback.model.is_empty() { feedback.source.name() } else { &feedback.model };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_:./ ".contains(c);
    format!("rejoinder/{who}").chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

fn label_studio(conversation: &Conversation<'_>, feedback: &[Feedback]) -> Value {
    let dialogue: Vec<_> = conversation
        .messages
        .iter()
        .map(|message| json!({ "author": message.role.name(), "text": &*message.text }))
        .collect();
    let regions: Vec<_> = feedback.iter().map(|row| region(conversation, row)).collect();
    let least = feedback.iter().filter_map(Feedback::score).min_by(f32::total_cmp);
    json!({
        "data": { "conversation_id": conversation.id, "dialogue": dialogue },
        "predictions": [{
            "model_version": format!("rejoinder-{}", env!("CARGO_PKG_VERSION")),
            "score": least.unwrap_or(1.0),
            "result": regions
        }]
    })
}

/// Label Studio counts in UTF-16 code units, and paragraphs by text.
fn region(conversation: &Conversation<'_>, feedback: &Feedback) -> Value {
    let paragraph = feedback.message_index.to_string();
    let text = &conversation.messages[feedback.message_index as usize].text;
    let Offsets { start, end } = Offsets::utf16(text, feedback);
    json!({
        "id": feedback.id.to_string(),
        "from_name": "category",
        "to_name": "dialogue",
        "type": "paragraphlabels",
        "value": {
            "start": &paragraph,
            "end": &paragraph,
            "startOffset": start,
            "endOffset": end,
            "text": feedback.span,
            "paragraphlabels": [feedback.category.code()]
        }
    })
}
