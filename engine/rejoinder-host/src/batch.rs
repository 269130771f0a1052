//! Candidates on their way to the plugins: flat columns, filled once and lent to every plugin.

use std::ops::Range;

#[cfg(unix)]
use bytemuck::{cast_slice, cast_slice_mut};
use rejoinder_core::{Conversation, Hit, Role};

use crate::abi;
#[cfg(unix)]
use crate::child::{Header, kind};

/// A batch with this many candidates is full.
pub const MAX_CANDIDATES: usize = 256;
/// A batch with this much text is full, in bytes.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// A batch of candidates with their conversations. Its buffers are kept when it is cleared.
#[derive(Clone, Debug)]
pub struct Batch {
    text: Vec<u8>,
    text_off: Vec<u32>,
    role: Vec<u8>,
    first: Vec<u32>,
    target: Vec<u32>,
    id: Vec<u64>,
    prior: Vec<f32>,
    hit_off: Vec<u32>,
    /// As [`abi::Hit`]: rule, start, end.
    hits: Vec<[u32; 3]>,
    /// Index of the current conversation's first message.
    current: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self {
            text: Vec::new(),
            text_off: vec![0],
            role: Vec::new(),
            first: Vec::new(),
            target: Vec::new(),
            id: Vec::new(),
            prior: Vec::new(),
            hit_off: vec![0],
            hits: Vec::new(),
            current: 0,
        }
    }

    /// Removes all candidates and messages.
    pub fn clear(&mut self) {
        self.text.clear();
        self.text_off.truncate(1);
        self.role.clear();
        self.first.clear();
        self.target.clear();
        self.id.clear();
        self.prior.clear();
        self.hit_off.truncate(1);
        self.hits.clear();
        self.current = 0;
    }

    /// Appends the messages `0..=last` of a conversation, to which the next candidates belong.
    ///
    /// # Panics
    /// If `last` is not an index into the messages, or the batch's text would pass 4 GiB.
    pub fn begin_conversation(&mut self, conversation: &Conversation<'_>, last: usize) {
        self.current = self.role.len();
        for message in &conversation.messages[..=last] {
            self.text.extend_from_slice(message.text.as_bytes());
            self.text_off.push(u32::try_from(self.text.len()).expect("a batch's text is shorter than 4 GiB"));
            self.role.push(message.role as u8);
        }
    }

    /// Adds message `message_index` of the current conversation as a candidate. `prior` is what the rules think, as
    /// log-odds; `hits` are the rules' matches in the message.
    ///
    /// # Panics
    /// If the message was not appended or is not the user's, or a hit does not lie inside of it.
    pub fn push_candidate(&mut self, id: u64, message_index: usize, prior: f32, hits: &[Hit]) {
        let target = self.current + message_index;
        assert!(target < self.role.len(), "message {message_index} was not appended");
        assert_eq!(self.role[target], Role::User as u8, "a candidate is a user message");
        let len = self.text_off[target + 1] - self.text_off[target];
        for &Hit { rule, start, end } in hits {
            assert!(start <= end && end <= len, "the hit {start}..{end} lies inside of the message");
            self.hits.push([rule, start, end]);
        }
        self.hit_off.push(u32::try_from(self.hits.len()).expect("hits are far fewer than 2^32"));
        self.first.push(self.current as u32);
        self.target.push(target as u32);
        self.id.push(id);
        self.prior.push(prior);
    }

    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.id.len()
    }

    /// Whether there is no candidate.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// Bytes of text of all messages.
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether it is time to classify and clear: the batch reached [`MAX_CANDIDATES`] or [`MAX_TEXT_BYTES`].
    pub fn is_full(&self) -> bool {
        self.len() >= MAX_CANDIDATES || self.text_bytes() >= MAX_TEXT_BYTES
    }

    /// The id of a candidate.
    pub(crate) fn id(&self, candidate: usize) -> u64 {
        self.id[candidate]
    }

    /// The columns of the candidates in `range`, for a plugin after which `earlier` voted.
    ///
    /// # Panics
    /// If `range` or a column of `earlier` does not fit the batch.
    pub(crate) fn columns(&self, range: &Range<usize>, earlier: &EarlierVotes) -> abi::Batch {
        let votes = range.start * earlier.plugins..range.end * earlier.plugins;
        abi::Batch {
            struct_size: size_of::<abi::Batch>() as u32,
            n: range.len() as u32,
            n_messages: self.role.len() as u32,
            n_hits: self.hits.len() as u32,
            n_earlier: earlier.plugins as u32,
            reserved: 0,
            text: self.text.as_ptr(),
            text_off: self.text_off.as_ptr(),
            role: self.role.as_ptr(),
            first: self.first[range.clone()].as_ptr(),
            target: self.target[range.clone()].as_ptr(),
            id: self.id[range.clone()].as_ptr(),
            prior: self.prior[range.clone()].as_ptr(),
            hit_off: self.hit_off[range.start..=range.end].as_ptr(),
            hits: self.hits.as_ptr().cast::<abi::Hit>(),
            earlier_verdict: earlier.verdict[votes.clone()].as_ptr(),
            earlier_category: earlier.category[votes.clone()].as_ptr(),
            earlier_score: earlier.score[votes].as_ptr(),
        }
    }
}

