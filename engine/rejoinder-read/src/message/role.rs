//! The many names that programs have for the four roles.

use rejoinder_core::Role;

use crate::record::{Mapping, RecordError};

/// The speaker that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// One of the four roles.
    Role(Role),
    /// An assistant that calls a tool: the content is the call.
    Call,
    /// An assistant that thinks: the content was not said.
    Thinking,
}

/// The speaker that `name` stands for: by the mapping, else by the usual names and names of classes in any case.
pub(crate) fn speaker(mapping: &Mapping, name: &str) -> Option<Speaker> {
    mapping.role(name).map(Speaker::Role).or_else(|| usual(name))
}

/// The role that the source calls `name`. A name for a call of a tool stands for the assistant.
///
/// # Errors
/// If the name is not known.
pub(crate) fn of_role(mapping: &Mapping, name: &str) -> Result<Role, RecordError> {
    match speaker(mapping, name) {
        Some(Speaker::Role(role)) => Ok(role),
        Some(Speaker::Call | Speaker::Thinking) => Ok(Role::Assistant),
        None => Err(RecordError::UnknownRoles(vec![name.to_owned()])),
    }
}

fn usual(name: &str) -> Option<Speaker> {
    let mut name = name.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    // Classes of LangChain and others: HumanMessage, AIMessageChunk.
    for ending in ["messagechunk", "message", "_"] {
        if let Some(short) = name.strip_suffix(ending).filter(|short| !short.is_empty()) {
            name.truncate(short.len());
        }
    }
    Some(Speaker::Role(match &*name {
        "user" | "usr" | "human" | "prompter" | "customer" | "client" | "consumer" | "person"
        | "end_user" | "enduser" | "visitor" | "caller" | "guest" | "requester" | "asker" | "you" | "me"
        | "request" | "question" | "query" | "inbound" | "incoming" => Role::User,
        "assistant" | "ai" | "gpt" | "chatgpt" | "model" | "bot" | "chatbot" | "agent" | "llm" | "claude"
        | "gemini" | "bard" | "bing" | "copilot" | "deepseek" | "grok" | "response" | "answer"
        | "ai_assistant" | "virtual_agent" | "outbound" | "outgoing" => Role::Assistant,
        "system" | "developer" | "instruction" | "instructions" => Role::System,
        "tool"
        | "function"
        | "function_response"
        | "function_call_output"
        | "tool_result"
        | "tool_results"
        | "tool_response"
        | "tool_output"
        | "observation"
        | "ipython"
        | "environment" => Role::Tool,
        "function_call" | "tool_call" | "tool_use" => return Some(Speaker::Call),
        "thinking" | "reasoning" | "thought" => return Some(Speaker::Thinking),
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_are_known_in_any_case() {
        for (role, names) in [
            (Role::User, &["User", "HUMAN", "HumanMessage", "HumanMessageChunk", "customer", "end-user"][..]),
            (Role::Assistant, &["AI", "AIMessage", "AIMessageChunk", "model", "Bot", "assistant_message"]),
            (Role::System, &["SystemMessage", "developer"]),
            (Role::Tool, &["ToolMessage", "FunctionMessage", "observation"]),
        ] {
            for name in names {
                assert_eq!(of_role(&Mapping::default(), name), Ok(role), "{name}");
            }
        }
        assert_eq!(speaker(&Mapping::default(), "function_call"), Some(Speaker::Call));
    }
}
