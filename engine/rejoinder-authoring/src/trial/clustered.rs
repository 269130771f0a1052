//! A share of turns with an interval that knows that turns of one conversation are alike.

use rejoinder_cascade::clustered::ClusteredCounts;
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
    /// much; where all turns are alike, for at most as many as there are conversations.
    pub fn of(conversations: impl IntoIterator<Item = [u64; 2]>) -> Self {
        let counts: ClusteredCounts = conversations.into_iter().collect();
        let (low, high) = counts.interval();
        Self { of: counts.right, n: counts.known, value: counts.share(), low, high }
    }
}

#[cfg(test)]
mod tests {
    use rejoinder_cascade::interval::wilson;

    use super::*;

    #[test]
    fn turns_alone_in_their_conversations_give_wilsons_interval() {
        let share = ClusteredShare::of((0..40).map(|at| [u64::from(at % 4 > 0), 1]));
        let (low, high) = wilson(30, 40);
        assert!((share.low - low).abs() < 1e-9 && (share.high - high).abs() < 1e-9, "{share:?}");
    }

    #[test]
    fn conversations_of_like_turns_tell_less() {
        let share = ClusteredShare::of((0..10).map(|at| [if at < 8 { 10 } else { 0 }, 10]));
        let (low, high) = wilson(8, 10);
        // A little wider, since ten conversations tell roughly how alike their turns are.
        assert!((low - 0.06..=low).contains(&share.low), "{share:?}");
        assert!((high..=high + 0.03).contains(&share.high), "{share:?}");
        let right = ClusteredShare::of([[5, 5], [5, 5]]);
        assert!((right.low - wilson(2, 2).0).abs() < 1e-9, "{right:?}");
        assert_eq!(ClusteredShare::of([]).n, 0);
    }
}
