//! Tools in a conversation: what an assistant calls, and what comes back. Calls and results are not text that anybody said,
//! so they stand beside the messages.

/// A call of a tool, or a tool's result, in one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUse {
    /// Index of the message that holds the call or result.
    pub message: usize,
    /// The call or the result.
    pub part: ToolPart,
}

/// A call or a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolPart {
    /// An assistant calls a tool.
    Call {
        /// The name by which the result refers to the call.
        id: Option<String>,
        /// The tool's name; empty where the input gives none.
        name: String,
        /// The arguments: a JSON text, mostly of an object.
        arguments: String,
    },
    /// A tool answers.
    Result {
        /// The `id` of the call that the result belongs to.
        id: Option<String>,
        /// The tool's name, where the input repeats it.
        name: Option<String>,
        /// The answer. Where a message holds nothing but results, its text is their answers, joined by line feeds.
        text: String,
    },
}
