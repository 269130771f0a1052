//! The one generator for draws.

use std::ops::{Bound, RangeBounds};

/// Random numbers, choices and orders: a function of the seed and of what was drawn before.
///
/// The stream is wyrand of wyhash 4.2 (Wang Yi, <https://github.com/wangyi-fudan/wyhash>): a counter is raised by an odd
/// constant, multiplied with itself after a second constant was XORed in, and the two halves of the 128-bit product are XORed.
/// Numbers in a range come from Lemire's multiplication with rejection (*Fast random integer generation in an interval*,
/// ACM TOMACS 29, 2019), so each number of a range is equally likely.
///
/// It is not for secrets: who sees a few numbers can tell the next.
///
/// ```
/// use rejoinder_core::random::Random;
/// let mut random = Random::with_seed(7);
/// let mut order: Vec<u32> = (0..6).collect();
/// random.shuffle(&mut order);
/// assert_eq!(order, [5, 1, 4, 0, 3, 2]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream that begins at `seed`.
    pub const fn with_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x2d35_8dcc_aa6c_78a5);
        let product = u128::from(self.state) * u128::from(self.state ^ 0x8bb8_4b93_962e_acc9);
        (product >> 64) as u64 ^ product as u64
    }

    /// A number below `n`, which is not 0.
    ///
    /// The high half of `number * n` is the draw. Where the low half is less than 2⁶⁴ mod n, another number is drawn: without
    /// such numbers, equally many lead to each high half.
    fn below(&mut self, n: u64) -> u64 {
        loop {
            let product = u128::from(self.next()) * u128::from(n);
            let low = product as u64;
            // The remainder is below n, so most draws need no division.
            if low >= n || low >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }

    /// A number in `range`, each as likely as any other.
    ///
    /// # Panics
    /// If the range is empty.
    pub fn u64(&mut self, range: impl RangeBounds<u64>) -> u64 {
        let least = match range.start_bound() {
            Bound::Unbounded => Some(0),
            Bound::Included(&bound) => Some(bound),
            Bound::Excluded(&bound) => bound.checked_add(1),
        };
        let most = match range.end_bound() {
            Bound::Unbounded => Some(u64::MAX),
            Bound::Included(&bound) => Some(bound),
            Bound::Excluded(&bound) => bound.checked_sub(1),
        };
        let (Some(least), Some(most)) = (least, most) else { panic!("a range without numbers") };
        assert!(least <= most, "a range without numbers");
        match (most - least).checked_add(1) {
            Some(numbers) => least + self.below(numbers),
            None => self.next(),
        }
    }

    /// A number in `range`, each as likely as any other; the same as [`Random::u64`] draws, whatever the width of `usize`.
    ///
    /// # Panics
    /// If the range is empty.
    pub fn usize(&mut self, range: impl RangeBounds<usize>) -> usize {
        let start = range.start_bound().map(|&bound| bound as u64);
        let end = match range.end_bound() {
            Bound::Unbounded => Bound::Included(usize::MAX as u64),
            bound => bound.map(|&bound| bound as u64),
        };
        self.u64((start, end)) as usize
    }

    /// A number from 0 to 1, without 1.
    pub fn f64(&mut self) -> f64 {
        const SCALE: f64 = 1.0 / (1_u64 << 63) as f64;
        loop {
            // The highest of the 63-bit numbers are rounded to 1.
            let number = (self.next() >> 1) as f64 * SCALE;
            if number < 1.0 {
                return number;
            }
        }
    }

    /// One of `items`, each as likely as any other; none if there are none.
    pub fn choice<I>(&mut self, items: I) -> Option<I::Item>
    where
        I: IntoIterator<IntoIter: ExactSizeIterator>,
    {
        let mut items = items.into_iter();
        match items.len() {
            0 => None,
            count => items.nth(self.usize(..count)),
        }
    }

    /// Puts `items` in random order, each order as likely as any other (Fisher and Yates, from the front).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in 1..items.len() {
            items.swap(place, self.usize(..=place));
        }
    }
}
