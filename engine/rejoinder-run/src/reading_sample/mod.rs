//! Turns of a run to read with one's own eyes, drawn evenly from all that fit.
//!
//! What became of a turn stands in the run's folder: accepted turns have rows in `parts/`, waiting turns in `spool/`, and every
//! other later turn was rejected. So the draw needs no rules. Where rejected turns are wanted, the later turns are listed by
//! reading the input; the rules look at the conversations of drawn turns alone.

mod conversation;
mod draw;
mod filter;
mod listing;
mod marked;
mod places;
mod record;
mod view;

pub use conversation::{ConversationPlace, conversations_named};
pub(crate) use draw::rank;
pub use draw::{DrawSize, DrawnTurn, TurnDraw, draw};
pub use filter::TurnFilter;
pub use record::{RecordFault, record_at, record_from};
pub use view::{TurnView, view};
