//! Long texts, cut in the middle.

use std::ops::Range;

use super::numbers::counted;

/// How much of a text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextLimit {
    /// The whole text.
    Full,
    /// So many characters, about.
    Chars(usize),
}

impl TextLimit {
    /// So many characters, or the whole text where `full` is set.
    pub const fn of(full: bool, chars: usize) -> Self {
        if full { Self::Full } else { Self::Chars(chars) }
    }
}

/// A text as it is shown, and the number of characters that are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The text, with a note in its middle where something is left out.
    pub text: String,
    /// The number of characters that are left out.
    pub left_out: usize,
}

/// Fewer characters than this are not worth a note.
const WORTH_A_NOTE: usize = 40;

/// The head and the tail of a text that is longer than the limit, with a note of the number of characters between them.
pub fn cut(text: &str, limit: TextLimit) -> Excerpt {
    let whole = || Excerpt { text: text.to_owned(), left_out: 0 };
    let TextLimit::Chars(most) = limit else { return whole() };
    // A text has at most as many characters as bytes.
    if text.len() <= most + WORTH_A_NOTE {
        return whole();
    }
    let count = text.chars().count();
    if count <= most + WORTH_A_NOTE {
        return whole();
    }
    let (head, tail) = (most * 2 / 3, most / 3);
    let place = |nth| text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at);
    let (head_end, tail_start) = (place(head), place(count - tail));
    let left_out = count - head - tail;
    let note = counted(left_out as u64, "character");
    let text = format!("{} [… {note} left out …] {}", &text[..head_end], &text[tail_start..]);
    Excerpt { text, left_out }
}

/// A text with a passage in it, each cut by itself, so that the passage stays in sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedExcerpt {
    /// What stands before the passage; its last words are kept.
    pub before: Excerpt,
    /// The passage.
    pub passage: Excerpt,
    /// What stands behind the passage.
    pub after: Excerpt,
}

/// Cuts a text around a passage of it: at most the limit in all, about, half of it for the passage.
pub fn cut_around(text: &str, passage: Range<usize>, limit: TextLimit) -> MarkedExcerpt {
    let before = text[..passage.start].trim_start();
    let after = text[passage.end..].trim_end();
    let passage = &text[passage];
    let TextLimit::Chars(most) = limit else {
        return MarkedExcerpt {
            before: cut(before, limit),
            passage: cut(passage, limit),
            after: cut(after, limit),
        };
    };
    let chars = |text: &str| text.chars().count();
    let passage = cut(passage, TextLimit::Chars(most / 2));
    let rest = most.saturating_sub(chars(&passage.text));
    let (wanted_before, wanted_after) = (chars(before), chars(after));
    // What one side does not need goes to the other.
    let for_before = (rest / 2).max(rest.saturating_sub(wanted_after));
    let for_after = (rest / 2).max(rest.saturating_sub(wanted_before));
    MarkedExcerpt {
        before: cut(before, TextLimit::Chars(for_before)),
        passage,
        after: cut(after, TextLimit::Chars(for_after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_head_and_tail_and_tells_what_is_between() {
        let text: String = ('a'..='z').cycle().take(3_000).collect();
        let cut_text = cut(&text, TextLimit::Chars(300));
        assert_eq!(cut_text.left_out, 2_700);
        assert!(cut_text.text.starts_with(&text[..200]) && cut_text.text.ends_with(&text[2_900..]));
        assert!(cut_text.text.contains(" [… 2,700 characters left out …] "), "{}", cut_text.text);
        assert_eq!(cut(&text, TextLimit::Full).text, text);
        assert_eq!(cut("kurz", TextLimit::Chars(2)), Excerpt { text: "kurz".to_owned(), left_out: 0 });
    }

    #[test]
    fn a_cut_falls_between_characters_of_any_width() {
        let text = "ä谢👩\u{200d}💻".repeat(500);
        for most in [0, 1, 2, 7, 100] {
            let Excerpt { text: shown, left_out } = cut(&text, TextLimit::Chars(most));
            assert_eq!(left_out, text.chars().count() - most * 2 / 3 - most / 3);
            assert!(shown.contains("characters left out"), "{shown}");
        }
    }

    #[test]
    fn the_passage_stays_in_sight() {
        let (before, after) = ("b".repeat(10_000), "a".repeat(10_000));
        let text = format!("{before}the point{after}");
        let start = before.len();
        let MarkedExcerpt { before, passage, after } =
            cut_around(&text, start..start + 9, TextLimit::Chars(600));
        assert_eq!((passage.text.as_str(), passage.left_out), ("the point", 0));
        assert!(before.left_out > 9_000 && after.left_out > 9_000);
        let sum = before.text.len() + after.text.len();
        assert!(sum < 800, "{sum}");
        let short = cut_around("Thanks, it works", 0..6, TextLimit::Chars(600));
        assert_eq!((short.before.text.as_str(), short.after.text.as_str()), ("", ", it works"));
    }
}
