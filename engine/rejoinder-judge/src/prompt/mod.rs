//! Questions in words: constant instructions first, so that servers reuse their prefix; the dialogue after them, fenced;
//! a short question last.

mod fence;
mod fit;
mod render;
mod template;
mod window;

pub use fit::PromptLimit;
pub use render::{count_conversation, render};
pub use template::{AnswerFormat, PromptTemplate, PromptTemplateError};
pub use window::{DialogueWindow, PromptWindow, window};
