//! The reader's place in the text, and which kind of value stands there.

use serde_json::Value;

/// How deep lists and dicts may nest; serde_json's own limit.
const MAX_DEPTH: u32 = 128;

/// Why a text was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrintError {
    /// The text is what Python prints, but numpy put `...` in the place of values, which are lost.
    Elided,
    /// The text is not what Python prints, or nests too deep.
    NotPython,
}

/// The value that `text` prints. A value that JSON does not have becomes a string of its source, such as
/// `datetime.date(2025, 1, 31)`. Tuples and sets become lists; NaN, infinity and other missing values become null.
pub(crate) fn parsed(text: &str) -> Result<Value, PrintError> {
    let mut reader = Reader { text, at: 0, depth: 0, in_lists_only: true, is_elided: false };
    reader.spaces();
    let value = reader.value().ok_or(PrintError::NotPython)?;
    reader.spaces();
    if reader.at < text.len() {
        return Err(PrintError::NotPython);
    }
    if reader.is_elided { Err(PrintError::Elided) } else { Ok(value) }
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    /// Always at a character's beginning.
    pub(super) at: usize,
    pub(super) depth: u32,
    /// Whether nothing but lists is open.
    pub(super) in_lists_only: bool,
    pub(super) is_elided: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn spaces(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes over characters as long as they are part of a token.
    pub(super) fn run(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let run = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += run.len();
        run
    }

    /// The next value. Strings that follow each other are one.
    pub(super) fn value(&mut self) -> Option<Value> {
        let Some(literal) = self.literal() else {
            return self.single();
        };
        let mut text = literal.meaning();
        loop {
            let end = self.at;
            self.spaces();
            let Some(literal) = self.literal() else {
                self.at = end;
                return Some(text.into());
            };
            text.push_str(&literal.meaning());
        }
    }

    /// The next value; a string up to its closing quote.
    pub(super) fn single(&mut self) -> Option<Value> {
        if let Some(literal) = self.literal() {
            return Some(literal.meaning().into());
        }
        match self.peek()? {
            b'[' => self.nested(true, Self::list),
            b'(' => self.nested(false, Self::tuple),
            b'{' => self.nested(false, Self::dict),
            b'<' => self.angles(),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number(),
            _ => self.name(),
        }
    }

    pub(super) fn nested(
        &mut self,
        is_list: bool,
        read: impl Fn(&mut Self) -> Option<Value>,
    ) -> Option<Value> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        let around = self.in_lists_only;
        self.in_lists_only &= is_list;
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        self.in_lists_only = around;
        Some(value)
    }
}
