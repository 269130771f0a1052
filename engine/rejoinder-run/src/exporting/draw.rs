//! Draws exchanges evenly in one pass, and holds no more of them than will be wanted.

use std::collections::BTreeMap;

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

/// A draw that goes on.
pub(super) struct ExchangeDraw {
    seed: u64,
    is_by_length: bool,
    urns: BTreeMap<Option<LengthBin>, Urn>,
}

/// Exchanges of one length: those with the smallest ranks are an even sample, whatever the order in which they come.
struct Urn {
    wanted: usize,
    held: BTreeMap<(u64, RecordId), Example>,
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
        let (is_by_length, wanted) = match size {
            ExchangeDrawSize::Rows(rows) => (false, vec![(None, *rows)]),
            ExchangeDrawSize::Like(mix) => {
                (true, mix.counts().map(|(bin, rows)| (Some(bin), rows)).collect())
            }
        };
        let urn = |wanted| Urn { wanted, held: BTreeMap::new() };
        Self { seed, is_by_length, urns: wanted.into_iter().map(|(bin, rows)| (bin, urn(rows))).collect() }
    }

    /// Offers an exchange.
    pub(super) fn offer(&mut self, example: Example) {
        let bin = self.is_by_length.then(|| LengthBin::of_example(&example));
        if let Some(urn) = self.urns.get_mut(&bin) {
            urn.held.insert((rank(self.seed, example.id), example.id), example);
            if urn.held.len() > urn.wanted.saturating_add(SPARE) {
                urn.held.pop_last();
            }
        }
    }

    /// Ends the draw; exchanges for which `counts` says no do not count.
    pub(super) fn end(self, counts: impl Fn(&Example) -> bool) -> Drawn {
        let mut drawn = Drawn::default();
        for (bin, Urn { wanted, held }) in self.urns {
            let before = drawn.examples.len();
            drawn.examples.extend(held.into_values().filter(&counts).take(wanted));
            let lacking = wanted - (drawn.examples.len() - before);
            if lacking > 0 {
                drawn.lacking.push((bin, lacking));
            }
        }
        drawn
    }
}
