//! The tokens of a text, by the model's own tokenizer.

use std::path::Path;

use tokenizers::{Encoding, PostProcessor, Tokenizer, TruncationParams, truncate_encodings};

/// Makes tokens of texts.
#[derive(Debug)]
pub struct Tokens {
    tokenizer: Tokenizer,
    max_tokens: usize,
}

impl Tokens {
    /// Reads a `tokenizer.json`; truncation and padding are not the file's, but `max_tokens` and none.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a usable tokenizer.
    pub fn load(file: &Path, max_tokens: usize) -> Result<Self, String> {
        let shown = file.display();
        let bytes = std::fs::read(file).map_err(|e| format!("cannot read the tokenizer `{shown}`: {e}"))?;
        let unusable = |why: tokenizers::Error| format!("`{shown}` is no usable tokenizer.json: {why}");
        let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(unusable)?;
        tokenizer.with_padding(None).with_truncation(None).map_err(unusable)?;
        Ok(Self { tokenizer, max_tokens })
    }

    /// The tokens of a text, or of two, with the special tokens that the tokenizer puts around them. Of two texts that are too
    /// long together the longer one loses its end first.
    ///
    /// # Errors
    /// The tokenizer cannot read the text.
    pub fn of(&self, text: &str, pair: Option<&str>) -> Result<Encoding, String> {
        let all = |text: &str| self.tokenizer.encode_fast(text, false);
        // Not by the tokenizer's own truncation: that stops to read a text early, and then shares out otherwise between two.
        let tokens = || -> tokenizers::Result<Encoding> {
            let processor = self.tokenizer.get_post_processor();
            let special = processor.map_or(0, |processor| processor.added_tokens(pair.is_some()));
            let max_length = self.max_tokens.saturating_sub(special);
            let truncation = TruncationParams { max_length, ..TruncationParams::default() };
            let (text, pair) = truncate_encodings(all(text)?, pair.map(all).transpose()?, &truncation)?;
            self.tokenizer.post_process(text, pair, true)
        };
        tokens().map_err(|why| format!("the tokenizer failed: {why}"))
    }
}
