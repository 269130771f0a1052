//! Folding: the one normal form in which rules, similarity and span checks compare text.
//!
//! Case and width are folded, combining marks composed, apostrophes and quotes made ASCII, zero-width characters
//! dropped, runs of white space reduced to one space (or one line feed, where the run held one), none at the start. Matches are
//! reported as byte ranges of the *original* text, through a sparse table of the places where the two drift apart.

use std::ops::Range;

use unicode_normalization::IsNormalized;

/// A text in folded form, with the way back to the original's byte offsets. Reusable as a buffer.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    text: String,
    /// (folded offset, original offset) wherever the difference of the two changes; sorted.
    shifts: Vec<(u32, u32)>,
    original_len: u32,
}

impl Folded {
    /// Folds `text`.
    pub fn new(text: &str) -> Self {
        let mut folded = Self::default();
        folded.fold(text);
        folded
    }

    /// Replaces the content with the folded form of `text`, reusing the buffers.
    ///
    /// # Panics
    /// If `text` is longer than 4 GiB.
    pub fn fold(&mut self, text: &str) {
        self.fold_with(text, plain_len);
    }

    /// Folds `text`. `plain_len` tells how many bytes from a place on fold to themselves, but for case.
    fn fold_with(&mut self, text: &str, plain_len: impl Fn(&[u8], bool) -> usize) {
        self.text.clear();
        self.shifts.clear();
        self.text.reserve(text.len());
        self.original_len = u32::try_from(text.len()).expect("a turn is shorter than 4 GiB");
        let mut drift = 0_i64;
        let mut offset = 0;
        // White space is dropped at the start as it is after white space.
        let mut in_space = true;
        loop {
            let run = plain_len(&text.as_bytes()[offset..], in_space);
            if run > 0 {
                self.place(offset, &mut drift);
                let folded_start = self.text.len();
                self.text.push_str(&text[offset..offset + run]);
                self.text[folded_start..].make_ascii_lowercase();
                in_space = self.text.ends_with(' ');
                offset += run;
            }
            let Some(c) = text[offset..].chars().next() else { break };
            self.fold_char(c, offset, &mut drift, &mut in_space);
            offset += c.len_utf8();
        }
    }

    fn fold_char(&mut self, c: char, offset: usize, drift: &mut i64, in_space: &mut bool) {
        if c.is_ascii() && !c.is_ascii_whitespace() {
            *in_space = false;
            self.place(offset, drift);
            self.text.push(c.to_ascii_lowercase());
        } else if c.is_whitespace() {
            if !*in_space {
                self.place(offset, drift);
                self.text.push(if c == '\n' { '\n' } else { ' ' });
            } else if c == '\n' && self.text.ends_with(' ') {
                self.text.pop();
                self.text.push('\n');
            }
            *in_space = true;
        } else if !is_ignorable(c) {
            *in_space = false;
            if let Some(last) = self.text.chars().next_back()
                && let Some(composed) = unicode_normalization::char::compose(last, c)
            {
                self.text.pop();
                self.text.push(composed);
                return;
            }
            self.place(offset, drift);
            let c = unify(c);
            // U+017F would otherwise survive as a second spelling of `s`.
            if c == 'ſ' {
                self.text.push('s');
            } else {
                self.text.extend(c.to_lowercase());
            }
        }
    }

    fn place(&mut self, original: usize, drift: &mut i64) {
        let now = original as i64 - self.text.len() as i64;
        if now != *drift {
            *drift = now;
            self.shifts.push((self.text.len() as u32, original as u32));
        }
    }

    /// The folded text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte range of `original`, the text that was folded, that a byte range of the folded text came from.
    ///
    /// One original character may fold to several: a range that begins or ends among them takes it whole.
    ///
    /// # Panics
    /// If `original` is shorter than the range's origin, that is, not the text that was folded.
    pub fn original_range(&self, original: &str, folded: Range<usize>) -> Range<usize> {
        let start = original.floor_char_boundary(self.original_offset(folded.start));
        if folded.is_empty() {
            return start..start;
        }
        let end = original.ceil_char_boundary(self.original_offset(folded.end));
        let first_len = original[start..].chars().next().map_or(0, char::len_utf8);
        start..end.max(start + first_len)
    }

