//! What is shown of a hit: the end of the answer before it, and the turn with the match between marks.

use rejoinder_core::{Role, printable};
use rejoinder_run::reading_sample::TurnView;
use serde::Serialize;

use crate::excerpt::{TextLimit, cut_around};
use crate::styles::{Styles, styled};

/// How much of the answer before the turn is shown: its end.
const ANSWER_CHARS: usize = 200;
const TURN_CHARS: usize = 500;

/// What is shown of a hit.
#[derive(Clone, Debug, Serialize)]
pub struct ShownHit {
    /// The id of the turn's conversation.
    pub conversation_id: String,
    /// The end of the answer before the turn; empty where there is none.
    pub answer_end: String,
    /// The turn before the match.
    pub before: String,
    /// The words by which the rule hits; the whole turn where it hits without words.
    pub matched: String,
    /// The turn after the match.
    pub after: String,
}

impl ShownHit {
    /// What is shown of a turn in whose `span` the words stand by which the rule hits.
    pub fn of(view: TurnView<'_>) -> Self {
        let source = &view.conversation.record.conversation;
        let index = view.turn.message_index;
        let text = &*source.messages[index].text;
        let answer = source.messages[..index].iter().rev().find(|message| message.role == Role::Assistant);
        let span = view.span.map(|(start, end)| start..end).filter(|span| text.get(span.clone()).is_some());
        let shown = cut_around(text, span.unwrap_or(0..text.len()), TextLimit::Chars(TURN_CHARS));
        Self {
            conversation_id: source.id.to_string(),
            answer_end: answer.map_or_else(String::new, |answer| end_of(answer.text.trim())),
            before: shown.before.text,
            matched: shown.passage.text,
            after: shown.after.text,
        }
    }

    /// For people, in two lines or more.
    pub(super) fn text(&self, styles: Styles) -> String {
        let inner = |text: &str| printable(text).replace('\n', "\n              ");
        let mut out = String::new();
        if !self.answer_end.is_empty() {
            out += &format!("  {} {}\n", styled(styles.frame, "assistant │"), inner(&self.answer_end));
        }
        let matched = styled(styles.span, &inner(&format!("⟦{}⟧", self.matched)));
        let user = styled(styles.heading, "user     ");
        out + &format!("  {user} ▶ {}{matched}{}\n", inner(&self.before), inner(&self.after))
    }
}

/// The last characters of a text.
fn end_of(text: &str) -> String {
    let count = text.chars().count();
    match count > ANSWER_CHARS {
        true => format!("…{}", text.chars().skip(count - ANSWER_CHARS).collect::<String>()),
        false => text.to_owned(),
    }
}
