//! ShareGPT: long conversations were split, and the pieces named `id_<index of their first message>`. Feedback may be
//! about an answer in the piece before, so they are joined again.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::line::Line;
use super::{Made, value};
use crate::record::Mapping;

#[derive(Deserialize)]
struct Id<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
}

/// The name that the pieces of a conversation share; `None` if it is no piece.
pub(super) fn key(record: &[u8]) -> Option<String> {
    let id = serde_json::from_slice::<Id<'_>>(record).ok()?.id?;
    split(&id).map(|(name, _)| name.to_owned())
}

/// Name and first message of a piece.
fn split(id: &str) -> Option<(&str, usize)> {
    let (name, first) = id.rsplit_once('_')?;
    let is_number = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
    Some((name, first.parse().ok().filter(|_| is_number)?))
}

/// Lines in ShareGPT's own shape: each piece joined to the one that it goes on from.
pub(super) fn made(group: &[Vec<u8>], mapping: &Mapping) -> Made {
    if let [only] = group {
        return vec![Line::as_it_is(only)];
    }
    let key = mapping.messages.as_deref().unwrap_or("conversations");
    // Of each conversation: the record, and which piece would go on from it.
    let mut joined: Vec<Result<(Value, Option<usize>), String>> = Vec::new();
    for record in group {
        let mut record = match value(record) {
            Ok(record) => record,
            Err(why) => {
                joined.push(Err(why));
                continue;
            }
        };
        let first = record["id"].as_str().and_then(split).map(|(_, first)| first);
        let more = record.get_mut(key).and_then(Value::as_array_mut);
        let next = first.zip(more.as_ref()).map(|(first, more)| first.saturating_add(more.len()));
        match (joined.last_mut(), more) {
            (Some(Ok((before, at))), Some(more)) if at.is_some() && *at == first => {
                let all = before[key].as_array_mut().expect("it has pieces, so it is a list");
                all.append(more);
                *at = next;
            }
            _ => joined.push(Ok((record, next))),
        }
    }
    joined.into_iter().map(|j| j.map(|(record, _)| Line(record.to_string().into_bytes()))).collect()
}
