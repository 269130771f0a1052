//! A reader's session: the turns of a draw, the log of labels, and the answers to the page.

mod agreement_figures;
mod answers;
mod export_words;
mod forecast_rows;
mod next_commands;
mod progress;
mod review_session;

pub use review_session::{ReviewRequest, ReviewSession};
