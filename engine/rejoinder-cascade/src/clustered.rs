//! Shares of turns that come in conversations: the turns of one conversation are alike, so that they tell less than as many turns of
//! different conversations.
//!
//! Turns are worth as many independent ones as give the share's variance over conversations (Kish's design effect, 1965), and somewhat
//! fewer where few conversations tell that variance (Korn and Graubard, 1998). Where all turns are right, or all wrong, the variance
//! says nothing; there the turns of a conversation count as one answer: (Σn)² / Σn² of them, never more than there are conversations.
//! No bound is above the one that follows if all turns are right.

use std::ops::AddAssign;

use serde::Serialize;

use crate::binomial;
use crate::interval::wilson_of_share;

/// How much wider Student's distribution makes a bound: about 1 + 1.21/f times, with f degrees of freedom, at 97.5 %; less at 95 %.
const STUDENT: f64 = 1.21;
/// What rounding may take from a whole number.
const ROUNDING: f64 = 1e-9;

/// Turns that are known, and those that are right among them, as sums over conversations. Sums add up in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClusteredCounts {
    /// Conversations with a known turn.
    pub conversations: u64,
    /// Known turns.
    pub known: u64,
    /// Right turns.
    pub right: u64,
    /// The sum of the squares of a conversation's known turns.
    pub known_squared: u64,
    /// The sum of the squares of a conversation's right turns.
    pub right_squared: u64,
    /// The sum of the products of both.
    pub right_by_known: u64,
}

impl ClusteredCounts {
    /// The counts of one conversation.
    ///
    /// # Panics
    /// When more turns are right than are known.
    pub fn conversation(right: u64, known: u64) -> Self {
        assert!(right <= known, "{right} right among only {known}");
        Self {
            conversations: u64::from(known > 0),
            known,
            right,
            known_squared: known * known,
            right_squared: right * right,
            right_by_known: right * known,
        }
    }

    /// The share of right turns; 0 where nothing is known.
    pub fn share(&self) -> f64 {
        if self.known == 0 { 0.0 } else { self.right as f64 / self.known as f64 }
    }

    /// How many independent answers the turns are worth if those of a conversation are all alike: at most the number of conversations.
    fn worth_if_alike(&self) -> f64 {
        (self.known as f64).powi(2) / self.known_squared as f64
    }

    /// How many independent turns tell as much of the share: above 0, at most the known turns; 0 where nothing is known.
    pub fn worth(&self) -> f64 {
        if self.known == 0 {
            return 0.0;
        }
        let (n, k, share) = (self.known as f64, self.conversations as f64, self.share());
        if self.right == 0 || self.right == self.known || self.conversations < 2 {
            return self.worth_if_alike();
        }
        let residuals = share.mul_add(
            share * self.known_squared as f64 - 2.0 * self.right_by_known as f64,
            self.right_squared as f64,
        );
        let independent = n * share * (1.0 - share) * n / (n - 1.0);
        let effect = (residuals * k / (k - 1.0) / independent).max(1.0);
        let student = |turns: f64| 1.0 + STUDENT / (turns - 1.0);
        n / effect * (student(n) / student(k)).powi(2)
    }

    /// The one-sided lower bound of the share: in about `delta` of samples of conversations the true share is below it. Exact
    /// (Clopper–Pearson) where each conversation has one turn; 0 where nothing is known.
    ///
    /// # Panics
    /// When `delta` is outside (0, 1).
    pub fn lower(&self, delta: f64) -> f64 {
        let most = self.highest_lower(delta);
        if self.right == self.known {
            return most;
        }
        let turns = (self.worth() + ROUNDING).floor();
        let right = (self.share() * turns + ROUNDING).floor();
        binomial::lower(right as u64, turns as u64, delta).min(most)
    }

    /// The [lower bound](Self::lower) that as many turns of as many conversations give if all are right.
    ///
    /// # Panics
    /// When `delta` is outside (0, 1).
    pub fn highest_lower(&self, delta: f64) -> f64 {
        assert!(delta > 0.0 && delta < 1.0, "delta is {delta}");
        if self.known == 0 { 0.0 } else { delta.powf(self.worth_if_alike().recip()) }
    }

    /// Wilson's interval of the share at 95 %, with as many trials as the turns are worth; (0, 1) where nothing is known.
    pub fn interval(&self) -> (f64, f64) {
        if self.known == 0 {
            return (0.0, 1.0);
        }
        let (low, high) = wilson_of_share(self.share(), self.worth());
        let alike = self.worth_if_alike();
        (low.min(wilson_of_share(1.0, alike).0), high.max(wilson_of_share(0.0, alike).1))
    }
}

impl AddAssign for ClusteredCounts {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.known += other.known;
        self.right += other.right;
        self.known_squared += other.known_squared;
        self.right_squared += other.right_squared;
        self.right_by_known += other.right_by_known;
    }
}

