//! The server: who may ask, what an answer looks like on the wire, and the connections.

mod connections;
mod gate;
mod reply;
mod review_server;
mod token;

pub(crate) use reply::WebReply;
pub use review_server::ReviewServer;
