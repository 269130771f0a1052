//! What holds of every training file, whatever the conversation was.

mod examples;
mod rows;
pub(super) mod support;
mod tools;
