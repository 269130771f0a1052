//! The letters and words that are known of a language.

/// A language's letters and words, all in lower case.
pub(in crate::language) struct Vocabulary {
    pub(in crate::language) code: &'static str,
    /// The language's letters that other languages of the script lack; in Latin script, its letters beyond ASCII.
    pub(in crate::language) letters: &'static str,
    /// Letters that stand in words and names from elsewhere.
    pub(in crate::language) borrowed: &'static str,
    /// The language's frequent words, with spaces between them.
    pub(in crate::language) words: &'static str,
}

pub(super) const fn of(code: &'static str, letters: &'static str, words: &'static str) -> Vocabulary {
    Vocabulary { code, letters, borrowed: "", words }
}

impl Vocabulary {
    pub(super) const fn borrowing(self, borrowed: &'static str) -> Self {
        Self { borrowed, ..self }
    }
}
