//! SplitMix64: a counter whose values are mixed (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*,
//! OOPSLA 2014; the constants of the mixing function are Stafford's variant 13).

/// What the counter is raised by: 2⁶⁴ divided by the golden ratio, made odd.
pub const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The mixing function: a bijection in which each bit of `z` moves about half of the bits of the result.
pub const fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The first number of the stream that begins at `state`; unlike [`mix`], it does not leave 0 in place.
pub const fn first(state: u64) -> u64 {
    mix(state.wrapping_add(GAMMA))
}

/// The stream of SplitMix64.
#[derive(Clone, Debug)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// The stream that begins at `seed`.
    pub const fn with_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub const fn next_u64(&mut self) -> u64 {
        let number = first(self.state);
        self.state = self.state.wrapping_add(GAMMA);
        number
    }

    /// A number below `n`, or 0 if `n` is 0. Some numbers are more likely than others by at most n/2⁶⁴.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Puts a random choice of `count` values at the beginning, in random order.
    pub fn choose<T>(&mut self, values: &mut [T], count: usize) {
        for i in 0..count.min(values.len()) {
            let j = i + self.below(values.len() - i);
            values.swap(i, j);
        }
    }
}
