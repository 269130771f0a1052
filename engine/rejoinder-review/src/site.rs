//! What a server answers with.

use bytes::Bytes;

use crate::server::WebReply;

/// A request that was let in.
pub(crate) enum SiteRequest {
    /// Asks for what stands at a path.
    Get(String),
    /// Sends something to a path.
    Post(String, Bytes),
}

/// What answers requests. An answer may take its time: others are given meanwhile.
pub(crate) trait Site: Send + Sync + 'static {
    /// The answer to a request.
    fn answer(&self, request: &SiteRequest) -> WebReply;
}
