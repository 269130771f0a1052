//! Random choices that a seed repeats: the same stream on every machine and in every release.
//!
//! Outputs say "same seed, same bytes", so their streams belong to the program and not to a dependency, which may change its
//! own between releases. A change of either stream below changes outputs and belongs in the changelog; the literal values in
//! the tests hold both streams to that.
//!
//! * [`Random`] draws: shuffles, samples, choices.
//! * [`splitmix`] has the mixing function that turns ids into numbers that look random, and [`SplitMix64`], the stream of
//!   the learned score's training. Models are stored by their bytes, so training keeps the stream that it began with.

pub mod splitmix;
mod wyrand;

pub use splitmix::SplitMix64;
pub use wyrand::Random;

#[cfg(test)]
mod tests;
