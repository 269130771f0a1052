//! Conditions on one fact that never hold together, whatever a plugin tells.

use std::ops::RangeInclusive;

use super::condition::{Comparison, FactCondition};
use super::value::FactValue;

impl Comparison {
    /// Whether the comparison with `wanted` holds for all numbers of a range, or for none; `None` where that depends.
    pub(super) fn outcome(self, wanted: f64, range: RangeInclusive<f64>) -> Option<bool> {
        let (least, most) = (*range.start(), *range.end());
        let (always, never) = match self {
            Self::Less => (most < wanted, wanted <= least),
            Self::AtMost => (most <= wanted, wanted < least),
            Self::Equal => (least == wanted && most == wanted, !range.contains(&wanted)),
            Self::Unequal => (!range.contains(&wanted), least == wanted && most == wanted),
            Self::AtLeast => (wanted <= least, most < wanted),
            Self::Greater => (wanted < least, most <= wanted),
        };
        (always || never).then_some(always)
    }

    /// Whether the comparison lets numbers in that lie below.
    const fn is_open_below(self) -> bool {
        matches!(self, Self::Less | Self::AtMost | Self::Unequal)
    }

    /// Whether the comparison lets numbers in that lie above.
    const fn is_open_above(self) -> bool {
        matches!(self, Self::Greater | Self::AtLeast | Self::Unequal)
    }
}

impl FactCondition {
    /// Whether the other condition is on the same fact, and never holds where this one does.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        if (&self.plugin, &self.fact) != (&other.plugin, &other.fact) {
            return false;
        }
        let is_equal = |condition: &Self| condition.comparison == Comparison::Equal;
        match (&self.wanted, &other.wanted) {
            (FactValue::Truth(one), FactValue::Truth(two)) => {
                (*one == is_equal(self)) != (*two == is_equal(other))
            }
            (FactValue::Word(one), FactValue::Word(two)) => match (is_equal(self), is_equal(other)) {
                (true, true) => one != two,
                (false, false) => false,
                _ => one == two,
            },
            (FactValue::Number(one), FactValue::Number(two)) => {
                let (low, high) = match one <= two {
                    true => ((self.comparison, *one), (other.comparison, *two)),
                    false => ((other.comparison, *two), (self.comparison, *one)),
                };
                let holds_at =
                    |at: f64| self.comparison.of_numbers(at, *one) && other.comparison.of_numbers(at, *two);
                // Both are kept by the same numbers between two neighbours of what they compare with.
                let between = low.1 < high.1 && low.0.is_open_above() && high.0.is_open_below();
                let below = low.0.is_open_below() && high.0.is_open_below();
                let above = low.0.is_open_above() && high.0.is_open_above();
                !(between || below || above || holds_at(*one) || holds_at(*two))
            }
            _ => false,
        }
    }
}
