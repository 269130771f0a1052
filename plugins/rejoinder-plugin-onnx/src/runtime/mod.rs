//! Runs models: tokens of a text, and the network's values for them.

mod network;
mod tokens;

pub use network::Network;
