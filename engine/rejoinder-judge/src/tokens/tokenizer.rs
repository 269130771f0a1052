//! A model's own tokenizer.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file cannot be used as a tokenizer.
#[derive(Debug)]
pub struct TokenizerError {
    /// The file.
    path: PathBuf,
    problem: TokenizerProblem,
}

#[derive(Debug)]
enum TokenizerProblem {
    Unreadable(io::Error),
    NoJson,
    Invalid(tokenizers::Error),
    Unusable(tokenizers::Error),
}

impl fmt::Display for TokenizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.path.display();
        match &self.problem {
            TokenizerProblem::Unreadable(error) => write!(f, "cannot read the tokenizer {shown}: {error}"),
            TokenizerProblem::NoJson => write!(
                f,
                "{shown} is no tokenizer.json; a SentencePiece model (tokenizer.model) must be converted to one: \
                 in Python, `transformers.AutoTokenizer.from_pretrained(MODEL_DIR).save_pretrained(OUT_DIR)` writes it"
            ),
            TokenizerProblem::Invalid(error) => write!(f, "{shown} is no valid tokenizer.json: {error}"),
            TokenizerProblem::Unusable(error) => write!(f, "{shown}: {error}"),
        }
    }
}

impl std::error::Error for TokenizerError {}

/// A tokenizer from a `tokenizer.json`.
pub struct Tokenizer(tokenizers::Tokenizer);

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a usable tokenizer.
    pub fn from_file(path: &Path) -> Result<Self, TokenizerError> {
        let failed = |problem| TokenizerError { path: path.to_owned(), problem };
        let bytes = fs::read(path).map_err(|e| failed(TokenizerProblem::Unreadable(e)))?;
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(failed(TokenizerProblem::NoJson));
        }
        let invalid = |e| failed(TokenizerProblem::Invalid(e));
        let mut tokenizer = tokenizers::Tokenizer::from_bytes(bytes).map_err(invalid)?;
        // Some files ask for padding or truncation, which would falsify the count.
        tokenizer
            .with_padding(None)
            .with_truncation(None)
            .map_err(|e| failed(TokenizerProblem::Unusable(e)))?;
        Ok(Self(tokenizer))
    }

    /// The number of tokens of `text`; `None` if the tokenizer has no token for something in there.
    pub fn count(&self, text: &str) -> Option<u64> {
        Some(self.0.encode_fast(text, false).ok()?.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tokens::counter::TEMPLATE;
    use crate::tokens::{PromptTokens, TokenCounter};

    fn from_text(text: &[u8]) -> Result<TokenCounter, TokenizerError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokenizer.json");
        fs::write(&path, text).unwrap();
        TokenCounter::from_file(&path)
    }

    /// A tokenizer with byte fallback that knows "▁no" and whose file asks to truncate and to pad.
    fn tiny() -> TokenCounter {
        let mut vocab = serde_json::Map::new();
        for token in ["<unk>", "<s>", "n", "o", "▁", "▁n", "▁no"] {
            vocab.insert(token.into(), vocab.len().into());
        }
        for byte in 0..=255_u8 {
            vocab.insert(format!("<0x{byte:02X}>"), vocab.len().into());
        }
        let file = serde_json::json!({
            "version": "1.0",
            "truncation": { "direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0 },
            "padding": {
                "strategy": { "Fixed": 8 }, "direction": "Right", "pad_to_multiple_of": null,
                "pad_id": 0, "pad_type_id": 0, "pad_token": "<unk>"
            },
            "added_tokens": [{
                "id": 1, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true
            }],
            "normalizer": { "type": "Sequence", "normalizers": [
                { "type": "Prepend", "prepend": "▁" },
                { "type": "Replace", "pattern": { "String": " " }, "content": "▁" }
            ] },
            "pre_tokenizer": null,
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [{ "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }],
                "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 0 } }],
                "special_tokens": { "<s>": { "id": "<s>", "ids": [1], "tokens": ["<s>"] } }
            },
            "decoder": null,
            "model": {
                "type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
                "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true,
                "vocab": vocab, "merges": [["▁", "n"], ["▁n", "o"]]
            }
        });
        from_text(file.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn counts_as_the_file_says_without_truncating_padding_or_special_tokens() {
        let counter = tiny();
        let of = |text| (counter.count(text), counter.measure(text).bound, counter.measure(text).range);
        assert_eq!(of("no"), (1, 1 + TEMPLATE, (1, 1, 1)));
        assert_eq!(of("no no no no no no no no no谢"), (12, 12 + TEMPLATE, (12, 12, 12)));
        assert_eq!(counter.clone().count(""), 0);
    }

    #[test]
    fn is_shared_between_threads() {
        fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
        shared(&tiny());
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let missing = TokenCounter::from_file(Path::new("/nowhere/tokenizer.json")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read the tokenizer /nowhere/tokenizer.json: "), "{missing}");
        let refusal = |text: &[u8]| {
            let error = from_text(text).unwrap_err();
            error.to_string().replace(&error.path.display().to_string(), "FILE")
        };
        let model = refusal(b"\n\x0e\n\x05<unk>\x15");
        assert!(model.starts_with("FILE is no tokenizer.json; a SentencePiece model"), "{model}");
        let config = refusal(br#"{"tokenizer_class": "LlamaTokenizer"}"#);
        assert!(config.starts_with("FILE is no valid tokenizer.json: "), "{config}");
    }

    proptest! {
        #[test]
        fn the_bound_of_the_estimate_holds(text in "(\\PC|[no \\n1é谢😀]){0,80}") {
            let PromptTokens { bound, .. } = TokenCounter::estimate().measure(&text);
            prop_assert!(tiny().count(&text) <= bound);
        }
    }
}
