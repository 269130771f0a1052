//! The one hash of words and features. It is part of the model format: a change of it is a new feature version.

/// FNV-1a with a finisher, since the low bits of FNV alone are poor.
pub(crate) fn bytes(seed: u64, bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mix(bytes.iter().fold(start, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)))
}

/// The hash of a word, and whether there is a digit in it.
pub(crate) fn word(word: &str) -> (u64, bool) {
    let mut digit = false;
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        digit |= b.is_ascii_digit();
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    (mix(hash), digit)
}

/// Two hashes to one, in this order.
pub(crate) const fn join(a: u64, b: u64) -> u64 {
    mix(a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b)
}

/// Spreads all bits over all bits.
pub(crate) const fn mix(mut x: u64) -> u64 {
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 32)
}