    /// The byte range of the folded text that a byte range of the text that was folded came to. Characters that folding drops come
    /// to an empty range.
    pub fn folded_range(&self, original: Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(self.folded_offset(original.start));
        let end = self.text.ceil_char_boundary(self.folded_offset(original.end));
        start..end.max(start)
    }

    fn folded_offset(&self, original: usize) -> usize {
        let after = self.shifts.partition_point(|&(_, at)| at as usize <= original);
        let (folded, at) = after.checked_sub(1).map_or((0, 0), |i| self.shifts[i]);
        let limit = self.shifts.get(after).map_or(self.text.len(), |&(next, _)| next as usize);
        (folded as usize + (original - at as usize)).min(limit)
    }

    fn original_offset(&self, folded: usize) -> usize {
        if folded >= self.text.len() {
            return self.original_len as usize;
        }
        let after = self.shifts.partition_point(|&(at, _)| at as usize <= folded);
        match after.checked_sub(1).map(|i| self.shifts[i]) {
            None => folded,
            Some((at, original)) => {
                // Inside a character that folded to more bytes than it had, stay within the original character.
                let limit = self.shifts.get(after).map_or(self.original_len, |&(_, next)| next) as usize;
                (original as usize + folded - at as usize).min(limit)
            }
        }
    }
}

/// How many bytes at the beginning fold to themselves but for case: printable ASCII with single spaces. `in_space` =
/// white space came before.
fn plain_len(bytes: &[u8], in_space: bool) -> usize {
    /// Bytes looked at together, without a branch, so that the compiler makes it a vector loop.
    const BLOCK: usize = 32;
    let plain = |b: u8, before: u8| (b' '..=b'~').contains(&b) & (b | before != b' ');
    let first = if in_space { b' ' } else { b'x' };
    if !bytes.first().is_some_and(|&b| plain(b, first)) {
        return 0;
    }
    let mut len = 1;
    while let Some(block) = bytes.get(len..len + BLOCK) {
        let before = &bytes[len - 1..len - 1 + BLOCK];
        if !block.iter().zip(before).fold(true, |all, (&b, &before)| all & plain(b, before)) {
            break;
        }
        len += BLOCK;
    }
    while let Some(eight) = bytes.get(len..).and_then(<[u8]>::first_chunk) {
        let odd = odd_bytes(u64::from_le_bytes(*eight), bytes[len - 1]);
        if odd != 0 {
            return len + odd.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    len + bytes.windows(2).skip(len - 1).take_while(|pair| plain(pair[1], pair[0])).count()
}

/// The high bit of each of eight bytes that is not plain, exact up to the first one. `before` = the byte before them.
const fn odd_bytes(eight: u64, before: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let controls = eight.wrapping_sub(b' ' as u64 * ONES) & !eight;
    let delete = eight ^ (0x7f * ONES);
    let delete = delete.wrapping_sub(ONES) & !delete;
    let apart = eight ^ (b' ' as u64 * ONES);
    let spaces = !(((apart & !HIGH) + !HIGH) | apart) & HIGH;
    let after = spaces << 8 | if before == b' ' { 0x80 } else { 0 };
    (eight | controls | delete) & HIGH | spaces & after
}

/// Characters that carry no text: zero-width spaces and joiners, direction marks, variation selectors, the BOM.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{AD}')
}

/// One spelling for characters that people do not tell apart.
fn unify(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}' | '\u{02BC}' | '\u{00B4}' | '\u{2032}' => '\'',
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{201F}' | '\u{2033}' => '"',
        '\u{FF01}'..='\u{FF5E}' => {
            let ascii = (c as u32 - 0xFEE0) as u8;
            ascii as char
        }
        other => other,
    }
}

/// Whether folding may join a character of the text to the one before it, such as a combining mark to its letter. If not, the folded
/// text is what the characters fold to one by one, but for white space.
pub fn may_compose(text: &str) -> bool {
    !text.is_ascii() && unicode_normalization::is_nfc_quick(text.chars()) != IsNormalized::Yes
}

