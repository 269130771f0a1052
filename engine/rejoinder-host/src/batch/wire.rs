//! The way of a batch to a process that holds another.

use std::sync::Arc;

use bytemuck::{cast_slice, cast_slice_mut};

use super::Batch;
use crate::child::Header;

/// The number of columns of a batch beside the earlier votes.
pub(crate) const COLUMNS: usize = 17;

impl Batch {
    /// The head of a frame of a kind that carries the batch's columns, after which `earlier` plugins voted.
    pub(crate) fn header(&self, kind: u32, earlier: usize) -> Header {
        Header {
            text: self.messages.text.len() as u32,
            n: self.len() as u32,
            n_messages: self.messages.role.len() as u32,
            n_conversations: self.messages.language.len() as u32,
            n_columns: self.messages.columns.len() as u32,
            column_text: self.messages.column_text.len() as u32,
            n_hits: self.hits.len() as u32,
            n_earlier: earlier as u32,
            ..Header::new(kind)
        }
    }

    /// The columns as they lie in memory, in the order of the header.
    pub(crate) fn as_bytes(&self) -> [&[u8]; COLUMNS] {
        [
            &self.messages.text,
            cast_slice(&self.messages.text_off),
            &self.messages.role,
            cast_slice(&self.messages.time),
            cast_slice(&self.messages.language),
            cast_slice(&self.messages.column_off),
            cast_slice(&self.messages.columns),
            &self.messages.column_text,
            cast_slice(&self.conversation),
            cast_slice(&self.first),
            cast_slice(&self.target),
            cast_slice(&self.answer),
            cast_slice(&self.answer_end),
            cast_slice(&self.id),
            cast_slice(&self.prior),
            cast_slice(&self.hit_off),
            cast_slice(&self.hits),
        ]
    }

    /// Room for the columns that a header announces, in the order of [`Self::as_bytes`].
    pub(crate) fn make_room(&mut self, header: &Header) -> [&mut [u8]; COLUMNS] {
        let (n, messages) = (header.n as usize, header.n_messages as usize);
        let to = Arc::make_mut(&mut self.messages);
        let conversations = header.n_conversations as usize;
        to.text.resize(header.text as usize, 0);
        to.text_off.resize(messages + 1, 0);
        to.role.resize(messages, 0);
        to.time.resize(messages, 0);
        to.language.resize(conversations, [0; 4]);
        to.column_off.resize(conversations + 1, 0);
        to.columns.resize(header.n_columns as usize, [0; 4]);
        to.column_text.resize(header.column_text as usize, 0);
        self.conversation.resize(n, 0);
        self.first.resize(n, 0);
        self.target.resize(n, 0);
        self.answer.resize(n, 0);
        self.answer_end.resize(n, 0);
        self.id.resize(n, 0);
        self.prior.resize(n, 0.0);
        self.hit_off.resize(n + 1, 0);
        self.hits.resize(header.n_hits as usize, [0; 3]);
        [
            &mut to.text,
            cast_slice_mut(&mut to.text_off),
            &mut to.role,
            cast_slice_mut(&mut to.time),
            cast_slice_mut(&mut to.language),
            cast_slice_mut(&mut to.column_off),
            cast_slice_mut(&mut to.columns),
            &mut to.column_text,
            cast_slice_mut(&mut self.conversation),
            cast_slice_mut(&mut self.first),
            cast_slice_mut(&mut self.target),
            cast_slice_mut(&mut self.answer),
            cast_slice_mut(&mut self.answer_end),
            cast_slice_mut(&mut self.id),
            cast_slice_mut(&mut self.prior),
            cast_slice_mut(&mut self.hit_off),
            cast_slice_mut(&mut self.hits),
        ]
    }
}
