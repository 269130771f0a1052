//! Candidates on their way to the plugins.

mod candidates;
mod context;
mod messages;
mod part;
#[cfg(unix)]
mod wire;

pub use candidates::{Batch, MAX_CANDIDATES, MAX_TEXT_BYTES};
pub use context::ConversationContext;
#[cfg(unix)]
pub(crate) use wire::COLUMNS;
