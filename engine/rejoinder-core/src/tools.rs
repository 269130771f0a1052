//! Tools in a conversation: what an assistant calls, and what comes back. Neither is text that anybody said, so both
//! stand beside the messages.

/// A call of a tool, or a tool's result, in one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUse {
    /// Index of the message that holds it.
    pub message: usize,
    /// Which of the two it is.
    pub part: ToolPart,
}

/// A call or a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolPart {
    /// An assistant calls a tool.
    Call {
        /// The name by which the result refers to the call.
        id: Option<String>,
        /// The tool's name; empty where the source gives none.
        name: String,
        /// The arguments: a JSON text, mostly of an object.
        arguments: String,
    },
    /// What a tool answered.
    Result {
        /// The `id` of its call.
        id: Option<String>,
        /// The tool's name, where the source repeats it.
        name: Option<String>,
        /// The answer. In a message of nothing but results, the message's text is all of them, joined by line feeds.
        text: String,
    },
}
