//! Pieces of long conversations, as FastChat cuts them at a number of tokens: they stand side by side, and are named
//! `id_<index of their first message>`. Feedback may be about an answer in the piece before, so the pieces are joined again.
//!
//! A number at the end of a name may also be a mere counter. Records are pieces only if the first begins at 0, each begins where the
//! one before it ends, and no record of the name is left over. Besides, each piece must be as long as only a cut makes it, or the
//! pieces are few and their name is no word but was made up for one conversation.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::joiner::Join;
use super::output::JoinOutput;
use crate::record::Mapping;
use crate::shape::value;

/// A conversation is cut into no more pieces than this; a name that more records share is a counter.
const PIECES: usize = 64;
/// A piece that was cut off has at least so many bytes, with the exchange that did not fit: the least limit in use is 2,048
/// tokens, and no tokenizer packs more than about one byte of them less densely than this.
const CUT_BYTES: usize = 2_048;

/// The most pieces that may be shorter than that; their name must be made up.
const FEW: usize = 5;

#[derive(Deserialize)]
struct Id<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
}

pub(super) struct PieceJoin {
    mapping: Arc<Mapping>,
    max_bytes: usize,
    /// Neighbouring records that share a name.
    group: Vec<Vec<u8>>,
    name: Option<String>,
    /// Whether the name is a counter.
    is_counter: bool,
    has_example: bool,
}

impl PieceJoin {
    pub(super) const fn new(mapping: Arc<Mapping>, max_bytes: usize) -> Self {
        Self { mapping, max_bytes, group: Vec::new(), name: None, is_counter: false, has_example: false }
    }

    fn flush(&mut self, out: &mut JoinOutput) {
        let group = std::mem::take(&mut self.group);
        out.conversations.mapping = Arc::clone(&self.mapping);
        let joined = if group.len() > 1 && !self.is_counter { self.joined(&group) } else { None };
        match joined {
            Some(whole) => {
                let name = self.name.as_deref().unwrap_or_default().escape_debug();
                out.skipped.example(!self.has_example, "joined", || {
                    format!("`{name}`: {} pieces, named by the number of their first message", group.len())
                });
                self.has_example = true;
                out.skipped.joined += group.len() as u64;
                out.line(whole.to_string().as_bytes());
            }
            None => group.iter().for_each(|record| out.line(record)),
        }
    }

    /// The whole conversation, if all records are its pieces.
    fn joined(&self, group: &[Vec<u8>]) -> Option<Value> {
        let key = self.mapping.messages.as_deref().unwrap_or("conversations");
        let may_be_short = group.len() <= FEW && self.name.as_deref().is_some_and(is_made_up);
        let mut whole: Option<Value> = None;
        let mut before: Option<usize> = None;
        for record in group {
            let mut record = value(record).ok()?;
            let (_, first) = split(record["id"].as_str()?)?;
            let messages = record.get_mut(key)?.as_array_mut()?;
            match &mut whole {
                None if first == 0 => {}
                None => return None,
                Some(whole) => {
                    let all = whole[key].as_array_mut()?;
                    let is_cut = before? + messages.iter().take(2).map(bytes).sum::<usize>() >= CUT_BYTES;
                    if first != all.len() || !(is_cut || may_be_short) {
                        return None;
                    }
                    before = Some(messages.iter().map(bytes).sum());
                    all.append(messages);
                    continue;
                }
            }
            before = Some(messages.iter().map(bytes).sum());
            whole = Some(record);
        }
        whole
    }
}

/// Whether a name is made up, as `QvK1abc` is: no word has digits or capitals in it.
fn is_made_up(name: &str) -> bool {
    name.chars().all(char::is_alphanumeric)
        && name.chars().skip(1).any(|c| c.is_ascii_digit() || c.is_uppercase())
}

/// Bytes of a message's texts.
fn bytes(message: &Value) -> usize {
    message.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str()).map(str::len).sum()
}

/// Name and first message of a piece.
fn split(id: &str) -> Option<(&str, usize)> {
    let (name, first) = id.rsplit_once('_')?;
    let is_number = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
    Some((name, first.parse().ok().filter(|_| is_number)?))
}

/// The name that the pieces of a conversation share; `None` if the record is no piece.
fn name(record: &[u8]) -> Option<String> {
    let id = serde_json::from_slice::<Id<'_>>(record).ok()?.id?;
    split(&id).map(|(name, _)| name.to_owned())
}

impl Join for PieceJoin {
    fn take(&mut self, record: &[u8], out: &mut JoinOutput) {
        let name = name(record);
        if name.is_none() || name != self.name {
            self.flush(out);
            self.is_counter = false;
        }
        self.name = name;
        let held = self.group.iter().map(Vec::len).sum::<usize>() + record.len();
        self.is_counter |= self.group.len() == PIECES || held > self.max_bytes;
        self.group.push(record.to_vec());
        if self.is_counter || self.name.is_none() {
            self.flush(out);
        }
    }

    fn end(&mut self, out: &mut JoinOutput) {
        self.flush(out);
    }
}
