//! Rows as a training library wants them, and the piece of configuration that tells it so.
//!
//! No row has a column whose name a library gives a meaning of its own, no list is null, and no column changes its type. A message
//! has the keys that it needs and no others: many templates take `tool_calls` for a call as soon as the key is
//! there. TRL's arguments are objects of any shape, which `datasets` reads since 4.7, as TRL itself asks for.

mod configuration;
mod message;

pub use configuration::desirable_weight;

use rejoinder_core::Role;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::chat::ChatMessage;
use super::example::{Example, Task};
use super::template::Template;
use message::Form;

/// A training library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// TRL's conversational forms.
    Trl,
    /// Axolotl. It takes KTO rows as text only, so they are rendered by a chat template.
    Axolotl(Template),
    /// LLaMA-Factory.
    LlamaFactory,
}

/// A row of a training file.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    style: Style,
    task: Task,
    example: &'a Example,
}

impl Style {
    /// The row of an example.
    pub const fn row(self, task: Task, example: &Example) -> Row<'_> {
        Row { style: self, task, example }
    }

    /// Whether the library has a form for what the example does with tools.
    pub fn expresses(self, task: Task, example: &Example) -> bool {
        let prompt = &*example.prompt;
        match (self, task) {
            _ if !example.has_tools() => true,
            (Self::Trl, _) | (Self::Axolotl(_), Task::Sft) => true,
            // Its loader copies roles and contents alone.
            (Self::Axolotl(_), Task::Pairs) => false,
            (Self::Axolotl(template), Task::Kto) => template.expresses(prompt),
            (Self::LlamaFactory, _) => alternate(prompt) && prompt.iter().all(message::fits_share_gpt),
        }
    }

    /// Whether it is a chat template of the user's own that writes calls and results.
    pub const fn needs_template(self, task: Task) -> bool {
        matches!((self, task), (Self::Trl, _) | (Self::Axolotl(_), Task::Sft))
    }
}

/// Whether users or tools, and the assistant, take turns, as LLaMA-Factory's loader asks; so there is one result at a time.
fn alternate(prompt: &[ChatMessage]) -> bool {
    let turns = prompt.iter().skip_while(|message| message.role == Role::System);
    turns.enumerate().all(|(place, message)| (message.role == Role::Assistant) == (place % 2 == 1))
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Example { prompt, completion, rejected, label, .. } = self.example;
        let answer = ChatMessage::assistant(completion);
        let worse = ChatMessage::assistant(rejected.as_deref().unwrap_or_default());
        let form = match self.style {
            Style::Trl => Form::Objects,
            Style::Axolotl(_) => Form::Texts,
            Style::LlamaFactory => Form::ShareGpt,
        };
        let written = |message| form.of(message);
        let asked: Vec<_> = prompt.iter().map(written).collect();
        let whole = || prompt.iter().chain([&answer]);
        let mut row = serializer.serialize_map(None)?;
        match (self.style, self.task) {
            (Style::Trl, Task::Pairs) => {
                row.serialize_entry("prompt", &asked)?;
                row.serialize_entry("chosen", &[written(&answer)])?;
                row.serialize_entry("rejected", &[written(&worse)])?;
            }
            (Style::Trl, Task::Sft | Task::Kto) => {
                row.serialize_entry("prompt", &asked)?;
                row.serialize_entry("completion", &[written(&answer)])?;
            }
            (Style::Axolotl(template), Task::Kto) => {
                row.serialize_entry("prompt", &template.prompt(prompt))?;
                row.serialize_entry("completion", &template.completion(completion))?;
            }
            (Style::Axolotl(_), Task::Sft) => {
                let last = prompt.len();
                let learned =
                    whole().enumerate().map(|(place, message)| written(message).learned(place == last));
                row.serialize_entry("messages", &learned.collect::<Vec<_>>())?;
            }
            (Style::LlamaFactory, Task::Sft | Task::Kto) => {
                row.serialize_entry("messages", &whole().map(written).collect::<Vec<_>>())?;
            }
            (Style::Axolotl(_) | Style::LlamaFactory, Task::Pairs) => {
                row.serialize_entry("messages", &asked)?;
                row.serialize_entry("chosen", &written(&answer))?;
                row.serialize_entry("rejected", &written(&worse))?;
            }
        }
        if self.task == Task::Kto {
            row.serialize_entry("label", label)?;
        }
        row.serialize_entry("conversation_id", &self.example.conversation_id)?;
        row.serialize_entry("feedback_turn", &self.example.feedback_turn)?;
        row.serialize_entry("category", &self.example.category)?;
        row.end()
    }
}
