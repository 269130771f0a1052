//! Sets of turns as bits.

/// A set of small numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// The empty set, with room for numbers below `len`.
    pub(super) fn new(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    /// Puts a number in; the set grows where it has no room for the number.
    pub(super) fn insert(&mut self, number: usize) {
        if number / 64 >= self.0.len() {
            self.0.resize(number / 64 + 1, 0);
        }
        self.0[number / 64] |= 1 << (number % 64);
    }

    /// Whether the number is in the set.
    pub(super) fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// How many numbers both sets hold.
    pub(super) fn common(&self, other: &Self) -> u32 {
        self.0.iter().zip(&other.0).map(|(a, b)| (a & b).count_ones()).sum()
    }

    /// How many numbers all three sets hold.
    pub(super) fn common_of(&self, other: &Self, third: &Self) -> u32 {
        self.0.iter().zip(&other.0).zip(&third.0).map(|((a, b), c)| (a & b & c).count_ones()).sum()
    }

    /// The numbers that both sets hold.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// The numbers that the other set does not hold.
    pub(super) fn without(&self, other: &Self) -> Self {
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        Self(self.0.iter().zip(others).map(|(a, b)| a & !b).collect())
    }

    /// The numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(place, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(place * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in() {
        let (mut a, mut b) = (Bits::new(10), Bits::new(200));
        [1, 64, 130].into_iter().for_each(|n| a.insert(n));
        [64, 130, 199].into_iter().for_each(|n| b.insert(n));
        assert_eq!(a.and(&b).iter().collect::<Vec<_>>(), [64, 130]);
        assert_eq!(
            (a.common(&b), a.common_of(&b, &a), a.has(1), a.has(2), a.has(9999)),
            (2, 2, true, false, false)
        );
    }
}
