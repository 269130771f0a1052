//! What asking costs, in every unit that a budget may be in. Integers, so that sums are exact.

use std::ops::{AddAssign, SubAssign};

use serde::{Deserialize, Serialize};

/// An amount in each unit of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spending {
    /// The number of HTTP requests.
    pub calls: u64,
    /// The number of input and output tokens.
    pub tokens: u64,
    /// The money, in billionths of the unit in which prices are given.
    pub money: u64,
    /// The GPU time, in billionths of a GPU-second.
    pub gpu: u64,
}

impl Spending {
    fn each(self, other: Self, f: impl Copy + Fn(u64, u64) -> u64) -> Self {
        Self {
            calls: f(self.calls, other.calls),
            tokens: f(self.tokens, other.tokens),
            money: f(self.money, other.money),
            gpu: f(self.gpu, other.gpu),
        }
    }
}

impl AddAssign for Spending {
    fn add_assign(&mut self, other: Self) {
        *self = self.each(other, u64::saturating_add);
    }
}

impl SubAssign for Spending {
    fn sub_assign(&mut self, other: Self) {
        *self = self.each(other, u64::saturating_sub);
    }
}

/// The most that may be spent over a run's whole life; `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpendingLimits {
    /// The number of HTTP requests.
    pub calls: Option<u64>,
    /// The number of input and output tokens.
    pub tokens: Option<u64>,
    /// The money, in billionths of the unit in which prices are given.
    pub money: Option<u64>,
    /// The GPU time, in billionths of a GPU-second.
    pub gpu: Option<u64>,
}

impl SpendingLimits {
    /// Whether nothing is limited.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this amount may be spent.
    pub fn allow(&self, spent: &Spending) -> bool {
        let within = |limit: Option<u64>, spent: u64| limit.is_none_or(|limit| spent <= limit);
        within(self.calls, spent.calls)
            && within(self.tokens, spent.tokens)
            && within(self.money, spent.money)
            && within(self.gpu, spent.gpu)
    }
}
