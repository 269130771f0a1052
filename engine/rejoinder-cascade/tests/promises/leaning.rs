//! A judge whose letters depend on their neighbours: groups of drawn turns in input order, each letter leaning on those before it.

use rejoinder_cascade::refits::{self, Remainder};
use rejoinder_cascade::threshold::{self, Cut};
use rejoinder_cascade::{accept, hypergeometric, leaning};
use rejoinder_core::random::Random;

use crate::common::{CLEAN, DELTA, Recipe, Unit, draw, most_misses, rate};

/// How letters lean on the ones before them in their group.
#[derive(Clone, Copy, Debug)]
enum Habit {
    /// Repeats the letter before with this probability.
    Copies(f64),
    /// Repeats the letter before with this probability where it says that there is nothing.
    CopiesNothing(f64),
    /// Says that there is nothing with this probability where a letter before says that there is something.
    SaysOneIsEnough(f64),
}

use Habit::{Copies, CopiesNothing, SaysOneIsEnough};

impl Habit {
    /// The letters of a group, by what the judge says of each unit alone.
    fn letters(self, alone: &[bool], rng: &mut Random) -> Vec<bool> {
        let mut letters: Vec<bool> = Vec::new();
        for &own in alone {
            let letter = match (self, letters.last()) {
                (Copies(q), Some(&before)) if rng.f64() < q => before,
                (CopiesNothing(q), Some(false)) if rng.f64() < q => false,
                (SaysOneIsEnough(q), Some(_)) if letters.contains(&true) && rng.f64() < q => false,
                _ => own,
            };
            letters.push(letter);
        }
        letters
    }

    /// The probability with which a positive unit may be called something else.
    fn lean(self) -> f64 {
        match self {
            Copies(q) | CopiesNothing(q) | SaysOneIsEnough(q) => q,
        }
    }
}

const HABITS: [Habit; 5] =
    [Copies(0.1), Copies(0.3), CopiesNothing(0.3), SaysOneIsEnough(0.3), CopiesNothing(0.1)];
const GROUP: usize = 8;

/// A population in input order, in which positives stand together: conversations of four units, some full of feedback.
fn population(recipe: Recipe, rng: &mut Random) -> Vec<Unit> {
    let mut units = recipe.make(rng);
    // Half of the positives change places so that they follow another positive.
    for at in 1..units.len() {
        if units[at - 1].positive && !units[at].positive && rng.f64() < 0.3 {
            let from = rng.usize(0..units.len());
            units.swap(at, from);
        }
    }
    units
}

/// Draws, puts the drawn into groups in input order, and gives each drawn unit its letter.
fn asked(
    order: &mut [usize],
    units: &[Unit],
    count: usize,
    habit: Habit,
    rng: &mut Random,
) -> Vec<(usize, bool)> {
    let (drawn, _) = draw(order, count, rng);
    drawn.sort_unstable();
    let drawn = drawn.to_vec();
    let letters: Vec<bool> = drawn
        .chunks(GROUP)
        .flat_map(|group| {
            let alone: Vec<bool> = group.iter().map(|&unit| units[unit].positive).collect();
            habit.letters(&alone, rng)
        })
        .collect();
    drawn.into_iter().zip(letters).collect()
}

/// Rates of wrong bounds of the positives among 3,000 units, by a sample of 250: with what is known of the habit, and without.
fn wrong_bounds(habit: Habit, positive: f64, seed: u64) -> [f64; 2] {
    let mut rng = Random::with_seed(seed);
    let units = population(Recipe { units: 3_000, positive, ..CLEAN }, &mut rng);
    let truth = units.iter().filter(|unit| unit.positive).count() as u64;
    let mut order: Vec<usize> = (0..units.len()).collect();
    let mut plain = 0;
    let known = rate(|_| {
        let letters = asked(&mut order, &units, 250, habit, &mut rng);
        let x = letters.iter().filter(|(_, letter)| *letter).count() as u64;
        plain += u64::from(hypergeometric::most(x, 250, 3_000, DELTA) < truth);
        leaning::most(x, 250, 3_000, DELTA, habit.lean()) < truth
    });
    [known, plain as f64 / crate::common::TRIALS as f64]
}

#[test]
fn an_audit_that_knows_how_letters_lean_keeps_its_level_and_one_that_does_not_breaks_it() {
    let mut worst = 0.0_f64;
    for (habit, seed) in HABITS.into_iter().zip(41..) {
        for positive in [0.01, 0.04] {
            let [known, plain] = wrong_bounds(habit, positive, seed);
            assert!(known <= most_misses(), "{habit:?} at {positive}: {known}");
            worst = worst.max(plain);
        }
    }
    assert!(worst > 1.3 * most_misses(), "letters that lean void a bound that takes them for fixed: {worst}");
}

