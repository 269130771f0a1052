//! The calls that a chain of messages is made of.

use super::calls::CallId;
use super::index::Chain;

#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) call: CallId,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// The parts of a chain's keys before key `to`.
pub(super) fn keep(chain: &Chain, to: usize) -> impl Iterator<Item = Part> {
    let mut left = to as u32;
    chain.parts.clone().into_iter().filter_map(move |mut part| {
        let length = (part.to - part.from).min(left);
        left -= length;
        part.to = part.from + length;
        (length > 0).then_some(part)
    })
}

/// The parts of a chain's keys from `from` on.
pub(super) fn cut(chain: &Chain, from: usize) -> impl Iterator<Item = Part> {
    let mut skip = from as u32;
    chain.parts.clone().into_iter().filter_map(move |mut part| {
        let length = part.to - part.from;
        let skipped = skip.min(length);
        skip -= skipped;
        part.from += skipped;
        (skipped < length).then_some(part)
    })
}

pub(super) fn spread(one: Option<(i128, i128)>, other: Option<(i128, i128)>) -> Option<(i128, i128)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}
