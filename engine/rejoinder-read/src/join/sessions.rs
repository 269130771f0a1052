//! Calls to a model repeat the whole conversation each time: which of them to take.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use rejoinder_core::{ContentHash, Role};
use serde_json::{Map, Value};

use super::line::Line;

/// One call: what was said before, and the answer.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// What the calls of one conversation share.
    pub session: Option<String>,
    /// A name for the conversation where there is no session.
    pub name: Option<String>,
    pub messages: Vec<(Role, String)>,
    pub metadata: Map<String, Value>,
}

impl Call {
    /// Its conversation as a line.
    pub(super) fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.session.or(self.name), &self.messages, 0, self.metadata))
    }

    /// Hashes of the conversation up to each message.
    fn prefixes(&self) -> Vec<u64> {
        let mut hash = ContentHash::default();
        let up_to = |(role, text): &(Role, String)| {
            hash.add(*role, text);
            hash.short()
        };
        self.messages.iter().map(up_to).collect()
    }
}

fn short(hash: &blake3::Hash) -> u64 {
    hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Where a call stands: the chunk of its record, the record in it, the call in that.
pub(super) type Place = (u64, usize, usize);

/// What is known of all calls of a file: some bytes for each session, or for each message where there is none.
#[derive(Debug, Default)]
pub(super) struct Longest {
    /// The longest history of each session.
    sessions: HashMap<u64, (usize, Place)>,
    /// Without a session: where each history stands first, and what goes on elsewhere.
    first: HashMap<u64, Place>,
    continued: HashSet<u64>,
}

impl Longest {
    /// Notes a call.
    pub(super) fn see(&mut self, call: &Call, place: Place) {
        if let Some(session) = &call.session {
            let length = call.messages.len();
            match self.sessions.entry(short(&blake3::hash(session.as_bytes()))) {
                Entry::Vacant(new) => {
                    new.insert((length, place));
                }
                Entry::Occupied(mut known) if known.get().0 < length => {
                    known.insert((length, place));
                }
                Entry::Occupied(_) => {}
            }
            return;
        }
        let mut prefixes = call.prefixes();
        if let Some(whole) = prefixes.pop() {
            self.first.entry(whole).or_insert(place);
            self.continued.extend(prefixes);
        }
    }

    /// Whether a call is the one to take: of a session the longest, the first of equals; without a session one that
    /// no other goes on from.
    pub(super) fn takes(&self, call: &Call, place: Place) -> bool {
        if let Some(session) = &call.session {
            let known = self.sessions.get(&short(&blake3::hash(session.as_bytes())));
            return known.is_some_and(|(_, longest)| *longest == place);
        }
        let whole = call.prefixes().pop();
        whole.is_some_and(|whole| {
            !self.continued.contains(&whole) && self.first.get(&whole).is_some_and(|first| *first == place)
        })
    }
}
