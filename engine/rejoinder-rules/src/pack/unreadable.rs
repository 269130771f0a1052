//! A rule file that cannot be read, as a finding among others.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use rejoinder_core::diagnostic::{Diagnostic, SourceText};

/// How far into a file the place is looked for at which it ceases to be text.
const MOST: u64 = 1 << 20;

/// A file that cannot be read.
#[derive(Debug)]
pub struct UnreadableFile {
    /// The file.
    pub path: PathBuf,
    /// Why it cannot be read.
    pub error: io::Error,
}

impl UnreadableFile {
    /// The finding, with the place where the file ceases to be text.
    pub fn finding(&self) -> Diagnostic {
        let name = self.path.display().to_string();
        if self.error.kind() != io::ErrorKind::InvalidData {
            let message = format!("the file cannot be read: {}", self.error);
            let help = "make it readable, or leave it out";
            return SourceText { name: &name, text: "" }.diagnostic("R013", 0..0, message, help);
        }
        let mut bytes = Vec::new();
        // What cannot be read once more has no place to show.
        let _ = File::open(&self.path).and_then(|file| file.take(MOST).read_to_end(&mut bytes));
        Self::not_utf8(&name, &bytes)
    }

    /// That `bytes`, the content of the file `name`, are no text, with the place where they cease to be.
    pub fn not_utf8(name: &str, bytes: &[u8]) -> Diagnostic {
        let begin = std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
        let text = &String::from_utf8_lossy(bytes);
        let span = begin..begin + char::REPLACEMENT_CHARACTER.len_utf8();
        let help = "save it as UTF-8, or leave it out";
        SourceText { name, text }.diagnostic("R013", span, "the file is not UTF-8", help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_that_of_the_first_byte_that_is_no_text() {
        let at = |bytes: &[u8]| {
            let found = UnreadableFile::not_utf8("x.toml", bytes);
            (found.line, found.column, found.source_line)
        };
        assert_eq!(at(b"a\n\xC3\xA4b\xFFc\nd"), (2, 3, "äb\u{FFFD}c".to_owned()));
        assert_eq!(at(b"\xFF"), (1, 1, "\u{FFFD}".to_owned()));
        assert_eq!(at(b""), (1, 1, String::new()));
    }
}
