//! Who speaks, by the many names that programs have for the four roles.

use rejoinder_core::Role;

use crate::record::Mapping;

/// Who a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// One of the four roles.
    Role(Role),
    /// An assistant who calls a tool: the content is the call.
    Call,
    /// An assistant who thinks: the content was not said.
    Thinking,
}

/// Who is meant by `name`: by the mapping, else by the usual names in any case, those of classes among them.
pub(crate) fn speaker(mapping: &Mapping, name: &str) -> Option<Speaker> {
    mapping.role(name).map(Speaker::Role).or_else(|| usual(name))
}

/// The role that the source calls `name`; who calls a tool is the assistant.
///
/// # Errors
/// If it is not known; the message says what to do.
pub(crate) fn of_role(mapping: &Mapping, name: &str) -> Result<Role, String> {
    match speaker(mapping, name) {
        Some(Speaker::Role(role)) => Ok(role),
        Some(Speaker::Call | Speaker::Thinking) => Ok(Role::Assistant),
        None => Err(unknown(&[name.to_owned()])),
    }
}

/// What is said of names that nobody knows: all of them at once.
pub(crate) fn unknown(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let short = |name: &String| -> String { name.chars().take(40).flat_map(char::escape_debug).collect() };
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", short(name))).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    let roles = if names.len() > 1 { "unknown roles" } else { "unknown role" };
    let first = names.first().map(short).unwrap_or_default();
    format!("{roles} {}; say who is who with --map 'roles.{first}=user' and the like", shown.join(", "))
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

    #[test]
    fn all_unknown_names_are_told_together() {
        let said = unknown(&["Narrator".to_owned(), "x\n".to_owned()]);
        assert!(said.starts_with("unknown roles `Narrator`, `x\\n`; say who is who"), "{said}");
    }
}
