//! The rows that the paper released.

use std::collections::HashMap;

use rejoinder_core::Category;
use rejoinder_export::labels::label_file::ConversationLabels;
use rejoinder_run::recall::ReferenceRows;

/// The released rows, by conversation. Of several rows about one exchange the last counts.
#[derive(Debug, Default)]
pub struct ReleasedLabels(HashMap<String, Vec<(u32, Category)>>);

impl ReleasedLabels {
    /// Gathers rows that name exchanges.
    pub fn new(rows: impl Iterator<Item = ConversationLabels>) -> Self {
        let mut released: HashMap<String, Vec<(u32, Category)>> = HashMap::new();
        for row in rows {
            for label in &row.labels {
                let (Some(turn), Ok(Some(category))) = (label.feedback_turn, label.category()) else {
                    continue;
                };
                let own = released.entry(row.conversation_id.clone()).or_default();
                own.retain(|(other, _)| *other != turn);
                own.push((turn, category));
            }
        }
        Self(released)
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.0.values().map(|own| own.len() as u64).sum()
    }

    /// The number of conversations.
    pub fn conversations(&self) -> u64 {
        self.0.len() as u64
    }

    /// The id of a conversation with rows: the first in the order of ids.
    pub fn example(&self) -> Option<&str> {
        self.0.keys().min().map(String::as_str)
    }

    /// All rows: the id of the conversation, the number of the exchange, the category.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32, Category)> {
        self.0.iter().flat_map(|(id, own)| own.iter().map(|(turn, category)| (id.as_str(), *turn, *category)))
    }

    /// The rows about a conversation.
    pub fn of(&self, conversation: &str) -> Option<&ReferenceRows> {
        self.0.get(conversation).map(Vec::as_slice)
    }

    /// Whether there is a row about an exchange.
    pub fn holds(&self, conversation: &str, turn: u32) -> bool {
        self.of(conversation).is_some_and(|own| own.iter().any(|(other, _)| *other == turn))
    }
}
