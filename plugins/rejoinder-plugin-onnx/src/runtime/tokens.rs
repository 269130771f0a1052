//! The tokens of a text, by the model's own tokenizer.

use std::path::Path;

use tokenizers::{EncodeInput, Encoding, Tokenizer, TruncationParams};

/// Makes tokens of texts.
#[derive(Debug)]
pub struct Tokens(Tokenizer);

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
        let truncation = TruncationParams { max_length: max_tokens, ..TruncationParams::default() };
        tokenizer.with_padding(None).with_truncation(Some(truncation)).map_err(unusable)?;
        Ok(Self(tokenizer))
    }

    /// The tokens of a text, or of two, with the special tokens that the tokenizer puts around them.
    ///
    /// # Errors
    /// The tokenizer cannot read the text.
    pub fn of(&self, text: &str, pair: Option<&str>) -> Result<Encoding, String> {
        let input: EncodeInput<'_> = match pair {
            Some(pair) => (text, pair).into(),
            None => text.into(),
        };
        self.0.encode_fast(input, true).map_err(|why| format!("the tokenizer failed: {why}"))
    }
}
