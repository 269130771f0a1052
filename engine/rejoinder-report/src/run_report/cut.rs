//! Texts cut to what a page may take for them.

use std::ops::Range;

use rejoinder_core::{TextPiece, text_pieces};

use crate::excerpt::{MarkedExcerpt, TextLimit, cut, cut_around};

/// A character in a box of its own takes so many units.
const BOX_UNITS: usize = 8;
/// A line takes so many units: a page is not longer than it is wide for a text of line breaks.
const LINE_UNITS: usize = 20;

/// What a text takes of a page. A character is one unit; one that is shown in a box, and the end of a line, are more.
fn units(text: &str) -> usize {
    let of = |piece| match piece {
        TextPiece::Seen(seen) => seen.chars().map(|c| if c == '\n' { LINE_UNITS } else { 1 }).sum(),
        TextPiece::Unseen(_) => BOX_UNITS,
    };
    text_pieces(text).map(of).sum()
}

/// The greatest limit from `most` downwards under which what `make` cuts takes at most `most` units and a note.
fn fitting<T>(most: usize, make: impl Fn(TextLimit) -> T, taken: impl Fn(&T) -> usize) -> T {
    /// Units of the notes on what is left out, and of the characters that are not worth a note.
    const NOTES: usize = 240;
    let mut limit = most;
    loop {
        let made = make(TextLimit::Chars(limit));
        if limit <= 12 || taken(&made) <= most + NOTES {
            return made;
        }
        limit = limit * 3 / 4;
    }
}

/// The head and the tail of a text, with a note of what is left out between them, in about so many units.
pub(super) fn cut_text(text: &str, most: usize) -> String {
    fitting(most, |limit| cut(text.trim(), limit).text, |made| units(made))
}

/// A text around a passage of it, in about so many units.
pub(super) fn cut_marked(text: &str, passage: Range<usize>, most: usize) -> MarkedExcerpt {
    let taken =
        |made: &MarkedExcerpt| units(&made.before.text) + units(&made.passage.text) + units(&made.after.text);
    fitting(most, |limit| cut_around(text, passage.clone(), limit), taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_room_is_cut_sooner() {
        let plain = "word ".repeat(1_000);
        let shown = cut_text(&plain, 600);
        assert!(shown.chars().count() > 600 && shown.contains("left out"), "{shown}");
        for odd in ["\u{202e}", "\n", "\0", "a\u{200b}"] {
            let shown = cut_text(&format!("a{}b", odd.repeat(100_000)), 600);
            assert!(units(&shown) <= 600 + 240, "{} units of {odd:?}", units(&shown));
        }
        assert_eq!(cut_text(" short ", 600), "short");
    }

    #[test]
    fn a_passage_stays_in_sight() {
        let text = format!("{}NO{}", "\n".repeat(5_000), "\u{202e}".repeat(5_000));
        let made = cut_marked(&text, 5_000..5_002, 400);
        assert_eq!(made.passage.text, "NO");
        assert!(units(&made.before.text) + units(&made.after.text) < 700);
    }
}
