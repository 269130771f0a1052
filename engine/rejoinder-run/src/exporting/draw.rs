//! Draws exchanges evenly in one pass, and holds no more of them than will be wanted.

use std::collections::BinaryHeap;

use rejoinder_core::RecordId;
use rejoinder_export::export::example::Example;
use rejoinder_export::export::lengths::{LengthBin, LengthMix};

use crate::reading_sample::rank;

/// So many exchanges more than wanted are held, since some may turn out not to count.
const SPARE: usize = 16;

/// How many exchanges are drawn, and how long they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeDrawSize {
    /// So many, of any length.
    Rows(usize),
    /// As many as a set has rows, and of each length as many as the set has.
    Like(LengthMix),
}

impl ExchangeDrawSize {
    /// The number of exchanges.
    pub fn rows(&self) -> usize {
        match self {
            Self::Rows(rows) => *rows,
            Self::Like(mix) => mix.rows(),
        }
    }
}

/// A draw that goes on: an urn for each length.
pub(super) struct ExchangeDraw {
    seed: u64,
    is_by_length: bool,
    urns: Vec<ExchangeUrn>,
}

/// Exchanges of one length: those with the smallest ranks are an even sample, whatever the order in which they come.
struct ExchangeUrn {
    bin: Option<LengthBin>,
    wanted: usize,
    /// Ranks of the exchanges, the greatest first, with the place of each in `held`.
    ranks: BinaryHeap<(u64, RecordId, usize)>,
    held: Vec<Option<Example>>,
}

/// The exchanges of a draw.
#[derive(Default)]
pub(super) struct Drawn {
    pub(super) examples: Vec<Example>,
    /// How many are lacking, by their lengths.
    pub(super) lacking: Vec<(Option<LengthBin>, usize)>,
}

impl ExchangeDraw {
    pub(super) fn new(size: &ExchangeDrawSize, seed: u64) -> Self {
        let (is_by_length, urns) = match size {
            ExchangeDrawSize::Rows(rows) => (false, vec![ExchangeUrn::new(None, *rows)]),
            ExchangeDrawSize::Like(mix) => {
                (true, mix.counts().map(|(bin, rows)| ExchangeUrn::new(Some(bin), rows)).collect())
            }
        };
        Self { seed, is_by_length, urns }
    }

    /// Offers an exchange.
    pub(super) fn offer(&mut self, example: Example) {
        let bin = self.is_by_length.then(|| LengthBin::of_example(&example));
        if let Some(urn) = self.urns.iter_mut().find(|urn| urn.bin == bin) {
            urn.offer(rank(self.seed, example.id), example);
        }
    }

    /// Ends the draw; exchanges for which `counts` says no do not count.
    pub(super) fn end(self, counts: impl Fn(&Example) -> bool) -> Drawn {
        let mut drawn = Drawn::default();
        for ExchangeUrn { bin, wanted, ranks, mut held } in self.urns {
            let before = drawn.examples.len();
            let by_rank = ranks.into_sorted_vec().into_iter().filter_map(|(_, _, at)| held[at].take());
            drawn.examples.extend(by_rank.filter(&counts).take(wanted));
            let lacking = wanted - (drawn.examples.len() - before);
            if lacking > 0 {
                drawn.lacking.push((bin, lacking));
            }
        }
        drawn
    }
}

impl ExchangeUrn {
    const fn new(bin: Option<LengthBin>, wanted: usize) -> Self {
        Self { bin, wanted, ranks: BinaryHeap::new(), held: Vec::new() }
    }

    fn offer(&mut self, rank: u64, example: Example) {
        let id = example.id;
        let greatest = self.ranks.peek().copied();
        if self.held.len() < self.wanted.saturating_add(SPARE) {
            self.ranks.push((rank, id, self.held.len()));
            self.held.push(Some(example));
        } else if let Some((most, of, at)) = greatest
            && (rank, id) < (most, of)
        {
            self.ranks.pop();
            self.ranks.push((rank, id, at));
            self.held[at] = Some(example);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::{Conversation, Message, Role};
    use rejoinder_export::export::Dialogue;
    use rejoinder_export::export::example::ToolPolicy;
    use rejoinder_export::export::exchange::{self, ExchangeSource};
    use rejoinder_export::export::skip_reason::SkipCounts;

    use super::*;

    fn example(ordinal: u64, answer_chars: usize) -> Example {
        let messages =
            vec![Message::new(Role::User, "q"), Message::new(Role::Assistant, "a".repeat(answer_chars))];
        let conversation = Conversation { id: ordinal.to_string().into(), messages };
        let dialogue = Dialogue { conversation: &conversation, tools: &[], media: &[] };
        let source = ExchangeSource { shard: 0, ordinal, shared: 0 };
        exchange::examples(&dialogue, source, ToolPolicy::Keep, &mut SkipCounts::new()).remove(0)
    }

    fn drawn(
        size: &ExchangeDrawSize,
        examples: &[Example],
        counts: impl Fn(&Example) -> bool,
    ) -> (Vec<u64>, usize) {
        let mut draw = ExchangeDraw::new(size, 7);
        examples.iter().for_each(|example| draw.offer(example.clone()));
        let Drawn { examples, lacking } = draw.end(counts);
        let mut places: Vec<_> = examples.iter().map(|example| example.id.ordinal).collect();
        places.sort_unstable();
        (places, lacking.iter().map(|(_, rows)| rows).sum())
    }

    proptest! {
        #[test]
        fn the_smallest_ranks_are_drawn_in_whatever_order_they_come(
            lengths in prop::collection::vec(1..40_usize, 0..120),
            wanted in 0..60_usize,
            order in any::<u64>(),
        ) {
            let mut examples: Vec<_> = lengths.iter().enumerate().map(|(n, &chars)| example(n as u64, chars)).collect();
            let size = ExchangeDrawSize::Rows(wanted);
            let first = drawn(&size, &examples, |_| true);
            let mut expected: Vec<_> = examples.iter().map(|e| (rank(7, e.id), e.id.ordinal)).collect();
            expected.sort_unstable();
            let mut expected: Vec<_> = expected.into_iter().take(wanted).map(|(_, place)| place).collect();
            expected.sort_unstable();
            prop_assert_eq!(&first, &(expected, wanted.saturating_sub(examples.len())));
            rejoinder_core::random::Random::with_seed(order).shuffle(&mut examples);
            prop_assert_eq!(&drawn(&size, &examples, |_| true), &first);

            // Others take the place of a few that do not count.
            let out = first.0.first().copied();
            let without = drawn(&size, &examples, |e| Some(e.id.ordinal) != out);
            let left = examples.len() - usize::from(out.is_some());
            prop_assert_eq!(without.0.len(), wanted.min(left));

            // A set is drawn like itself as a whole.
            let rows = examples.iter().map(|e| {
                format!("{{\"prompt\":[{{\"content\":\"q\"}}],\"completion\":[{{\"content\":{:?}}}]}}\n", e.completion)
            });
            if let Ok(mix) = LengthMix::of_rows(rows.collect::<String>().as_bytes()) {
                let all = drawn(&ExchangeDrawSize::Like(mix), &examples, |_| true);
                prop_assert_eq!(all, ((0..examples.len() as u64).collect(), 0));
            }
        }
    }
}
