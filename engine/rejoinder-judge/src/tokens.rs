//! How many tokens a text is, about: enough to compare what two ways of asking cost before anybody is asked.

use rejoinder_core::text::CharCount;

/// Estimated tokens of `text`: see [`of`].
pub fn estimate(text: &str) -> u64 {
    of(CharCount::of(text))
}

/// Estimated tokens of so many characters: four ASCII characters, or one other, a token. An estimate: a tokenizer of
/// the Llama family needs about so many for English prose, more for code, and up to twice as many for some scripts.
pub const fn of(count: CharCount) -> u64 {
    count.ascii.div_ceil(4) + count.other
}

#[cfg(test)]
mod tests {
    use super::estimate;

    #[test]
    fn counts_ascii_by_four_and_the_rest_by_one() {
        assert_eq!([estimate(""), estimate("abcd"), estimate("abcde"), estimate("谢谢 ok")], [0, 1, 2, 3]);
    }
}
