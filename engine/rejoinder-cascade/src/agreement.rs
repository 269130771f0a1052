//! How far two readers of the same turns agree: the share of equal answers, and Cohen's κ.
//!
//! Turns of one conversation may depend on each other, so both intervals go by conversations: that of the share is
//! [`ClusteredCounts::interval`], κ has the middle 95 % of a bootstrap over conversations.

use rejoinder_core::random::Random;
use serde::Serialize;

use crate::clustered::ClusteredCounts;

/// Resamples of the bootstrap.
const RESAMPLES: usize = 1_000;

/// What two readers said of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwiceReadTurn {
    /// The turn's conversation, by its number among those of all turns.
    pub conversation: usize,
    /// The readers' answers, by the numbers of these.
    pub answers: [usize; 2],
}

/// How far two readers agree. Intervals are at 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The number of turns that both readers answered.
    pub turns: u64,
    /// The number of turns with equal answers.
    pub equal: u64,
    /// The share of turns with equal answers.
    pub share: f64,
    /// The interval of the share.
    pub share_interval: (f64, f64),
    /// Cohen's κ: the agreement beyond what chance gives; `None` where both readers say one and the same of every turn.
    pub kappa: Option<f64>,
    /// The interval of κ; `None` where κ is not defined in most resamples.
    pub kappa_interval: Option<(f64, f64)>,
}

impl Agreement {
    /// The agreement on turns whose answers are below `answers`; `None` without turns. The resamples depend on the seed.
    ///
    /// # Panics
    /// If a turn has an answer that is not below `answers`.
    pub fn of(turns: &[TwiceReadTurn], answers: usize, seed: u64) -> Option<Self> {
        let conversations = turns.iter().map(|turn| turn.conversation + 1).max()?;
        let mut by_conversation = vec![[0, 0]; conversations];
        for turn in turns {
            let [equal, all] = &mut by_conversation[turn.conversation];
            *equal += u64::from(turn.answers[0] == turn.answers[1]);
            *all += 1;
        }
        let equal: ClusteredCounts = by_conversation.into_iter().collect();
        Some(Self {
            turns: equal.known,
            equal: equal.right,
            share: equal.share(),
            share_interval: equal.interval(),
            kappa: kappa(turns, answers, |_| 1.0),
            kappa_interval: kappa_interval(turns, answers, conversations, seed),
        })
    }
}

/// Cohen's κ of turns with the weights of their conversations (Cohen 1960).
fn kappa(turns: &[TwiceReadTurn], answers: usize, weight: impl Fn(usize) -> f64) -> Option<f64> {
    let mut said = vec![[0.0; 2]; answers];
    let (mut all, mut equal) = (0.0, 0.0);
    for turn in turns {
        let weight = weight(turn.conversation);
        let [first, second] = turn.answers;
        said[first][0] += weight;
        said[second][1] += weight;
        all += weight;
        equal += if first == second { weight } else { 0.0 };
    }
    let by_chance: f64 = said.iter().map(|[first, second]| first * second).sum::<f64>() / (all * all);
    // Also false where there are no turns, and the chance is no number.
    (by_chance < 1.0).then(|| (equal / all - by_chance) / (1.0 - by_chance))
}

