//! The two ways to read the texts that a rule matches.

use serde::{Deserialize, Serialize};

/// How a rule reads text: its phrases and regexes match this form of the turn, of the answer and of earlier turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextReading {
    /// Folded, as [`rejoinder_core::fold`] says: without regard to case, width and kinds of quotes.
    #[default]
    Folded,
    /// As it stands, character for character.
    AsWritten,
}

impl TextReading {
    /// All readings, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Folded, Self::AsWritten];

    /// The names of all readings in rule files.
    pub const NAMES: [&'static str; 2] = ["folded", "as-written"];

    /// Whether text is folded.
    pub const fn is_folded(&self) -> bool {
        matches!(self, Self::Folded)
    }

    /// The name used in rule files.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The turn in this reading, in words.
    pub const fn of_turn(self) -> &'static str {
        match self {
            Self::Folded => "the folded turn",
            Self::AsWritten => "the turn as written",
        }
    }
}