impl FromIterator<[u64; 2]> for ClusteredCounts {
    /// Adds up conversations, each with its right and its known turns.
    fn from_iter<I: IntoIterator<Item = [u64; 2]>>(conversations: I) -> Self {
        let mut sum = Self::default();
        conversations.into_iter().for_each(|[right, known]| sum += Self::conversation(right, known));
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::random::Random;

    use super::*;
    use crate::interval::wilson;

    fn counts(conversations: &[[u64; 2]]) -> ClusteredCounts {
        conversations.iter().copied().collect()
    }

    #[test]
    fn turns_alone_in_their_conversations_have_the_exact_bound() {
        for (right, known) in [(27, 30), (30, 30), (1, 40), (0, 12), (399, 400)] {
            let found: ClusteredCounts = (0..known).map(|at| [u64::from(at < right), 1]).collect();
            let exact = binomial::lower(right, known, 0.05);
            assert!((found.lower(0.05) - exact).abs() < 1e-9, "{right} of {known}: {}", found.lower(0.05));
            let (low, high) = wilson(right, known);
            let (of_low, of_high) = found.interval();
            assert!((of_low - low).abs() < 1e-9 && (of_high - high).abs() < 1e-9, "{right} of {known}");
        }
    }

    #[test]
    fn conversations_whose_turns_agree_tell_what_as_many_answers_do() {
        // Two conversations of 44 right turns each are two answers: .05^(1/2).
        let two = counts(&[[44, 44]; 2]);
        assert!((two.lower(0.05) - 0.05_f64.sqrt()).abs() < 1e-12 && (two.worth() - 2.0).abs() < 1e-12);
        // One wrong turn in each does not make them more.
        assert!(counts(&[[43, 44]; 2]).lower(0.05) <= two.lower(0.05));
        // A long conversation does not count for many.
        assert!(counts(&[[90, 90], [1, 1], [1, 1]]).worth() < 1.1);
        let eight_of_ten = counts(&[
            [10, 10],
            [10, 10],
            [10, 10],
            [10, 10],
            [10, 10],
            [10, 10],
            [10, 10],
            [10, 10],
            [0, 10],
            [0, 10],
        ]);
        assert!(eight_of_ten.worth() <= 10.0 && eight_of_ten.worth() > 5.0, "{}", eight_of_ten.worth());
        assert!(eight_of_ten.lower(0.05) <= binomial::lower(8, 10, 0.05));
        assert_eq!((counts(&[]).lower(0.05), counts(&[]).interval()), (0.0, (0.0, 1.0)));
    }

    /// Turns of a conversation that copy its answer with probability `alike`, and are right on their own otherwise.
    fn sample(random: &mut Random, conversations: usize, share: f64, alike: f64) -> ClusteredCounts {
        let of_one = |random: &mut Random| {
            let known = random.u64(1..9);
            let answer = random.f64() < share;
            let right = (0..known).filter(|_| match random.f64() < alike {
                true => answer,
                false => random.f64() < share,
            });
            [right.count() as u64, known]
        };
        (0..conversations).map(|_| of_one(random)).collect()
    }

    #[test]
    fn the_lower_bound_holds_as_often_as_it_says_where_turns_are_alike() {
        const TRIALS: u64 = 600;
        // Three standard errors above δ.
        let most = 0.05 + 3.0 * (0.05 * 0.95 / TRIALS as f64).sqrt();
        for conversations in [4, 12, 40] {
            for share in [0.8, 0.9, 0.97] {
                for alike in [0.0, 0.5, 0.8, 1.0] {
                    let missed = (0..TRIALS).filter(|trial| {
                        let mut random = Random::with_seed(*trial);
                        sample(&mut random, conversations, share, alike).lower(0.05) > share
                    });
                    let rate = missed.count() as f64 / TRIALS as f64;
                    assert!(rate <= most, "{conversations} conversations, {share}, {alike}: {rate}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn bounds_keep_their_order(conversations in prop::collection::vec((0_u64..20, 0_u64..20), 1..40)) {
            let conversations: Vec<[u64; 2]> =
                conversations.into_iter().map(|(right, wrong)| [right, right + wrong]).collect();
            let found = counts(&conversations);
            let lower = found.lower(0.05);
            prop_assert!(lower <= found.share() + 1e-12 && lower <= found.highest_lower(0.05) + 1e-12);
            prop_assert!(found.worth() <= found.known as f64 + 1e-9);
            if found.known > 0 {
                let (low, high) = found.interval();
                prop_assert!(low <= found.share() + 1e-9 && found.share() <= high + 1e-9);
                prop_assert!(found.worth() > 0.0);
            }
        }
    }
}
