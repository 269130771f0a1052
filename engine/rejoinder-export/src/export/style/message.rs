//! A message as each library reads it. Calls of tools stand beside the words, or the whole message is one text.

use rejoinder_core::Role;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::export::chat::{ChatMessage, ToolCall};

/// Where LLaMA-Factory finds the calls of a message that has words, too.
const CALLS: [&str; 2] = ["<tool_call>", "</tool_call>"];

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageForm {
    /// OpenAI's, with arguments as objects: what chat templates read; most templates write a text as one more JSON string.
    Objects,
    /// OpenAI's, with arguments as JSON text, which the library parses: so the column has one type.
    Texts,
    /// ShareGPT's: a message is a role and a text. A call is a JSON object in the text, and several calls are a list.
    ShareGpt,
}

impl MessageForm {
    /// The message in this form.
    pub(super) const fn of(self, message: &ChatMessage) -> FormattedMessage<'_> {
        FormattedMessage { form: self, message, train: None }
    }
}

/// A message in a form.
#[derive(Clone, Copy, Debug)]
pub(super) struct FormattedMessage<'a> {
    form: MessageForm,
    message: &'a ChatMessage,
    train: Option<bool>,
}

impl FormattedMessage<'_> {
    /// The same message, with the mark whether a model learns it.
    pub(super) const fn learned(self, train: bool) -> Self {
        Self { train: Some(train), ..self }
    }
}

impl Serialize for FormattedMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { form, message, train } = *self;
        let ChatMessage { role, content, calls, answers } = message;
        let mut map = serializer.serialize_map(None)?;
        if form == MessageForm::ShareGpt {
            let (role, content) = share_gpt(message);
            map.serialize_entry("role", role)?;
            map.serialize_entry("content", &content)?;
        } else {
            map.serialize_entry("role", role.name())?;
            map.serialize_entry("content", content)?;
            if !calls.is_empty() {
                let calls: Vec<_> = calls.iter().map(|call| OpenAiCall::new(form, call)).collect();
                map.serialize_entry("tool_calls", &calls)?;
            }
            if let Some(call) = answers {
                map.serialize_entry("tool_call_id", &call.id.to_string())?;
                map.serialize_entry("name", &call.name)?;
            }
        }
        if let Some(train) = train {
            map.serialize_entry("train", &train)?;
        }
        map.end()
    }
}

/// A call as OpenAI writes it.
#[derive(serde::Serialize)]
struct OpenAiCall<'a> {
    id: String,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(serde::Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: Arguments<'a>,
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum Arguments<'a> {
    Object(&'a RawValue),
    Text(&'a str),
}

impl<'a> OpenAiCall<'a> {
    fn new(form: MessageForm, call: &'a ToolCall) -> Self {
        let arguments = match form {
            MessageForm::Objects => Arguments::Object(call.object()),
            MessageForm::Texts | MessageForm::ShareGpt => Arguments::Text(&call.arguments),
        };
        Self {
            id: call.id.to_string(),
            r#type: "function",
            function: Function { name: &call.name, arguments },
        }
    }
}

/// Role and text in ShareGPT's form.
fn share_gpt(message: &ChatMessage) -> (&'static str, String) {
    let content = || message.content.clone();
    let objects: Vec<_> = message.calls.iter().map(|call| call.json("arguments")).collect();
    match (message.role, &*objects) {
        (Role::Tool, _) => ("observation", content()),
        (role, []) => (role.name(), content()),
        (_, objects) => {
            let calls = match objects {
                [call] => call.clone(),
                several => format!("[{}]", several.join(", ")),
            };
            let [begin, end] = CALLS;
            match &*message.content {
                "" => ("function_call", calls),
                words => ("function_call", format!("{words}\n{begin}{calls}{end}")),
            }
        }
    }
}

/// Whether the words of a message with calls cannot be taken for calls themselves.
pub(super) fn fits_share_gpt(message: &ChatMessage) -> bool {
    message.calls.is_empty() || !message.texts().any(|text| CALLS.iter().any(|mark| text.contains(mark)))
}
