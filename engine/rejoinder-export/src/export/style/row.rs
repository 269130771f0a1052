//! A row as each library reads it.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::library::Style;
use super::message::MessageForm;
use crate::export::chat::ChatMessage;
use crate::export::example::{Example, TrainingTask};

/// A row of a training file.
#[derive(Clone, Copy, Debug)]
pub struct TrainingRow<'a> {
    pub(super) style: Style,
    pub(super) task: TrainingTask,
    pub(super) example: &'a Example,
}

impl Serialize for TrainingRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Example { prompt, completion, rejected, label, .. } = self.example;
        let answer = ChatMessage::assistant(completion);
        let worse = ChatMessage::assistant(rejected.as_deref().unwrap_or_default());
        let form = match self.style {
            Style::Trl => MessageForm::Objects,
            Style::Axolotl(_) => MessageForm::Texts,
            Style::LlamaFactory => MessageForm::ShareGpt,
        };
        let written = |message| form.of(message);
        let asked: Vec<_> = prompt.iter().map(written).collect();
        let whole = || prompt.iter().chain([&answer]);
        let mut row = serializer.serialize_map(None)?;
        match (self.style, self.task) {
            (Style::Trl, TrainingTask::Pairs) => {
                row.serialize_entry("prompt", &asked)?;
                row.serialize_entry("chosen", &[written(&answer)])?;
                row.serialize_entry("rejected", &[written(&worse)])?;
            }
            (Style::Trl, TrainingTask::Sft | TrainingTask::Kto) => {
                row.serialize_entry("prompt", &asked)?;
                row.serialize_entry("completion", &[written(&answer)])?;
            }
            (Style::Axolotl(template), TrainingTask::Kto) => {
                row.serialize_entry("prompt", &template.prompt(prompt))?;
                row.serialize_entry("completion", &template.completion(completion))?;
            }
            (Style::Axolotl(_), TrainingTask::Sft) => {
                let last = prompt.len();
                let learned =
                    whole().enumerate().map(|(place, message)| written(message).learned(place == last));
                row.serialize_entry("messages", &learned.collect::<Vec<_>>())?;
            }
            (Style::LlamaFactory, TrainingTask::Sft | TrainingTask::Kto) => {
                row.serialize_entry("messages", &whole().map(written).collect::<Vec<_>>())?;
            }
            (Style::Axolotl(_) | Style::LlamaFactory, TrainingTask::Pairs) => {
                row.serialize_entry("messages", &asked)?;
                row.serialize_entry("chosen", &written(&answer))?;
                row.serialize_entry("rejected", &written(&worse))?;
            }
        }
        if self.task == TrainingTask::Kto {
            row.serialize_entry("label", label)?;
        }
        row.serialize_entry("conversation_id", &self.example.conversation_id)?;
        row.serialize_entry("opening", &self.example.opening())?;
        row.serialize_entry("feedback_turn", &self.example.feedback_turn)?;
        if let Some(category) = self.example.category {
            row.serialize_entry("category", &category)?;
        }
        row.end()
    }
}
