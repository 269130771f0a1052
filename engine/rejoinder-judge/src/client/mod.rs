//! One HTTP request and what was sent back, sorted into answers, refusals, failures that may pass, and dead ends.

mod http;
mod refusal;
mod server_words;
#[cfg(test)]
mod tests;

pub use http::is_loopback;
pub(crate) use http::{AttemptResult, Client};
pub(crate) use refusal::Refusal;
pub(crate) use server_words::{message_of, shown, speaks_of_context};
