//! Counts tokens, exactly or by an estimate.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rejoinder_core::text::CharCount;

use super::estimate::{estimate, range};
use super::tokenizer::{Tokenizer, TokenizerError};

/// The tokens that a chat template may put around a prompt: the turn markers, and the system prompt of some templates.
pub(super) const TEMPLATE: u64 = 128;

/// The number of tokens of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptTokens {
    /// The fewest, expected and most tokens to plan with: the tokenizer's count, or see [`range`](super::range).
    pub range: (u64, u64, u64),
    /// A number of tokens that the prompt does not exceed, with an allowance for the model's chat template.
    ///
    /// Without a tokenizer file, the bound is a token a byte: byte fallback never makes more of a text that the tokenizer
    /// takes as it is (a tokenizer that decomposes rare characters first may).
    pub bound: u64,
}

/// Counts tokens. Clones share the tokenizer; without a tokenizer, the count is an estimate.
#[derive(Clone, Default)]
pub struct TokenCounter(Option<Arc<Tokenizer>>);

impl TokenCounter {
    /// A counter that estimates by the characters alone.
    pub fn estimate() -> Self {
        Self::default()
    }

    /// A counter that uses the model's own tokenizer, a `tokenizer.json`.
    ///
    /// # Errors
    /// If the file cannot be read, is not a usable tokenizer, or this build lacks the feature `tokenizer`.
    pub fn from_file(path: &Path) -> Result<Self, TokenizerError> {
        Ok(Self(Some(Arc::new(Tokenizer::from_file(path)?))))
    }

    /// Whether the counts are the model's own and not estimates.
    pub const fn is_exact(&self) -> bool {
        self.0.is_some()
    }

    /// The expected number of tokens of `text`, without those that a chat template adds.
    pub fn count(&self, text: &str) -> u64 {
        self.exact(text).unwrap_or_else(|| estimate(text))
    }

    /// The number of tokens of a prompt of `text`.
    pub fn measure(&self, text: &str) -> PromptTokens {
        if let Some(tokens) = self.exact(text) {
            return PromptTokens { range: (tokens, tokens, tokens), bound: tokens + TEMPLATE };
        }
        let (low, expected, high) = range(CharCount::of(text));
        let bytes = text.len() as u64;
        // SentencePiece puts a space before the text.
        PromptTokens { range: (low, expected, high.min(bytes + 1)), bound: bytes + TEMPLATE }
    }

    /// The tokenizer's count; `None` without a tokenizer, or if the tokenizer has no token for something in `text`.
    fn exact(&self, text: &str) -> Option<u64> {
        self.0.as_ref()?.count(text)
    }
}

impl fmt::Debug for TokenCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_exact() { "TokenCounter(tokenizer)" } else { "TokenCounter(estimate)" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn estimates_by_kinds_of_characters() {
        let texts = ["", "five words of plain ASCII", "a[0] = 1;", "谢谢", "спасибо", "déjà vu"];
        assert_eq!(texts.map(estimate), [0, 5, 7, 3, 3, 3]);
        assert_eq!(texts.map(|text| TokenCounter::estimate().count(text)), texts.map(estimate));
        assert_eq!(TokenCounter::default().measure(&"word ".repeat(100)).range, (77, 100, 143));
    }

    proptest! {
        #[test]
        fn bounds_enclose_the_estimate(text in "(\\PC|[no \\n1é谢😀]){0,80}") {
            let estimate = TokenCounter::estimate();
            let PromptTokens { range: (low, expected, high), bound } = estimate.measure(&text);
            prop_assert!(low <= expected && expected <= high && high <= bound);
        }
    }
}
