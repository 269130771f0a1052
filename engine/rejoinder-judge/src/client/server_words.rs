//! What servers say in words: their messages, and what these say of the model's context.

use serde_json::Value;

use crate::config::ApiKey;

/// The number of characters of a server's message that are shown.
const MAX_MESSAGE: usize = 300;

/// Whether a refusal says that the prompt is longer than the model's context, in the words of vLLM, llama.cpp, OpenAI, SGLang or
/// TGI.
pub(crate) fn speaks_of_context(body: &[u8]) -> bool {
    const WORDS: [&str; 6] = [
        "context length",
        "context_length_exceeded",
        "exceed_context_size",
        "context size",
        "longer than the model",
        "inputs tokens + max_new_tokens",
    ];
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]).to_lowercase();
    WORDS.iter().any(|words| text.contains(words))
}

/// The server's own words: OpenAI's `error.message`, Ollama's `error`, FastAPI's `detail` or `message`, or the body.
/// A server that refuses an API key may repeat the key, which is not shown.
pub(crate) fn message_of(body: &[u8], api_key: Option<&ApiKey>) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let told = [&value["error"]["message"], &value["error"], &value["message"], &value["detail"]]
        .into_iter()
        .find_map(Value::as_str)
        .map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    let told = api_key.map_or(told.clone(), |key| key.hidden_in(&told));
    shown(&told)
}

/// The beginning of what a server says, on one line.
pub(crate) fn shown(told: &str) -> String {
    let shown: String =
        told.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_MESSAGE).collect();
    shown.trim().to_owned()
}
