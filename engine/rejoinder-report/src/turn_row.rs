//! A turn of a run as a JSON object, for programs.

use rejoinder_core::{Category, PluginVote, RecordId, Role};
use rejoinder_run::reading_sample::TurnView;
use serde::Serialize;

use super::decision::TurnDecision;
use super::dialogue::{CONTEXT_MESSAGES, span};
use super::excerpt::{TextLimit, cut};

/// How much of a text an object holds.
const CHARS: usize = 20_000;

/// A turn of a run.
#[derive(Clone, Debug, Serialize)]
pub struct TurnRow {
    /// The turn's address.
    pub id: RecordId,
    /// The id of the turn's conversation.
    pub conversation_id: String,
    /// 0-based index of the turn among the conversation's messages.
    pub message_index: u32,
    /// The language of the conversation.
    pub language: &'static str,
    /// What became of the turn, why, and who decided.
    #[serde(flatten)]
    pub decision: TurnDecision,
    /// Where the feedback stands, or what the first rule hit.
    pub span: Option<SpanRow>,
    /// The turn.
    pub turn: MessageRow,
    /// The messages before the turn, at most three.
    pub context: Vec<MessageRow>,
    /// The rules that hit the turn.
    pub rules: Vec<HitRow>,
    /// What each plugin said, in the order of the plugins; empty if the plugins were not asked.
    pub plugins: Vec<PluginVote>,
}

/// A passage of a turn.
#[derive(Clone, Debug, Serialize)]
pub struct SpanRow {
    /// The text.
    pub text: String,
    /// The first byte of the passage in the whole turn.
    pub start: usize,
    /// The byte behind the passage in the whole turn.
    pub end: usize,
}

/// A message.
#[derive(Clone, Debug, Serialize)]
pub struct MessageRow {
    /// 0-based index among the conversation's messages.
    pub message_index: usize,
    /// Who wrote the message.
    pub role: Role,
    /// The text, with a note in its middle where something is left out.
    pub text: String,
    /// The number of characters that are left out of the text.
    pub left_out: usize,
}

/// A rule's hit.
#[derive(Clone, Debug, Serialize)]
pub struct HitRow {
    /// The rule.
    pub id: String,
    /// The rule's file and line.
    pub place: String,
    /// The rule's route.
    pub route: &'static str,
    /// The rule's category, if it has one.
    pub category: Option<Category>,
    /// The first byte of the hit in the whole turn.
    pub start: u32,
    /// The byte behind the hit in the whole turn.
    pub end: u32,
}

impl TurnRow {
    /// The object of a turn; `model` is the judge's, where there is one. With `full`, long texts are whole.
    pub fn of(view: &TurnView<'_>, model: Option<&str>, full: bool) -> Self {
        let TurnView { engine, scanned, conversation, turn, .. } = *view;
        let limit = TextLimit::of(full, CHARS);
        let source = &conversation.record.conversation;
        let index = turn.message_index;
        let message = |index: usize| {
            let message = &source.messages[index];
            let shown = cut(&message.text, limit);
            MessageRow {
                message_index: index,
                role: message.role,
                text: shown.text,
                left_out: shown.left_out,
            }
        };
        let rules = scanned.hits(turn).iter().map(|hit| {
            let rule = engine.rules.rule(hit.rule);
            HitRow {
                id: rule.id.clone(),
                place: format!("{}:{}", rule.file, rule.line),
                route: rule.route.name(),
                category: rule.category,
                start: hit.start,
                end: hit.end,
            }
        });
        let span = span(view).map(|span| SpanRow {
            text: cut(&source.messages[index].text[span.clone()], limit).text,
            start: span.start,
            end: span.end,
        });
        Self {
            id: conversation.id(turn),
            conversation_id: source.id.to_string(),
            message_index: index as u32,
            language: conversation.language,
            decision: TurnDecision::of(view, model),
            span,
            turn: message(index),
            context: (index.saturating_sub(CONTEXT_MESSAGES)..index).map(message).collect(),
            rules: rules.collect(),
            plugins: scanned.plugin_votes(engine, turn),
        }
    }
}
