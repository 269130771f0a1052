//! How long messages and conversations are.

use std::collections::BTreeMap;

use serde::Serialize;

/// How often each length occurs, the long ones rounded to two digits.
#[derive(Clone, Debug, Default)]
pub(super) struct Lengths(pub(super) BTreeMap<u64, u64>);

/// Some lengths out of many.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Quantiles {
    pub(super) median: u64,
    pub(super) nine_tenths: u64,
    pub(super) most: u64,
}

impl Lengths {
    pub(super) fn add(&mut self, length: u64, count: u64) {
        let step = 10_u64.pow(length.checked_ilog10().unwrap_or_default().saturating_sub(1));
        *self.0.entry(length / step * step).or_default() += count;
    }

    pub(super) fn quantiles(&self) -> Quantiles {
        let total: u64 = self.0.values().sum();
        let at = |share: f64| {
            let mut left = (total as f64 * share) as u64;
            let reached = self.0.iter().find(|(_, count)| {
                let found = left < **count;
                left = left.saturating_sub(**count);
                found
            });
            reached.map_or(0, |(length, _)| *length)
        };
        let most = self.0.last_key_value().map_or(0, |(length, _)| *length);
        Quantiles { median: at(0.5), nine_tenths: at(0.9), most }
    }
}
