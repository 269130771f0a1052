//! How many tokens a text is, about: enough to compare what two ways of asking cost before anybody is asked.

/// Estimated tokens of `text`: four ASCII bytes, or one other character, a token. An estimate: a tokenizer of the
/// Llama family needs about so many for English prose, more for code, and up to twice as many for some scripts.
pub fn estimate(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    // Every character begins with exactly one byte that is no continuation byte.
    let chars = text.bytes().filter(|b| b & 0xC0 != 0x80).count() as u64;
    ascii.div_ceil(4) + (chars - ascii)
}

#[cfg(test)]
mod tests {
    use super::estimate;

    #[test]
    fn counts_ascii_by_four_and_the_rest_by_one() {
        assert_eq!([estimate(""), estimate("abcd"), estimate("abcde"), estimate("谢谢 ok")], [0, 1, 2, 3]);
    }
}
