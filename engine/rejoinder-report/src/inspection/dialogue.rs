//! A dialogue as it will be read.

use std::fmt::Write as _;

use rejoinder_core::{Role, printable};
use rejoinder_read::Record;
use serde::Serialize;

use crate::excerpt::{TextLimit, cut};

/// Messages and characters of a dialogue that are shown.
const SHOWN_MESSAGES: usize = 12;
const SHOWN_CHARS: usize = 300;
/// Characters of a message that are kept, for programs.
const KEPT_CHARS: usize = 20_000;

/// A dialogue, in the form in which a run will read it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Dialogue {
    id: String,
    conversation_id: String,
    language: &'static str,
    messages: Vec<(Role, String)>,
}

impl Dialogue {
    pub(super) fn new(id: String, record: &Record<'_>, language: &'static str) -> Self {
        let kept = |text: &str| cut(text, TextLimit::Chars(KEPT_CHARS)).text;
        let messages = record.conversation.messages.iter().map(|m| (m.role, kept(&m.text))).collect();
        Self { id, conversation_id: record.conversation.id.to_string(), language, messages }
    }

    pub(super) fn text(&self) -> String {
        let mut out = format!("── {} · {} · {}\n", self.id, printable(&self.conversation_id), self.language);
        for (role, text) in self.messages.iter().take(SHOWN_MESSAGES) {
            let shown = cut(text, TextLimit::Chars(SHOWN_CHARS)).text;
            let shown = printable(&shown).replace('\n', "\n            │ ");
            let _ = writeln!(out, "  {:<9} │ {shown}", role.name());
        }
        if self.messages.len() > SHOWN_MESSAGES {
            let _ = writeln!(out, "  … {} more messages", self.messages.len() - SHOWN_MESSAGES);
        }
        out
    }
}
