//! The content of a message: a text, or parts of many kinds. Texts are joined by line feeds; all other parts leave no trace in the
//! text.

use rejoinder_core::ToolPart;
use serde_json::{Map, Value};

use super::tools;

/// The content of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// The texts, joined.
    pub text: String,
    /// Calls and results of tools.
    pub tools: Vec<ToolPart>,
    /// Whether there is an image, a sound, a file, or anything else that is shown and has no text.
    pub has_media: bool,
}

/// The kinds of parts.
enum PartKind {
    Text,
    Thinking,
    Call,
    Result,
    /// A call together with its result.
    Both,
    /// Marks of steps, sources and the like.
    Silent,
    Media,
    Unknown,
}

/// A content nested deeper than this is no text.
const DEPTH: usize = 8;

impl Content {
    /// The content that a value is.
    pub(crate) fn of(value: &Value) -> Self {
        let mut content = Self::default();
        content.add(value, 0);
        content
    }

    /// Whether the content holds nothing at all.
    pub(crate) fn is_nothing(&self) -> bool {
        self.text.trim().is_empty() && self.tools.is_empty() && !self.has_media
    }

    /// Whether a value is plainly a part: an object of a known kind, with a text where the kind has texts.
    pub(crate) fn is_part(value: &Value) -> bool {
        let Some(part) = value.as_object() else { return false };
        let Some(name) = part.get("type").and_then(Value::as_str) else { return false };
        match kind(&name.to_ascii_lowercase().replace('-', "_"), part) {
            PartKind::Unknown => false,
            PartKind::Text => ["text", "content", "refusal"].iter().any(|key| part.contains_key(*key)),
            _ => true,
        }
    }

    fn say(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    fn add(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null => {}
            Value::String(text) => self.say(text),
            Value::Array(parts) if depth < DEPTH => parts.iter().for_each(|part| self.add(part, depth + 1)),
            Value::Object(part) if depth < DEPTH => self.part(part, depth),
            Value::Bool(_) | Value::Number(_) => self.say(&value.to_string()),
            Value::Array(_) | Value::Object(_) => self.has_media = true,
        }
    }

    fn part(&mut self, part: &Map<String, Value>, depth: usize) {
        let named =
            ["type", "content_type", "part_kind", "kind"].iter().find_map(|key| part.get(*key)?.as_str());
        let name = named.unwrap_or_default().to_ascii_lowercase().replace('-', "_");
        match kind(&name, part) {
            PartKind::Thinking | PartKind::Silent => {}
            PartKind::Call => self.tools.push(tools::call(part, "")),
            PartKind::Result => self.tools.push(tools::result(part)),
            PartKind::Both => self.tools.extend(tools::both(part, &name)),
            PartKind::Media => match part.get("transcript").and_then(Value::as_str) {
                Some(transcript) => self.say(transcript),
                None => self.has_media = true,
            },
            kind @ (PartKind::Text | PartKind::Unknown) => {
                let texts = ["text", "content", "refusal", "value", "parts", "transcript", "message_content"];
                let own = texts.iter().find_map(|key| part.get(*key).filter(|value| !value.is_null()));
                match own {
                    Some(inner) => self.add(inner, depth + 1),
                    None => self.has_media |= matches!(kind, PartKind::Unknown),
                }
            }
        }
    }
}

