//! A text with a name before each entry, whose lines fit a narrow terminal.

use crate::progress::packed;

/// Columns of the name before each entry.
const NAME: usize = 11;
/// Columns of a page.
const COLUMNS: usize = 80;

/// A text with a name before each entry.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Puts lines as they are.
    pub(crate) fn put(&mut self, lines: &str) {
        self.0 += lines;
    }

    /// Writes an entry, whose pieces are folded below each other.
    pub(crate) fn write(&mut self, name: &str, entry: &str) {
        self.write_all(name, packed(entry, COLUMNS - NAME));
    }

    /// Writes an entry that has these lines; none without lines.
    pub(crate) fn write_all(&mut self, name: &str, lines: impl IntoIterator<Item = String>) {
        let mut name = name;
        for line in lines {
            self.0 += &format!("{name:<NAME$}{line}\n");
            name = "";
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}
