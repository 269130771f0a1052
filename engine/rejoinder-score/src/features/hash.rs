//! The one hash of words and features. It is part of the model format: a change of it is a new feature version.

/// FNV-1a with a finisher, since the low bits of FNV alone are poor.
pub(crate) fn bytes(seed: u64, bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mix(bytes.iter().fold(start, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)))
}

/// The hashes of the first bytes, of the first two, and so on, each as [`bytes`] with the seed 0 makes it.
pub(crate) fn beginnings(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.iter().scan(WordHash::START, |hash, &byte| {
        *hash = hash.with(byte);
        Some(hash.finish().0)
    })
}

/// A word, read byte by byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordHash {
    hash: u64,
    digit: bool,
}

impl WordHash {
    pub(crate) const START: Self = Self { hash: 0xcbf2_9ce4_8422_2325, digit: false };

    pub(crate) const fn with(self, byte: u8) -> Self {
        let hash = (self.hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3);
        Self { hash, digit: self.digit | byte.is_ascii_digit() }
    }

    /// The hash, and whether there is a digit in the word.
    pub(crate) const fn finish(self) -> (u64, bool) {
        (mix(self.hash), self.digit)
    }
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