#[test]
fn accepted_turns_are_bounded_from_below_likewise() {
    let mut rng = Random::with_seed(47);
    for habit in [Copies(0.1), Copies(0.3)] {
        let units = population(Recipe { units: 1_000, positive: 0.93, ..CLEAN }, &mut rng);
        let truth = units.iter().filter(|unit| unit.positive).count() as u64;
        let mut order: Vec<usize> = (0..units.len()).collect();
        let broken = rate(|_| {
            let letters = asked(&mut order, &units, 150, habit, &mut rng);
            let x = letters.iter().filter(|(_, letter)| *letter).count() as u64;
            leaning::least(x, 150, 1_000, DELTA, habit.lean()) > truth
        });
        assert!(broken <= most_misses(), "{habit:?}: {broken}");
    }
}

/// Share of the units that are positive alone and stand at or above a cut.
fn kept(units: &[Unit], cut: Cut) -> f64 {
    let positive = || units.iter().filter(|unit| unit.positive);
    positive().filter(|unit| cut.escalates(unit.score)).count() as f64 / positive().count() as f64
}

fn scores(units: &[Unit], letters: &[(usize, bool)]) -> Vec<f64> {
    letters.iter().filter(|(_, letter)| *letter).map(|(unit, _)| units[*unit].score).collect()
}

#[test]
fn a_cut_by_rank_keeps_its_recall_of_what_the_judge_says_alone() {
    for (habit, seed) in HABITS.into_iter().zip(51..) {
        let mut rng = Random::with_seed(seed);
        let units = population(Recipe { units: 4_000, positive: 0.2, ..CLEAN }, &mut rng);
        let mut order: Vec<usize> = (0..units.len()).collect();
        let broken = rate(|_| {
            let letters = asked(&mut order, &units, 400, habit, &mut rng);
            let made = threshold::cut(&scores(&units, &letters), 0.9, DELTA).unwrap();
            kept(&units, made.cut) < 0.9
        });
        assert!(broken <= most_misses(), "{habit:?}: {broken}");
    }
}

#[test]
fn a_last_cut_after_rounds_does_so_too() {
    for (habit, seed) in HABITS.into_iter().zip(61..) {
        let mut rng = Random::with_seed(seed);
        let units = population(Recipe { units: 4_000, positive: 0.2, ..CLEAN }, &mut rng);
        let mut order: Vec<usize> = (0..units.len()).collect();
        let broken = rate(|_| {
            let letters = asked(&mut order, &units, 400, habit, &mut rng);
            let left = Remainder { found: 0, units: 4_000, sampled: 400 };
            let made = refits::cut(&scores(&units, &letters), left, 0.9, DELTA).unwrap();
            kept(&units, made.cut) < 0.9
        });
        assert!(broken <= most_misses(), "{habit:?}: {broken}");
    }
}

/// Rate of accepted prefixes on which the judge, asked alone, agrees too seldom.
fn wrongly_accepted(habit: Habit, seed: u64) -> f64 {
    let mut rng = Random::with_seed(seed);
    let units = population(Recipe { units: 4_000, positive: 0.5, ..CLEAN }, &mut rng);
    let all: Vec<f64> = units.iter().map(|unit| unit.score).collect();
    let sizes = accept::sizes(4_000, 800, 0.8, DELTA).unwrap();
    let prefixes = accept::prefixes(&all, &sizes).unwrap();
    let mut order: Vec<usize> = (0..units.len()).collect();
    rate(|_| {
        let letters = asked(&mut order, &units, 800, habit, &mut rng);
        let sample: Vec<(f64, bool)> =
            letters.iter().map(|&(unit, letter)| (units[unit].score, letter)).collect();
        let Some(prefix) = accept::walk(&prefixes, &sample, 0.8, DELTA).unwrap().accepted else {
            return false;
        };
        let inside = || units.iter().filter(|unit| unit.score >= prefix.from);
        (inside().filter(|unit| unit.positive).count() as f64) < 0.8 * inside().count() as f64
    })
}

#[test]
fn what_is_accepted_by_score_is_what_the_judge_agrees_on_alone() {
    for (habit, seed) in HABITS.into_iter().zip(71..) {
        let broken = wrongly_accepted(habit, seed);
        assert!(broken <= most_misses(), "{habit:?}: {broken}");
    }
}
