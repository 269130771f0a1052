//! The agreement promise of local acceptance, by drawing.

use rejoinder_cascade::accept::{self, Prefix};
use rejoinder_cascade::threshold;
use rejoinder_core::random::Random;

use crate::common::{self, DELTA, draw, most_misses, rate};

const AGREEMENT: f64 = 0.9;
const SAMPLED: usize = 500;

/// Units with falling scores; `agrees(rank share)` is the judge's agreement there. `levels` 0: no ties.
fn population(units: usize, levels: u32, rng: &mut Random, agrees: impl Fn(f64) -> f64) -> Vec<(f64, bool)> {
    let unit = |i: usize| {
        let rank = i as f64 / units as f64;
        let score = 1.0 - rank;
        let tied = (score * f64::from(levels)).floor() / f64::from(levels.max(1));
        (if levels > 0 { tied } else { score }, rng.f64() < agrees(rank))
    };
    (0..units).map(unit).collect()
}

fn agreement(population: &[(f64, bool)], prefix: Prefix) -> f64 {
    let inside = population.iter().filter(|u| u.0 >= prefix.from);
    let agreeing = inside.clone().filter(|u| u.1).count();
    assert_eq!(inside.count() as u64, prefix.units);
    agreeing as f64 / prefix.units as f64
}

fn ladder(population: &[(f64, bool)]) -> Vec<Prefix> {
    let scores: Vec<f64> = population.iter().map(|u| u.0).collect();
    let sizes = accept::sizes(scores.len() as u64, SAMPLED as u64, AGREEMENT, DELTA).unwrap();
    accept::prefixes(&scores, &sizes).unwrap()
}

/// Rate of accepting a prefix with too little agreement, and the share of units accepted on average.
fn rates(mut population: Vec<(f64, bool)>, rng: &mut Random) -> (f64, f64) {
    let prefixes = ladder(&population);
    let truth: Vec<f64> = prefixes.iter().map(|&p| agreement(&population, p)).collect();
    let mut accepted = 0;
    let broken = rate(|_| {
        let (sample, _) = draw(&mut population, SAMPLED, rng);
        let walked = accept::walk(&prefixes, sample, AGREEMENT, DELTA).unwrap();
        let Some(prefix) = walked.accepted else { return false };
        accepted += prefix.units;
        truth[prefixes.iter().position(|&p| p == prefix).unwrap()] < AGREEMENT
    });
    (broken, accepted as f64 / (common::TRIALS as f64 * population.len() as f64))
}

#[test]
fn agreement_is_kept_where_it_falls_with_the_score() {
    let mut rng = Random::with_seed(11);
    let falling = population(4_000, 0, &mut rng, |rank| 1.0 - 0.6 * rank * rank);
    let (broken, accepted) = rates(falling, &mut rng);
    assert!(broken <= most_misses(), "{broken}");
    assert!(accepted > 0.25, "{accepted}");
}

#[test]
fn agreement_is_kept_with_ties() {
    let mut rng = Random::with_seed(12);
    let tied = population(4_000, 7, &mut rng, |rank| 1.0 - 0.4 * rank);
    let (broken, _) = rates(tied, &mut rng);
    assert!(broken <= most_misses(), "{broken}");
}

#[test]
fn a_bad_top_is_never_stepped_over() {
    let mut rng = Random::with_seed(13);
    let bad_top = population(4_000, 0, &mut rng, |rank| if rank < 0.1 { 0.7 } else { 0.97 });
    let (broken, accepted) = rates(bad_top, &mut rng);
    assert!(broken <= most_misses() && accepted < 0.01, "{broken} {accepted}");
}

/// Every prefix agrees just too little, which gives the walk the most occasions to go wrong.
fn just_too_little(rng: &mut Random) -> Vec<(f64, bool)> {
    let mut units = population(4_000, 0, rng, |_| 1.0);
    for (i, unit) in units.iter_mut().enumerate() {
        unit.1 = !i.is_multiple_of(10);
    }
    // Whole tens agree on exactly nine; one more refusal at the top makes all prefixes fall short.
    units[1].1 = false;
    units
}

#[test]
fn one_delta_is_enough_for_all_steps() {
    let mut rng = Random::with_seed(14);
    let units = just_too_little(&mut rng);
    assert!(ladder(&units).iter().all(|&p| agreement(&units, p) < AGREEMENT));
    let (broken, _) = rates(units, &mut rng);
    assert!(broken <= most_misses() && broken > DELTA / 10.0, "{broken}");
}

