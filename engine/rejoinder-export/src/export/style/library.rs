//! The training libraries, and what each has a form for.

use rejoinder_core::Role;

use super::message;
use super::row::TrainingRow;
use crate::export::chat::ChatMessage;
use crate::export::example::{Example, TrainingTask};
use crate::export::template::ChatTemplate;

/// A training library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// TRL's conversational forms.
    Trl,
    /// Axolotl, which takes KTO rows as text only, so that a chat template renders them.
    Axolotl(ChatTemplate),
    /// LLaMA-Factory.
    LlamaFactory,
}

impl Style {
    /// The name that users give.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trl => "trl",
            Self::Axolotl(_) => "axolotl",
            Self::LlamaFactory => "llamafactory",
        }
    }

    /// The name of the library.
    pub const fn library(self) -> &'static str {
        match self {
            Self::Trl => "TRL",
            Self::Axolotl(_) => "Axolotl",
            Self::LlamaFactory => "LLaMA-Factory",
        }
    }

    /// The row of an example.
    pub const fn row(self, task: TrainingTask, example: &Example) -> TrainingRow<'_> {
        TrainingRow { style: self, task, example }
    }

    /// Whether the library has a form for what the example does with tools.
    pub fn expresses(self, task: TrainingTask, example: &Example) -> bool {
        let prompt = &*example.prompt;
        match (self, task) {
            _ if !example.has_tools() => true,
            (Self::Trl, _) | (Self::Axolotl(_), TrainingTask::Sft) => true,
            // Its loader copies roles and contents alone.
            (Self::Axolotl(_), TrainingTask::Pairs) => false,
            (Self::Axolotl(template), TrainingTask::Kto) => template.expresses(prompt),
            (Self::LlamaFactory, _) => alternate(prompt) && prompt.iter().all(message::fits_share_gpt),
        }
    }

    /// Whether calls and results are written by a chat template that the user has to give.
    pub const fn needs_template(self, task: TrainingTask) -> bool {
        matches!((self, task), (Self::Trl, _) | (Self::Axolotl(_), TrainingTask::Sft))
    }
}

/// Whether the assistant takes turns with users or tools, as LLaMA-Factory's loader asks. So there is one result at a time.
fn alternate(prompt: &[ChatMessage]) -> bool {
    let turns = prompt.iter().skip_while(|message| message.role == Role::System);
    turns.enumerate().all(|(place, message)| (message.role == Role::Assistant) == (place % 2 == 1))
}
