//! What a reply claims: its objects, however they are wrapped, or what stands for an object.
//!
//! Models are asked for JSON and send it in fences, in prose, inside a string, with slips, cut off, or without the braces.
//! Everything that can mean only one thing is read. Of anything else, the reading says no more than that the reply is damaged.

mod claims;
mod leave_out;
mod lenient;
mod lines;
#[cfg(test)]
mod tests;

pub(super) use claims::{LabelClaim, ReplyReading, read};
pub use leave_out::{BareClaims, ReplyClaim, bare_claims};
