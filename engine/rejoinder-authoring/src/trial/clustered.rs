//! A share of turns with an interval that knows that turns of one conversation are alike.

use rejoinder_cascade::interval::wilson_of_share;
use serde::Serialize;

/// A share with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClusteredShare {
    /// Numerator.
    pub of: u64,
    /// Denominator.
    pub n: u64,
    /// The share; 0 where there is nothing to divide by.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl ClusteredShare {
    /// The share over conversations, each with numerator and denominator: Wilson's interval for as many independent turns as tell as
    /// much; where all turns are alike, for as many as there are conversations.
    pub fn of(conversations: &[[u64; 2]]) -> Self {
        let all: u64 = conversations.iter().map(|[_, n]| n).sum();
        let of: u64 = conversations.iter().map(|[of, _]| of).sum();
        if all == 0 {
            return Self { of, n: all, value: 0.0, low: 0.0, high: 1.0 };
        }
        let (count, n) = (conversations.iter().filter(|[_, n]| *n > 0).count() as f64, all as f64);
        let value = of as f64 / n;
        let alone = n * value * (1.0 - value);
        let residual = |[of, n]: &[u64; 2]| (*of as f64 - value * *n as f64).powi(2);
        let together: f64 = conversations.iter().map(residual).sum();
        let trials =
            if alone > 0.0 { (n * alone / together.max(f64::MIN_POSITIVE)).clamp(1.0, n) } else { count };
        let (low, high) = wilson_of_share(value, trials);
        Self { of, n: all, value, low, high }
    }
}

#[cfg(test)]
mod tests {
    use rejoinder_cascade::interval::wilson;

    use super::*;

    #[test]
    fn turns_alone_in_their_conversations_give_wilsons_interval() {
        let conversations: Vec<[u64; 2]> = (0..40).map(|at| [u64::from(at % 4 > 0), 1]).collect();
        let share = ClusteredShare::of(&conversations);
        let (low, high) = wilson(30, 40);
        assert!((share.low - low).abs() < 1e-9 && (share.high - high).abs() < 1e-9, "{share:?}");
    }

    #[test]
    fn conversations_of_like_turns_tell_less() {
        let conversations: Vec<[u64; 2]> = (0..10).map(|at| [if at < 8 { 10 } else { 0 }, 10]).collect();
        let share = ClusteredShare::of(&conversations);
        let (low, high) = wilson(8, 10);
        assert!((share.low - low).abs() < 1e-9 && (share.high - high).abs() < 1e-9, "{share:?}");
        let right = ClusteredShare::of(&[[5, 5], [5, 5]]);
        assert!((right.low - wilson(2, 2).0).abs() < 1e-9, "{right:?}");
        assert_eq!(ClusteredShare::of(&[]).n, 0);
    }
}
