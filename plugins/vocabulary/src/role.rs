//! Who wrote a message.

use serde::{Deserialize, Serialize};

/// Who wrote a message. The discriminants are the plugin ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Role {
    /// Instructions of the application.
    System = 1,
    /// The person.
    User = 2,
    /// The model.
    Assistant = 3,
    /// The answer of a tool or function.
    Tool = 4,
}

impl Role {
    /// The name used in chat formats.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}
