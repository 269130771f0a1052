//! A turn in its dialogue, without what the program thinks of it.

use std::ops::Range;

use rejoinder_core::{RecordId, Role, ToolPart};
use rejoinder_read::Record;
use rejoinder_report::excerpt::{Excerpt, TextLimit, cut};
use rejoinder_run::reading_sample::TurnView;
use serde::Serialize;

/// Messages shown before the turn, and behind it.
const BEFORE: usize = 40;
const AFTER: usize = 2;
/// Characters of a message, and of the turn.
const MESSAGE_CHARS: usize = 20_000;
const TURN_CHARS: usize = 100_000;
/// Characters of a call or a result of a tool.
const TOOL_CHARS: usize = 2_000;

/// A turn in its dialogue. Texts are what people and models wrote, markup and all: data, for a page that shows them as text.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DialoguePage {
    /// The turn's address.
    pub(crate) id: RecordId,
    pub(crate) conversation_id: String,
    language: &'static str,
    /// The file, and the number of the record in it, from 1.
    place: String,
    /// The number of messages at the beginning that are left out.
    earlier: usize,
    pub(crate) messages: Vec<PageMessage>,
}

/// A message of the dialogue.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PageMessage {
    /// 0-based index among the conversation's messages.
    index: usize,
    role: Role,
    pub(crate) text: String,
    /// The number of characters that are left out of the text.
    left_out: usize,
    /// Whether this is the turn in question.
    pub(crate) is_turn: bool,
    /// Whether the message was written after the turn.
    after: bool,
    /// The calls and results of tools, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<String>,
    /// Whether the message holds an image, a sound or a file, and no text.
    media: bool,
}

impl DialoguePage {
    /// The page of a turn.
    pub(super) fn of(view: &TurnView<'_>, file: &str) -> Self {
        let TurnView { conversation, turn, .. } = *view;
        let (record, at) = (&conversation.record, turn.message_index);
        let all = &record.conversation.messages;
        let earlier = at.saturating_sub(BEFORE);
        let shown = earlier..all.len().min(at + 1 + AFTER);
        Self {
            id: conversation.id(turn),
            conversation_id: record.conversation.id.to_string(),
            language: conversation.language,
            place: format!("{file}:{}", conversation.ordinal + 1),
            earlier,
            messages: shown.map(|index| message(record, index, at)).collect(),
        }
    }

    /// The turn's text, as it is shown.
    pub(crate) fn turn_text(&self) -> &str {
        self.messages.iter().find(|message| message.is_turn).map_or("", |message| &message.text)
    }
}

fn message(record: &Record<'_>, index: usize, turn: usize) -> PageMessage {
    let message = &record.conversation.messages[index];
    let is_turn = index == turn;
    let limit = TextLimit::Chars(if is_turn { TURN_CHARS } else { MESSAGE_CHARS });
    let Excerpt { text, left_out } = cut(&message.text, limit);
    let tools = record.tools.iter().filter(|tool| tool.message == index);
    PageMessage {
        index,
        role: message.role,
        text,
        left_out,
        is_turn,
        after: index > turn,
        tools: tools.map(|tool| tool_words(&tool.part, &message.text)).collect(),
        media: record.media.contains(&index),
    }
}

/// A call or a result in words; a result that is the message's text is not said twice.
fn tool_words(part: &ToolPart, message: &str) -> String {
    let short = |text: &str| cut(text, TextLimit::Chars(TOOL_CHARS)).text;
    match part {
        ToolPart::Call { name, arguments, .. } if name.is_empty() => {
            format!("calls a tool: {}", short(arguments))
        }
        ToolPart::Call { name, arguments, .. } => format!("calls {name}: {}", short(arguments)),
        ToolPart::Result { name, text, .. } => {
            let of = name
                .as_ref()
                .map_or_else(|| "result of a tool".to_owned(), |name| format!("result of {name}"));
            if message.contains(text.as_str()) { of } else { format!("{of}: {}", short(text)) }
        }
    }
}

/// Where a passage of a whole text stands in the text as it is shown; `None` where the cut runs through the passage.
pub(super) fn place_in_shown(whole: &str, shown: &str, passage: Range<usize>) -> Option<Range<usize>> {
    let text = whole.get(passage.clone())?;
    let from_end = whole.len() - passage.start;
    let tail = shown.len().checked_sub(from_end).map(|start| start..start + passage.len());
    let cut_off = whole.len() != shown.len();
    // Before the cut the texts begin alike, behind it they end alike.
    let head =
        Some(passage).filter(|head| shown.as_bytes().get(..head.end) == whole.as_bytes().get(..head.end));
    let tail = tail.filter(|tail| {
        cut_off && shown.as_bytes().get(tail.start..) == whole.as_bytes().get(whole.len() - from_end..)
    });
    head.or(tail).filter(|place| shown.get(place.clone()) == Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_found_before_and_behind_the_cut_and_not_in_it() {
        let whole: String = (0..1_000).map(|number| format!("w{number} ")).collect();
        let shown = cut(&whole, TextLimit::Chars(300)).text;
        let of = |word: &str| {
            let start = whole.find(word).unwrap();
            place_in_shown(&whole, &shown, start..start + word.len()).map(|place| shown[place].to_owned())
        };
        assert_eq!(of("w3 "), Some("w3 ".to_owned()));
        assert_eq!(of("w998 "), Some("w998 ".to_owned()));
        assert_eq!(of("w500 "), None);
        assert_eq!(place_in_shown(&whole, &whole, 3..6), Some(3..6));
    }
}
