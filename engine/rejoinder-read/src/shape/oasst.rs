//! OpenAssistant: trees of messages, threads, and messages on their own (see [`join::trees`](crate::join)).

use serde_json::Value;

use super::{ReadMode, Shape, Sign, sign};

pub(super) static SHAPE: Shape =
    Shape { name: "oasst", describe: "OpenAssistant trees or messages", fits, read: ReadMode::Trees };

fn fits(record: &Value) -> Option<Sign> {
    let has = |key: &str| record.get(key).is_some();
    match () {
        () if has("message_tree_id") && (has("prompt") || has("message_id")) => sign(3, "`message_tree_id`"),
        () if has("message_id") && has("parent_id") && has("text") => sign(2, "`message_id` and `parent_id`"),
        () if has("thread_id") && record["thread"].is_array() => sign(3, "`thread_id` and `thread`"),
        () => None,
    }
}