/// The way of a batch to a process that holds another.
#[cfg(unix)]
impl Batch {
    /// The head of a frame that carries the batch's columns, after which `earlier` plugins voted.
    pub(crate) fn header(&self, earlier: usize) -> Header {
        Header {
            text: self.text.len() as u32,
            n: self.len() as u32,
            n_messages: self.role.len() as u32,
            n_hits: self.hits.len() as u32,
            n_earlier: earlier as u32,
            ..Header::new(kind::BATCH)
        }
    }

    /// The columns as they lie in memory.
    pub(crate) fn as_bytes(&self) -> [&[u8]; 9] {
        [
            &self.text,
            cast_slice(&self.text_off),
            &self.role,
            cast_slice(&self.first),
            cast_slice(&self.target),
            cast_slice(&self.id),
            cast_slice(&self.prior),
            cast_slice(&self.hit_off),
            cast_slice(&self.hits),
        ]
    }

    /// Room for the columns that a header announces, in the order of [`Self::as_bytes`].
    pub(crate) fn make_room(&mut self, header: &Header) -> [&mut [u8]; 9] {
        let (n, messages) = (header.n as usize, header.n_messages as usize);
        self.text.resize(header.text as usize, 0);
        self.text_off.resize(messages + 1, 0);
        self.role.resize(messages, 0);
        self.first.resize(n, 0);
        self.target.resize(n, 0);
        self.id.resize(n, 0);
        self.prior.resize(n, 0.0);
        self.hit_off.resize(n + 1, 0);
        self.hits.resize(header.n_hits as usize, [0; 3]);
        [
            &mut self.text,
            cast_slice_mut(&mut self.text_off),
            &mut self.role,
            cast_slice_mut(&mut self.first),
            cast_slice_mut(&mut self.target),
            cast_slice_mut(&mut self.id),
            cast_slice_mut(&mut self.prior),
            cast_slice_mut(&mut self.hit_off),
            cast_slice_mut(&mut self.hits),
        ]
    }
}

/// What the plugins before the current one said, a row a candidate.
#[derive(Debug, Default)]
pub(crate) struct EarlierVotes {
    pub plugins: usize,
    pub verdict: Vec<u8>,
    pub category: Vec<u8>,
    pub score: Vec<f32>,
}

#[cfg(unix)]
impl EarlierVotes {
    /// The columns as they lie in memory.
    pub fn as_bytes(&self) -> [&[u8]; 3] {
        [&self.verdict, &self.category, cast_slice(&self.score)]
    }

    /// Room for what `plugins` said of `n` candidates, in the order of [`Self::as_bytes`].
    pub fn make_room(&mut self, n: usize, plugins: usize) -> [&mut [u8]; 3] {
        self.plugins = plugins;
        self.verdict.resize(n * plugins, 0);
        self.category.resize(n * plugins, 0);
        self.score.resize(n * plugins, f32::NAN);
        [&mut self.verdict, &mut self.category, cast_slice_mut(&mut self.score)]
    }
}
