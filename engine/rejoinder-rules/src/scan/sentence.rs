//! From a match to the sentence around it.

use std::ops::Range;

use rejoinder_core::fold::is_unsegmented;

/// The sentence, or run of sentences, that holds `range`, without white space at its ends: what a reader would
/// call the feedback. A sentence ends at a line feed, at `。`, or at `.!?` before white space or a character of a script
/// without spaces (where a full-width mark was folded).
pub(super) fn sentence(text: &str, range: &Range<usize>) -> Range<usize> {
    // Whether a sentence ends with the character `c` that stands before `at`.
    let ends_with = |c: char, at: usize| match c {
        '\n' | '。' => true,
        '.' | '!' | '?' => {
            text[at..].chars().next().is_none_or(|next| next.is_whitespace() || is_unsegmented(next))
        }
        _ => false,
    };
    let before = text[..range.start].char_indices().rev();
    let start = before
        .map(|(at, c)| (at + c.len_utf8(), c))
        .find(|&(end, c)| ends_with(c, end))
        .map_or(0, |(end, _)| end);
    // A match may end with the mark that ends its sentence.
    let from = text[..range.end].char_indices().next_back().map_or(range.end, |(at, _)| at).max(start);
    let after = text[from..].char_indices().map(|(at, c)| (from + at + c.len_utf8(), c));
    let end = after
        .filter(|&(end, _)| end >= range.end)
        .find(|&(end, c)| ends_with(c, end))
        .map_or(text.len(), |(end, _)| end);
    let inner = &text[start..end];
    let lead = inner.len() - inner.trim_start().len();
    start + lead..start.max(start + inner.trim_end().len())
}
