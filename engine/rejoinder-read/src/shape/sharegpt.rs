//! ShareGPT: `conversations` of `from` and `value`. Long conversations were split, and their pieces stand side by side (see
//! [`join::pieces`](crate::join)).

use serde_json::Value;

use super::{ReadMode, Shape, Sign, sign};
use crate::record::Mapping;

pub(super) static SHAPE: Shape =
    Shape { name: "sharegpt", describe: "ShareGPT conversations", fits, read: ReadMode::Pieces(named) };

fn fits(record: &Value) -> Option<Sign> {
    let list = match &record["conversations"] {
        Value::Array(list) => list,
        Value::String(text) if text.trim_start().starts_with('[') => return sign(2, "`conversations`"),
        // A list a field, as tables keep them.
        Value::Object(fields) if fields.get("from").is_some_and(Value::is_array) => {
            return sign(2, "`conversations`");
        }
        _ => return None,
    };
    let is_message = |message: &Value| message["from"].is_string() && message.get("value").is_some();
    if list.iter().all(is_message) { sign(2, "`conversations` of `from` and `value`") } else { None }
}

/// The names of ShareGPT's keys, where the mapping names none.
fn named(given: &Mapping) -> Mapping {
    let mut mapping = given.clone();
    for (key, name) in [
        (&mut mapping.messages, "conversations"),
        (&mut mapping.role, "from"),
        (&mut mapping.content, "value"),
    ] {
        key.get_or_insert_with(|| name.to_owned());
    }
    mapping
}
