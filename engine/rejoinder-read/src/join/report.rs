//! What became of records that give no conversation of their own.

/// How many records were joined, or give no conversation of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinReport {
    /// Calls whose messages are all in a conversation that is kept.
    pub repeated: u64,
    /// Calls that an application makes for itself (titles, tags, routing), and asides of agents.
    pub helpers: u64,
    /// Records that hold no chat.
    pub without_chat: u64,
    /// Records that were joined with others to one conversation.
    pub joined: u64,
    /// Records that may go on in others and were left alone, because too much would have had to be kept in memory.
    pub unjoined: u64,
    /// The first record of each kind, in words.
    pub examples: Vec<JoinExample>,
}

/// One record of a kind that is only counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinExample {
    /// The kind: `repeated`, `helper`, `joined`, `unjoined`.
    pub kind: &'static str,
    /// What the record is.
    pub text: String,
}

impl JoinReport {
    pub(super) fn example(&mut self, is_first: bool, kind: &'static str, text: impl FnOnce() -> String) {
        if is_first {
            self.examples.push(JoinExample { kind, text: text() });
        }
    }
}