#[test]
fn walking_on_after_a_failure_breaks_the_promise() {
    let mut rng = Random::with_seed(14);
    let mut units = just_too_little(&mut rng);
    let prefixes = ladder(&units);
    let broken = rate(|_| {
        let (sample, _) = draw(&mut units, SAMPLED, &mut rng);
        let passes = |p: &Prefix| accept::walk(&[*p], sample, AGREEMENT, DELTA).unwrap().accepted.is_some();
        prefixes.iter().any(passes)
    });
    assert!(broken > most_misses(), "this is what the tests above would see: {broken}");
}

/// A corpus that gives cut and acceptance the most occasions to go wrong. The top tenth agrees just too little to be accepted.
/// The cut depends on the lowest positives, far below it, so the two fail almost independently.
struct BothCuts {
    /// Score, and whether the judge says positive, which is also what would be accepted.
    units: Vec<(f64, bool)>,
    top: Prefix,
    /// The scores of all positives, rising.
    positives: Vec<f64>,
}

impl BothCuts {
    fn new() -> Self {
        let count = 100_000;
        let top = count / 10;
        let positive = |i: usize| match i {
            0 | 1 => false,
            i if i < top => !i.is_multiple_of(10),
            i => i.is_multiple_of(6),
        };
        let units: Vec<(f64, bool)> = (0..count).map(|i| ((count - i) as f64, positive(i))).collect();
        let mut positives: Vec<f64> = units.iter().filter(|u| u.1).map(|u| u.0).collect();
        positives.sort_by(f64::total_cmp);
        let scores: Vec<f64> = units.iter().map(|u| u.0).collect();
        let [top] = accept::prefixes(&scores, &[top as u64]).unwrap()[..] else { panic!("one prefix") };
        Self { units, top, positives }
    }

    /// Rates of a broken recall, a broken agreement, and of either, with the cut and the walk at these levels.
    fn rates(mut self, delta_of_cut: f64, delta_of_walk: f64) -> [f64; 3] {
        let recall = 0.9;
        let mut rng = Random::with_seed(15);
        let (mut of_cut, mut of_walk) = (0, 0);
        let either = rate(|_| {
            let (sample, _) = draw(&mut self.units, 4_000, &mut rng);
            let scores: Vec<f64> = sample.iter().filter(|u| u.1).map(|u| u.0).collect();
            let cut = threshold::cut(&scores, recall, delta_of_cut).unwrap().cut;
            let missed = self.positives.partition_point(|&score| !cut.escalates(score));
            let misses = missed as f64 > (1.0 - recall) * self.positives.len() as f64;
            let walked = accept::walk(&[self.top], sample, AGREEMENT, delta_of_walk).unwrap();
            let is_wrong = walked.accepted.is_some();
            of_cut += u64::from(misses);
            of_walk += u64::from(is_wrong);
            misses || is_wrong
        });
        let share = |count: u64| count as f64 / common::TRIALS as f64;
        [share(of_cut), share(of_walk), either]
    }
}

#[test]
fn a_cut_and_an_acceptance_at_half_of_delta_each_keep_their_promises_together() {
    let corpus = BothCuts::new();
    assert!(agreement(&corpus.units, corpus.top) < AGREEMENT);
    let [of_cut, of_walk, either] = corpus.rates(DELTA / 2.0, DELTA / 2.0);
    assert!(either <= most_misses() && either > DELTA / 2.0, "{of_cut} {of_walk} {either}");
}

#[test]
fn a_cut_that_comes_alone_may_spend_the_whole_delta() {
    let [of_cut, _, _] = BothCuts::new().rates(DELTA, DELTA);
    assert!(of_cut <= most_misses() && of_cut > DELTA / 2.0, "{of_cut}");
}

#[test]
fn a_cut_and_an_acceptance_at_delta_each_break_their_promise_together() {
    let [of_cut, of_walk, either] = BothCuts::new().rates(DELTA, DELTA);
    assert!(of_cut <= most_misses() && of_walk <= most_misses(), "each keeps its own: {of_cut} {of_walk}");
    assert!(either > most_misses(), "this is what the tests above would see: {either}");
}
