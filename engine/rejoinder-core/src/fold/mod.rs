//! Text as it is compared: in one normal form, and word by word.

mod folded;
mod words;

pub use folded::{Folded, is_folded, may_compose};
pub use words::{is_unsegmented, is_word_boundary, is_word_char, words, words_with};