fn kind(name: &str, part: &Map<String, Value>) -> PartKind {
    let has = |key: &str| part.get(key).is_some_and(|value| !value.is_null());
    if part.get("thought").is_some_and(|thought| *thought == true) {
        return PartKind::Thinking;
    }
    match name {
        "" if has("functionCall") => PartKind::Call,
        "" if has("functionResponse") => PartKind::Result,
        ""
        | "text"
        | "input_text"
        | "output_text"
        | "refusal"
        | "multimodal_text"
        | "audio_transcription" => PartKind::Text,
        "think" | "thinking" | "redacted_thinking" | "reasoning" | "reasoning_content" | "thoughts"
        | "thought" | "reasoning_recap" | "reasoning_text" => PartKind::Thinking,
        "tool_invocation" | "dynamic_tool" => PartKind::Both,
        "tool_return"
        | "tool_response"
        | "tool_call_response"
        | "function_response"
        | "function_call_output"
        | "tool_call_output" => PartKind::Result,
        "tool_use" | "tool_call" | "tool_calls" | "function_call" | "function" => PartKind::Call,
        "step_start" | "step_finish" | "start" | "finish" | "source" | "source_url" | "source_document"
        | "citation" | "token_budget" | "flag" | "compaction" => PartKind::Silent,
        // An audio beside the transcript of what was said.
        "real_time_user_audio_video_asset_pointer" => PartKind::Silent,
        _ if name.ends_with("_tool_result")
            || name.ends_with("tool_result")
            || name.ends_with("_call_output") =>
        {
            PartKind::Result
        }
        _ if name.ends_with("tool_use") || name.ends_with("_call") => PartKind::Call,
        _ if name.starts_with("data_") => PartKind::Silent,
        _ if name.starts_with("tool_") => PartKind::Both,
        _ if ["image", "audio", "video", "file", "document", "media", "blob", "uri"]
            .iter()
            .any(|media| name.contains(media)) =>
        {
            PartKind::Media
        }
        _ => PartKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_text_leaves_no_trace() {
        for (content, text, has_media) in [
            (json!("a"), "a", false),
            (json!(["a", {"type": "text", "text": "b"}, {"text": "c"}]), "a\nb\nc", false),
            (json!([{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "b"}]), "b", false),
            (
                json!([{"type": "text", "text": "b"}, {"type": "tool_use", "name": "f", "input": {}}]),
                "b",
                false,
            ),
            (json!([{"type": "image_url", "image_url": {"url": "u"}}]), "", true),
            (json!([{"text": "x", "thought": true}, {"text": "b"}]), "b", false),
            (json!([{"type": "input_audio", "transcript": "b"}]), "b", false),
            (
                json!([{"content_type": "audio_transcription", "text": "b"}, {"content_type": "audio_asset_pointer"}]),
                "b",
                true,
            ),
            (json!({"content_type": "text", "parts": ["a", "b"]}), "a\nb", false),
            (json!([{"type": "text", "text": {"value": "b", "annotations": []}}]), "b", false),
            (
                json!([{"type": "step-start"}, {"type": "tool-f", "input": {}, "output": 1}, {"type": "text", "text": "b"}]),
                "b",
                false,
            ),
            (json!([{"type": "refusal", "refusal": "no"}]), "no", false),
            (json!(7), "7", false),
            (json!(null), "", false),
        ] {
            let found = Content::of(&content);
            assert_eq!((&*found.text, found.has_media), (text, has_media), "{content}");
        }
    }

    #[test]
    fn tools_stand_beside() {
        let content = json!([
            {"type": "tool_use", "id": "t", "name": "grep", "input": {"p": 1}},
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "found"}]},
            {"type": "tool-weather", "toolCallId": "w", "input": {"c": 2}, "output": {"t": 3}},
        ]);
        let of = |id: &str| Some(id.to_owned());
        assert_eq!(
            Content::of(&content).tools,
            [
                ToolPart::Call { id: of("t"), name: "grep".into(), arguments: r#"{"p":1}"#.into() },
                ToolPart::Result { id: of("t"), name: None, text: "found".into() },
                ToolPart::Call { id: of("w"), name: "weather".into(), arguments: r#"{"c":2}"#.into() },
                ToolPart::Result { id: of("w"), name: None, text: r#"{"t":3}"#.into() },
            ]
        );
    }

    #[test]
    fn a_content_nested_without_end_is_no_text() {
        let mut content = json!("deep");
        for _ in 0..200 {
            content = json!([content]);
        }
        assert!(Content::of(&content).has_media);
    }
}
