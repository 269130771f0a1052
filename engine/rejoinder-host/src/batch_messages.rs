//! The part of a batch that all plugins share, whichever candidates they are asked about.

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
}
