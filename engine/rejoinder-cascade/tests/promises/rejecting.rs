//! The recall promise of a single cut: exactly, by the tail that the proof bounds, and by drawing.

use rejoinder_cascade::hypergeometric::Draw;
use rejoinder_cascade::threshold::{self, Cut};
use rejoinder_core::random::Random;

use crate::common::{self, CLEAN, DELTA, Recipe, Unit, draw, most_misses, positives, rate};

/// Whether fewer than `recall` of the positives are escalated.
fn misses(population: &[Unit], cut: Cut, recall: f64) -> bool {
    let all = positives(population);
    let kept = all.iter().filter(|&&score| cut.escalates(score)).count();
    (kept as f64) < recall * all.len() as f64
}

/// Rate of broken promises over draws of `sampled` units, and the share of units that are escalated on average.
fn rates(recipe: Recipe, sampled: usize, recall: f64, seed: u64) -> (f64, f64) {
    let mut rng = Random::with_seed(seed);
    let mut population = recipe.make(&mut rng);
    let mut scores: Vec<f64> = population.iter().map(|u| u.score).collect();
    scores.sort_by(f64::total_cmp);
    let mut all = positives(&population);
    all.sort_by(f64::total_cmp);
    let mut escalated = 0;
    let broken = rate(|_| {
        let (sample, _) = draw(&mut population, sampled, &mut rng);
        let made = threshold::cut(&positives(sample), recall, DELTA).unwrap();
        let below = |scores: &[f64]| scores.partition_point(|&score| !made.cut.escalates(score));
        escalated += scores.len() - below(&scores);
        ((all.len() - below(&all)) as f64) < recall * all.len() as f64
    });
    (broken, escalated as f64 / (common::TRIALS as f64 * scores.len() as f64))
}

#[test]
fn for_each_number_of_positives_the_exact_probability_is_within_delta() {
    for recall in [0.5, 0.8, 0.9, 0.95] {
        for delta in [0.01, 0.05, 0.2, 0.45] {
            for all in (1_u64..40).chain((40..700).step_by(23)) {
                let miss = all - (recall * all as f64).ceil() as u64 + 1;
                for sampled in (1..=all).step_by(all as usize / 40 + 1) {
                    let rank = threshold::rank(sampled, recall, delta).unwrap();
                    let draw = Draw { units: all, positives: miss, drawn: sampled };
                    let broken = if rank == 0 { 0.0 } else { draw.at_most(rank - 1) };
                    assert!(broken <= delta, "{sampled} of {all} at {recall}, {delta}: {broken}");
                }
            }
        }
    }
}

#[test]
fn recall_is_kept_by_a_clean_score() {
    let (broken, escalated) = rates(CLEAN, 600, 0.9, 1);
    assert!(broken <= most_misses(), "{broken}");
    assert!(escalated < 0.6, "a good score spares many: {escalated}");
}

#[test]
fn recall_is_kept_when_the_score_is_blind_to_some() {
    let (broken, escalated) = rates(Recipe { invisible: 0.15, ..CLEAN }, 600, 0.9, 2);
    assert!(broken <= most_misses(), "{broken}");
    assert!(escalated > 0.6 && escalated < 1.0, "blindness costs calls, not recall: {escalated}");
}

#[test]
fn recall_is_kept_for_a_rare_class() {
    let rare = Recipe { units: 30_000, positive: 0.012, ..CLEAN };
    let (broken, escalated) = rates(rare, 4_000, 0.9, 3);
    assert!(broken <= most_misses(), "{broken}");
    assert!(escalated < 0.9, "{escalated}");
    // With a tenth of the sample there are too few positives for any cut, and all is escalated.
    assert_eq!(rates(rare, 400, 0.9, 3), (0.0, 1.0));
}

#[test]
fn recall_is_kept_with_ties() {
    for (levels, seed) in [(1, 4), (4, 5), (25, 6)] {
        let (broken, _) = rates(Recipe { levels, ..CLEAN }, 400, 0.9, seed);
        assert!(broken <= most_misses(), "{levels} levels: {broken}");
    }
}

#[test]
fn recall_is_kept_when_explicit_rejects_hide_positives() {
    // Few are hidden: the cut makes up for them. Too many: only asking about the rejected, too, keeps the promise.
    let (broken, escalated) = rates(Recipe { rejected: 0.04, ..CLEAN }, 600, 0.9, 7);
    assert!(broken <= most_misses() && escalated < 0.9, "{broken} {escalated}");
    let (broken, escalated) = rates(Recipe { rejected: 0.2, ..CLEAN }, 600, 0.9, 8);
    assert!(broken <= most_misses() && escalated > 0.99, "{broken} {escalated}");
}

/// Draws on until there are 59 positives, and cuts at the lowest plus `bolder`.
fn drawn_on(bolder: usize, seed: u64) -> f64 {
    let mut rng = Random::with_seed(seed);
    let mut population = CLEAN.make(&mut rng);
    rate(|_| {
        let (sample, _) = draw(&mut population, 400, &mut rng);
        let mut scores = positives(sample);
        scores.truncate(59);
        assert_eq!(scores.len(), 59, "400 units hold 120 positives");
        let made = threshold::cut(&scores, 0.95, DELTA).unwrap();
        assert_eq!(made.rank, 1);
        scores.sort_by(f64::total_cmp);
        misses(&population, Cut::From(scores[bolder]), 0.95)
    })
}

#[test]
fn drawing_on_until_there_are_enough_positives_keeps_the_level_and_uses_it() {
    let broken = drawn_on(0, 9);
    assert!(broken <= most_misses() && broken > DELTA / 2.0, "{broken}");
}

#[test]
fn a_cut_one_rank_bolder_breaks_the_promise() {
    let broken = drawn_on(1, 9);
    assert!(broken > 2.0 * most_misses(), "this is what the tests above would see: {broken}");
}
