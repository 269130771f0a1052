//! A text with a name before each entry, whose lines fit a narrow terminal.

use rejoinder_core::printable;

use crate::page::fold;
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

    /// Writes an entry in lines below each other.
    pub(crate) fn write(&mut self, name: &str, entry: &str) {
        self.write_all(name, [entry]);
    }

    /// Writes an entry that has these lines, and none without lines.
    pub(crate) fn write_all<L: AsRef<str>>(&mut self, name: &str, lines: impl IntoIterator<Item = L>) {
        let mut name = name;
        for line in lines.into_iter().flat_map(|line| lines_of(line.as_ref(), COLUMNS - NAME)) {
            self.0 += &format!("{name:<NAME$}{line}\n");
            name = "";
        }
    }

    /// The text so far.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// An entry in lines that fit: folded between its pieces, and where a piece is too long, between its words.
pub(crate) fn lines_of(entry: &str, columns: usize) -> Vec<String> {
    let pieces = packed(&flat(entry), columns);
    pieces
        .iter()
        .flat_map(|line| fold(line, columns).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Text of others that can stand in one line.
pub(crate) fn flat(text: &str) -> String {
    printable(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_folded_and_cannot_begin_another() {
        let mut page = Page::default();
        page.write("scan", &["piece"; 16].join(" · "));
        page.write("why", &format!("{} end\nnext  \u{1b}[31mfaked", "word ".repeat(16)));
        page.write_all("none", [""; 0]);
        let expected = "\
scan       piece · piece · piece · piece · piece · piece · piece · piece · piece
           piece · piece · piece · piece · piece · piece · piece
why        word word word word word word word word word word word word word word
             word word  end next  \\u{1b}[31mfaked
";
        assert_eq!(page.into_text(), expected);
    }
}
