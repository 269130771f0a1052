//! Shares with an interval that knows what was counted.

use rejoinder_cascade::interval::{wilson, wilson_of_share};
use schemars::JsonSchema;
use serde::Serialize;

/// A share, with a 95 % interval of the share among other conversations of the same kind. The interval knows nothing of wrong decisions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Share {
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

impl Share {
    /// A share of things that are independent of each other: Wilson's interval.
    pub(super) fn of_independent(of: u64, n: u64) -> Self {
        let (low, high) = wilson(of, n);
        Self { of, n, value: ratio(of, n), low, high }
    }

    /// A share of turns. Turns of one conversation are not independent: a user who corrects once corrects again. `squares` is the sum,
    /// over the conversations, of the squared number of turns that count.
    ///
    /// With y turns that count among T, the variance of y/T is taken to be Σy²/T², the sum over conversations as if each were drawn by
    /// itself and none were known to be long: never too small by more than rounding, since it leaves out what the lengths of the
    /// conversations explain. The interval is Wilson's with as many independent turns as have that variance, for the plain interval
    /// would reach below 0 where few turns count. Where no turn counts, or every one, the formula says nothing, and each conversation stands
    /// for one turn.
    pub(super) fn of_turns(of: u64, turns: u64, squares: u64, conversations: u64) -> Self {
        let value = ratio(of, turns);
        let independent = match of {
            _ if turns == 0 => return Self::of_independent(0, 0),
            _ if of == 0 || of == turns => turns.min(conversations.max(1)) as f64,
            _ => {
                let variance = squares as f64 / (turns as f64).powi(2);
                (value * (1.0 - value) / variance).clamp(f64::MIN_POSITIVE, turns as f64)
            }
        };
        let (low, high) = wilson_of_share(value, independent);
        Self { of, n: turns, value, low, high }
    }
}

/// A part of a whole; 0 of nothing.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::random::Random;

    use super::*;

    #[test]
    fn one_turn_a_conversation_is_nearly_wilson() {
        let clustered = Share::of_turns(100, 10_000, 100, 10_000);
        let independent = Share::of_independent(100, 10_000);
        assert!((clustered.low - independent.low).abs() < 1e-4, "{clustered:?} {independent:?}");
        assert!((clustered.high - independent.high).abs() < 1e-4);
        let chatty = Share::of_turns(100, 10_000, 1_000, 1_000);
        assert!(chatty.high - chatty.low > 2.5 * (independent.high - independent.low), "{chatty:?}");
    }

    #[test]
    fn nothing_and_all_have_an_interval() {
        assert_eq!(Share::of_turns(0, 0, 0, 0), Share { of: 0, n: 0, value: 0.0, low: 0.0, high: 1.0 });
        let none = Share::of_turns(0, 1_000, 0, 10);
        assert!(none.low == 0.0 && none.high > 0.2, "ten conversations say little: {none:?}");
        let all = Share::of_turns(50, 50, 250, 10);
        assert!(all.high > 0.999 && all.low < 0.8, "{all:?}");
    }

    /// Conversations of one to nine turns, whose users differ in how often they give feedback: the interval of 40 of them covers the
    /// share of all in at least 93 of 100 draws.
    #[test]
    fn the_interval_covers_the_share_of_all_conversations() {
        let mut random = Random::with_seed(22);
        let mut draw = || {
            let turns = 1 + random.usize(..9) as u64;
            // Four of five users give none; the fifth in every second turn.
            let gives = random.usize(..5) == 0;
            let count = (0..turns).filter(|_| gives && random.usize(..2) == 0).count() as u64;
            (turns, count)
        };
        let truth = 0.1;
        let covered = (0..400).filter(|_| {
            let sample: Vec<(u64, u64)> = (0..40).map(|_| draw()).collect();
            let turns = sample.iter().map(|(turns, _)| turns).sum();
            let of = sample.iter().map(|(_, count)| count).sum();
            let squares = sample.iter().map(|(_, count)| count * count).sum();
            let share = Share::of_turns(of, turns, squares, 40);
            share.low <= truth && truth <= share.high
        });
        let covered = covered.count();
        assert!(covered >= 372, "{covered} of 400");
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_share(counts in proptest::collection::vec((1_u64..20, 0_u64..20), 1..30)) {
            let turns = counts.iter().map(|(turns, _)| turns).sum();
            let found = counts.iter().map(|(turns, of)| of.min(turns));
            let of = found.clone().sum();
            let squares = found.map(|of| of * of).sum();
            let share = Share::of_turns(of, turns, squares, counts.len() as u64);
            prop_assert!(0.0 <= share.low && share.low <= share.value + 1e-9);
            prop_assert!(share.value <= share.high + 1e-9 && share.high <= 1.0);
        }
    }
}