/// Whether folding leaves `c` as it is: only such characters occur in folded text.
pub fn is_folded(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_uppercase() && (!c.is_ascii_whitespace() || matches!(c, ' ' | '\n'));
    }
    // Put behind a letter, since white space at the start is dropped.
    let folded = Folded::new(&format!("a{c}"));
    folded.text().chars().eq(['a', c])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folds_case_width_apostrophes_and_white_space() {
        let folded = Folded::new("  No,\u{00A0}I  Didn\u{2019}t\r\n\r\nＳａｙ e\u{301}\u{200B}t");
        assert_eq!(folded.text(), "no, i didn't\nsay ét");
    }

    #[test]
    fn spans_lead_back_to_the_original() {
        let original = "Ｎｏ,  that\u{2019}s  WRONG!";
        let folded = Folded::new(original);
        let at = folded.text().find("that's wrong").unwrap();
        assert_eq!(&original[folded.original_range(original, at..at + 12)], "that\u{2019}s  WRONG");
        assert_eq!(&original[folded.original_range(original, 0..2)], "Ｎｏ");
    }

    #[test]
    fn a_character_that_folds_to_several_is_taken_whole() {
        let original = "xİy";
        let folded = Folded::new(original);
        assert_eq!(&original[folded.original_range(original, 1..2)], "İ");
        assert_eq!(&original[folded.original_range(original, 0..1)], "x");
    }

    #[test]
    fn knows_which_characters_folded_text_holds() {
        assert!([' ', '\n', 's', 'é', '谢', '_'].into_iter().all(is_folded));
        assert!(!['\t', '\r', 'S', 'ſ', 'É', '’', 'Ａ', '\u{200B}'].into_iter().any(is_folded));
    }

    proptest! {
        #[test]
        fn ranges_are_on_boundaries_and_in_order(text in "\\PC{0,40}", a in 0_usize..60, b in 0_usize..60) {
            let folded = Folded::new(&text);
            let clamp = |mut i: usize| { i = i.min(folded.text().len()); while !folded.text().is_char_boundary(i) { i -= 1; } i };
            let (a, b) = (clamp(a.min(b)), clamp(a.max(b)));
            let range = folded.original_range(&text, a..b);
            prop_assert!(range.start <= range.end && range.end <= text.len());
            prop_assert!(text.get(range.clone()).is_some());
            if a < b { prop_assert!(!range.is_empty()); }
        }

        /// The way there and back holds the range; so do texts that compose, and those that fold to nothing.
        #[test]
        fn a_range_of_the_original_comes_to_a_range_that_leads_back(
            text in "([a-zA-Z ]{0,8}|[ \\t\\n]{0,3}|\\PC|[\u{301}\u{200b}\u{a0}İＡßé]){0,12}", a in 0_usize..80, b in 0_usize..80,
        ) {
            let folded = Folded::new(&text);
            let (a, b) = (text.floor_char_boundary(a.min(b)), text.floor_char_boundary(a.max(b)));
            let range = folded.folded_range(a..b);
            prop_assert!(folded.text().get(range.clone()).is_some());
            let inner = Folded::new(&text[a..b]);
            let inner = inner.text().trim();
            if !may_compose(&text) && !inner.is_empty() {
                prop_assert_eq!(folded.text()[range].trim(), inner);
            }
        }

        #[test]
        fn what_does_not_compose_folds_one_by_one(text in "(\\PC|[a-zＡİſ’\u{200b}\u{1100}\u{1161}\u{11a8}\u{301}]){0,20}") {
            if !may_compose(&text) {
                let one_by_one: String = text.chars().map(|c| Folded::new(&format!("a{c}a")).text()[1..].strip_suffix('a').unwrap_or_default().to_owned()).collect();
                let squeezed = |text: &str| text.replace(char::is_whitespace, "");
                prop_assert_eq!(squeezed(Folded::new(&text).text()), squeezed(&one_by_one));
            }
        }

        #[test]
        fn runs_fold_as_single_characters_do(text in "([a-zA-Z ]{0,80}|[ \\t\\n]{0,3}|\\PC|[\u{7f}\u{301}\u{200b}\u{a0}]){0,8}") {
            let mut slow = Folded::default();
            slow.fold_with(&text, |_, _| 0);
            let fast = Folded::new(&text);
            prop_assert_eq!(fast.text(), slow.text());
            prop_assert_eq!(fast.shifts, slow.shifts);
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = Folded::new(&text);
            let twice = Folded::new(once.text());
            prop_assert_eq!(once.text(), twice.text());
        }
    }
}
