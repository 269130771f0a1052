//! Requests and replies as files: OpenAI's Batch format, which vLLM's `run-batch` and hosted batch services read and write.
//! Where this engine puts a request into words, its `custom_id` is the key of its reply, so that a result is stored where an online
//! answer would be. Requests of others have ids of their own.

mod request_line;
mod result_line;

pub use request_line::{GivenLine, GivenLineError, MAX_BYTES, MAX_REQUESTS, line, read_given};
pub use result_line::{BatchLineError, BatchResult, given_result, read};