fn kappa_interval(
    turns: &[TwiceReadTurn],
    answers: usize,
    conversations: usize,
    seed: u64,
) -> Option<(f64, f64)> {
    let mut seen = vec![false; conversations];
    turns.iter().for_each(|turn| seen[turn.conversation] = true);
    let seen: Vec<usize> = (0..conversations).filter(|&number| seen[number]).collect();
    let mut random = Random::with_seed(seed);
    let mut weights = vec![0.0; conversations];
    let mut found = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        weights.fill(0.0);
        for _ in 0..seen.len() {
            weights[seen[random.usize(..seen.len())]] += 1.0;
        }
        found.extend(kappa(turns, answers, |conversation| weights[conversation]));
    }
    if found.len() * 2 < RESAMPLES {
        return None;
    }
    found.sort_by(f64::total_cmp);
    let at = |share: f64| found[(share * (found.len() - 1) as f64).round() as usize];
    Some((at(0.025), at(0.975)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::interval::wilson;

    /// Turns by the counts of a table of two answers, each in a conversation of its own.
    fn table(counts: [[usize; 2]; 2]) -> Vec<TwiceReadTurn> {
        let mut turns = Vec::new();
        for (first, row) in counts.iter().enumerate() {
            for (second, &count) in row.iter().enumerate() {
                for _ in 0..count {
                    turns.push(TwiceReadTurn { conversation: turns.len(), answers: [first, second] });
                }
            }
        }
        turns
    }

    #[test]
    fn figures_are_those_of_a_table_worked_out_by_hand() {
        // .7 agree; by chance .5 · .6 + .5 · .4 = .5, so that κ is .2 / .5.
        let found = Agreement::of(&table([[20, 5], [10, 15]]), 2, 1).unwrap();
        assert_eq!((found.turns, found.equal), (50, 35));
        assert!((found.share - 0.7).abs() < 1e-12 && (found.kappa.unwrap() - 0.4).abs() < 1e-12);
        let (low, high) = wilson(35, 50);
        let (of_low, of_high) = found.share_interval;
        assert!((of_low - low).abs() < 1e-9 && (of_high - high).abs() < 1e-9);
        let (low, high) = found.kappa_interval.unwrap();
        // About ±1.96 · .128, the standard error of large samples.
        assert!((low - 0.15).abs() < 0.06 && (high - 0.65).abs() < 0.06, "{low} {high}");
    }

    #[test]
    fn turns_that_depend_on_each_other_are_worth_fewer() {
        let of = |per_conversation: usize| {
            let turn = |i: usize| TwiceReadTurn {
                conversation: i / per_conversation,
                answers: [0, usize::from((i / per_conversation).is_multiple_of(5))],
            };
            Agreement::of(&(0..200).map(turn).collect::<Vec<_>>(), 2, 1).unwrap()
        };
        let (alone, together) = (of(1), of(10));
        assert_eq!((alone.share, together.share), (0.8, 0.8));
        let width = |found: Agreement| found.share_interval.1 - found.share_interval.0;
        assert!(width(together) > 2.5 * width(alone));
    }

    #[test]
    fn where_one_answer_is_all_that_is_said_there_is_no_kappa() {
        let found = Agreement::of(&table([[30, 0], [0, 0]]), 2, 1).unwrap();
        assert_eq!((found.share, found.kappa, found.kappa_interval), (1.0, None, None));
        assert_eq!(Agreement::of(&[], 2, 1), None);
    }

    #[test]
    fn intervals_hold_the_truth_about_as_often_as_they_say() {
        // The second reader says what the first one says, throughout a conversation, or else goes by chance alone: κ is how often the
        // former happens.
        const TRIALS: usize = 100;
        let (mut of_kappa, mut of_share) = (0, 0);
        for trial in 0..TRIALS {
            let mut random = Random::with_seed(trial as u64);
            let mut turns = Vec::new();
            for conversation in 0..40 {
                let copies = random.f64() < 0.7;
                for _ in 0..2 {
                    let [first, other] = [0; 2].map(|_| usize::from(random.f64() < 0.3));
                    turns.push(TwiceReadTurn {
                        conversation,
                        answers: [first, if copies { first } else { other }],
                    });
                }
            }
            let found = Agreement::of(&turns, 2, trial as u64).unwrap();
            let (low, high) = found.kappa_interval.unwrap();
            of_kappa += usize::from((low..=high).contains(&0.7));
            let (low, high) = found.share_interval;
            of_share += usize::from((low..=high).contains(&(0.7 + 0.3 * 0.58)));
        }
        assert!(of_kappa >= 88 && of_share >= 88, "{of_kappa} and {of_share} of {TRIALS}");
    }

    proptest! {
        #[test]
        fn intervals_hold_their_points(
            said in prop::collection::vec((0_usize..30, 0_usize..6, 0_usize..6), 1..120), seed: u64) {
            let turns: Vec<TwiceReadTurn> = said
                .into_iter()
                .map(|(conversation, first, second)| TwiceReadTurn { conversation, answers: [first, second] })
                .collect();
            let found = Agreement::of(&turns, 6, seed).unwrap();
            let (low, high) = found.share_interval;
            prop_assert!(low <= found.share + 1e-12 && found.share <= high + 1e-12);
            prop_assert!(found.kappa.is_none_or(|kappa| (-1.0..=1.0).contains(&kappa)));
            if let Some((low, high)) = found.kappa_interval {
                prop_assert!(low <= high && high <= 1.0);
            }
        }
    }
}
