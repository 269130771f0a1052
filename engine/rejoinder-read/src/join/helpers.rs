//! Calls that an application makes for itself beside a chat (titles, tags, suggestions, routing, rewritten queries), and the
//! summaries with which a chat goes on once it has become too long.

use rejoinder_core::Role;

use crate::message::ParsedMessage;

/// Words in the names of such calls.
const NAMES: [&str; 19] = [
    "title",
    "tag_gen",
    "tags",
    "follow_up",
    "followup",
    "follow-up",
    "suggest",
    "summar",
    "routing",
    "router",
    "classif",
    "guard",
    "moderat",
    "rewrite",
    "condense",
    "query_gen",
    "query-gen",
    "autocomplete",
    "compaction",
];

/// Phrases of their prompts, in lower case: as public clients and frameworks have them (Open WebUI, LibreChat, Claude Code,
/// LangChain and others), and as people write them. Whole phrases: a person may ask for a title, too.
const PROMPTS: [&str; 44] = [
    // Titles.
    "generate a concise, ",
    "create a concise, 3-5 word phrase",
    "generate a short title",
    "generate a concise title",
    "create a short title",
    "write a 5-10 word title",
    "5-word-or-less title",
    "generate a concise title (max",
    "a concise title in the detected language",
    "you will generate a short title",
    "you are a title generator",
    "generate a title for this conversation",
    "title for this conversation",
    "title for the conversation",
    "title for the chat",
    "title for the following conversation",
    "summarize the user's conversation into a title",
    "crafting pithy titles",
    "give this conversation a name",
    "name for the conversation",
    "indicates a new conversation topic",
    // Tags, suggestions, queries.
    "broad tags categorizing",
    "suggest 3-5 relevant follow-up",
    "suggest follow-up questions",
    "what the user might naturally type next",
    "determine the necessity of generating search queries",
    "generate search queries",
    "you are an autocompletion system",
    "likely facial expression through a fitting emoji",
    "rephrase the follow up question",
    "formulate a standalone question",
    "you are an ai question rephraser",
    // Routing, judging, guarding.
    "classify the user",
    "classify the following",
    "classify this message",
    "classify the intent",
    "route the user",
    "which agent should",
    "select the model prompt best suited",
    "check if there is unsafe content in",
    "act as an impartial judge",
    // Summing up.
    "progressively summarize the lines of conversation",
    "create a detailed summary of the conversation so far",
    "context checkpoint compaction",
];

/// Phrases at the beginning of a chat that goes on from a summary.
const SUMMARIES: [&str; 10] = [
    "summary of the conversation",
    "summary of our conversation",
    "summary of the previous",
    "summary of earlier",
    "conversation summary",
    "conversation so far",
    "being continued from a previous conversation",
    "earlier conversation was summarized",
    "previous conversation history",
    "this is your own checkpoint",
];

/// The number of bytes of a text that are looked at.
const LOOKED: usize = 1_500;

fn begins(text: &str) -> String {
    text[..text.floor_char_boundary(LOOKED)].to_lowercase()
}

/// Whether a call is plainly made beside the chat, by its name or by its instructions. A call with an earlier answer in it is part of
/// a chat, whatever its name.
pub(super) fn is_helper(label: Option<&str>, said: &[ParsedMessage]) -> bool {
    let users = said.iter().filter(|one| one.role == Role::User).count();
    if users > 1 {
        return false;
    }
    let label = label.unwrap_or_default().to_lowercase();
    let is_named = NAMES.iter().any(|name| label.contains(name));
    let told =
        said.iter().filter(|one| matches!(one.role, Role::System | Role::User)).map(|one| begins(&one.text));
    is_named || told.into_iter().any(|text| PROMPTS.iter().any(|phrase| text.contains(phrase)))
}

/// Whether a message sums up the earlier part of a chat.
pub(super) fn is_summary(said: &ParsedMessage) -> bool {
    let text = begins(&said.text);
    SUMMARIES.iter().any(|phrase| text.contains(phrase))
}
