//! The part of a batch that all plugins share, whichever candidates they are asked about.

use std::ops::Range;

/// The messages of a batch, and what is known of their conversations.
#[derive(Clone, Debug)]
pub(crate) struct Messages {
    pub text: Vec<u8>,
    pub text_off: Vec<u32>,
    pub role: Vec<u8>,
    pub time: Vec<i64>,
    pub language: Vec<[u8; 4]>,
    pub column_off: Vec<u32>,
    /// As [`abi::Column`](crate::abi::Column): name, its end, value, its end.
    pub columns: Vec<[u32; 4]>,
    pub column_text: Vec<u8>,
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            text_off: vec![0],
            role: Vec::new(),
            time: Vec::new(),
            language: Vec::new(),
            column_off: vec![0],
            columns: Vec::new(),
            column_text: Vec::new(),
        }
    }
}

impl Messages {
    /// Removes all, and keeps the room.
    pub fn clear(&mut self) {
        self.text.clear();
        self.text_off.truncate(1);
        self.role.clear();
        self.time.clear();
        self.language.clear();
        self.column_off.truncate(1);
        self.columns.clear();
        self.column_text.clear();
    }
    /// Begins a conversation of another batch, by its number there: its language and its columns.
    pub fn push_conversation(&mut self, from: &Self, conversation: usize) {
        self.language.push(from.language[conversation]);
        let columns = from.column_off[conversation] as usize..from.column_off[conversation + 1] as usize;
        for [name, name_end, value, value_end] in &from.columns[columns] {
            let mut copy = |start: u32, end: u32| {
                let copied = self.column_text.len() as u32;
                self.column_text.extend_from_slice(&from.column_text[start as usize..end as usize]);
                [copied, self.column_text.len() as u32]
            };
            let ([name, name_end], [value, value_end]) = (copy(*name, *name_end), copy(*value, *value_end));
            self.columns.push([name, name_end, value, value_end]);
        }
        self.column_off.push(self.columns.len() as u32);
    }

    /// Copies messages of another batch.
    pub fn push_messages(&mut self, from: &Self, messages: Range<usize>) {
        for message in messages {
            let text = from.text_off[message] as usize..from.text_off[message + 1] as usize;
            self.text.extend_from_slice(&from.text[text]);
            self.text_off.push(self.text.len() as u32);
            self.role.push(from.role[message]);
            self.time.push(from.time[message]);
        }
    }
}
