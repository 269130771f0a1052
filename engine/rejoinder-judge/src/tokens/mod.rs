//! How many tokens a text is: by the model's own tokenizer where its file is at hand, else by the characters of the text.

mod counter;
mod estimate;
#[cfg(not(feature = "tokenizer"))]
#[path = "no_tokenizer.rs"]
mod tokenizer;
#[cfg(feature = "tokenizer")]
mod tokenizer;

pub use counter::{PromptTokens, TokenCounter};
pub use estimate::{estimate, of, range};
pub use tokenizer::TokenizerError;
