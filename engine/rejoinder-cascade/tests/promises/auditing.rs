//! The audit's bounds, by drawing; and that the audit notices what broke the cut's promise.

use rejoinder_cascade::audit::{self, Claim, SampledPart};
use rejoinder_cascade::certificate::{Bound, CertifiedClaim};
use rejoinder_cascade::tally::{AuditAnswer, CategoryGroup, Tally};
use rejoinder_cascade::threshold;
use rejoinder_core::Category;
use rejoinder_core::random::Random;

use crate::common::{self, CLEAN, DELTA, Recipe, Unit, draw, most_misses, positives, rate};

#[derive(Clone, Copy)]
enum Fate {
    Judged,
    Accepted(Category),
    Rejected,
    Undecided,
}

#[derive(Clone, Copy)]
struct Turn {
    fate: Fate,
    truth: Option<Category>,
}

/// A finished run: 6,000 turns, 1,800 with feedback, UR3 rare; the accepted ones are sometimes wrong or of another category.
fn run(rng: &mut Random) -> Vec<Turn> {
    let weights = [(Category::Ur1, 0.35), (Category::Ur2, 0.12), (Category::Ur3, 0.03), (Category::Ur4, 0.4)];
    let mut turn = |unit: Unit| {
        let mut left = rng.f64();
        let category = weights.iter().find(|w| {
            left -= w.1;
            left < 0.0
        });
        let truth = unit.positive.then(|| category.map_or(Category::Ur5, |w| w.0));
        let fate = match unit.score {
            s if s > 0.93 => Fate::Accepted(truth.filter(|_| rng.f64() < 0.95).unwrap_or(Category::Ur4)),
            s if s > 0.45 => Fate::Judged,
            s if s > 0.43 => Fate::Undecided,
            _ => Fate::Rejected,
        };
        Turn { fate, truth }
    };
    let units = Recipe { units: 6_000, invisible: 0.1, ..CLEAN }.make(&mut Random::with_seed(21));
    units.into_iter().map(&mut turn).collect()
}

/// Recall and precision as they are, of the turns of `groups`; `drawn` tells which answers were used.
fn truth(turns: &[(Turn, bool)], groups: &[CategoryGroup], used: bool) -> (f64, f64) {
    let wanted = |c: Option<Category>| c.is_some_and(|c| groups.contains(&CategoryGroup::of(c)));
    let (mut positive, mut found, mut output) = (0.0, 0.0, 0.0);
    for &(turn, drawn) in turns {
        let shown = match turn.fate {
            _ if drawn && used => turn.truth,
            Fate::Judged => turn.truth,
            Fate::Accepted(category) => Some(category),
            Fate::Rejected | Fate::Undecided => None,
        };
        positive += f64::from(u8::from(wanted(turn.truth)));
        output += f64::from(u8::from(wanted(shown)));
        found += f64::from(u8::from(wanted(shown) && wanted(turn.truth)));
    }
    (found / positive, found / output)
}

fn tally(turns: &[(Turn, bool)]) -> Tally {
    let mut tally = Tally::new(&Category::ALL);
    for &(turn, drawn) in turns {
        let audited = match turn.truth {
            _ if !drawn => AuditAnswer::NotDrawn,
            None => AuditAnswer::Nothing,
            Some(category) => AuditAnswer::Feedback(category),
        };
        match turn.fate {
            Fate::Judged => tally.judged(turn.truth),
            Fate::Accepted(category) => tally.accepted(category, audited),
            Fate::Rejected => tally.rejected(audited),
            Fate::Undecided => tally.undecided(audited),
        }
    }
    tally
}

#[test]
fn all_bounds_of_all_groups_hold_together() {
    let mut rng = Random::with_seed(22);
    let mut parts = [const { Vec::new() }; 4];
    for turn in run(&mut rng) {
        let part = match turn.fate {
            Fate::Judged => 0,
            Fate::Undecided => 1,
            Fate::Accepted(_) => 2,
            Fate::Rejected => 3,
        };
        parts[part].push(turn);
    }
    let claims_groups: Vec<Vec<CategoryGroup>> =
        std::iter::once(CategoryGroup::ALL.to_vec()).chain(CategoryGroup::ALL.map(|g| vec![g])).collect();
    let mut overall = 0.0;
    for used in [false, true] {
        let broken = rate(|_| {
            let mut turns = Vec::new();
            for (part, sampled) in parts.iter_mut().zip([0, 0, 150, 400]) {
                let (sample, rest) = draw(part, sampled, &mut rng);
                turns.extend(sample.iter().map(|&t| (t, true)));
                turns.extend(rest.iter().map(|&t| (t, false)));
            }
            let made = audit::certify(&tally(&turns).claims(), DELTA, used).unwrap();
            overall += made.claims[0].recall.at_least;
            let wrong = |(claim, groups): (&CertifiedClaim, &Vec<CategoryGroup>)| {
                let (recall, precision) = truth(&turns, groups, used);
                claim.recall.at_least > recall || claim.precision.at_least > precision
            };
            let spent: f64 = made.claims.iter().flat_map(|c| &c.parts).map(|p| p.delta).sum();
            assert!((spent - DELTA).abs() < 1e-12, "δ is spent whole: {spent}");
            made.claims.iter().zip(&claims_groups).any(wrong)
        });
        assert!(broken <= most_misses(), "answers used: {used}; {broken}");
    }
    let turns: Vec<(Turn, bool)> = parts.iter().flatten().map(|&t| (t, false)).collect();
    let (recall, _) = truth(&turns, &CategoryGroup::ALL, false);
    let mean = overall / (2.0 * common::TRIALS as f64);
    assert!(mean > recall - 0.12, "a bound worth printing: {mean} of {recall}");
}

/// What is certified of a run that confirmed so many and rejected `rejected`; `sampled` of these are audited.
fn audited(confirmed: u64, rejected: &mut [Unit], sampled: usize, rng: &mut Random) -> Bound {
    let units = rejected.len() as u64;
    let (sample, _) = draw(rejected, sampled, rng);
    let part = SampledPart { units, sampled: sampled as u64, positive: positives(sample).len() as u64 };
    let others = vec![("rejected".to_owned(), part)];
    let claim = Claim { name: "all".to_owned(), confirmed, others, ..Claim::default() };
    audit::certify(&[claim], DELTA, false).unwrap().claims[0].recall
}

#[test]
fn a_single_bound_uses_its_level_and_an_estimate_is_none() {
    let mut rng = Random::with_seed(23);
    let mut rejected: Vec<Unit> = (0..5_000).map(|i| Unit { score: 0.0, positive: i < 150 }).collect();
    let truth = 1_000.0 / 1_150.0;
    let mut bold = 0;
    let broken = rate(|_| {
        let recall = audited(1_000, &mut rejected, 400, &mut rng);
        bold += u64::from(recall.estimate.unwrap() > truth);
        recall.at_least > truth
    });
    assert!(broken <= most_misses() && broken > DELTA / 4.0, "{broken}");
    assert!(bold > common::TRIALS / 3, "this is what the test would see: {bold}");
}

/// Rates over draws: the cut missed `recall`; the audit's bound was above the truth; the audit's bound was below `floor`.
/// The calibration sample comes from the first `seen` units only, the audit's from all that is rejected.
fn cut_and_audit(population: &[Unit], seen: usize, recall: f64, floor: f64, rng: &mut Random) -> [f64; 3] {
    let mut first = population[..seen].to_vec();
    let all = positives(population).len() as f64;
    let (mut wrong, mut noticed) = (0, 0);
    let missed = rate(|_| {
        let (sample, _) = draw(&mut first, 700, rng);
        let cut = threshold::cut(&positives(sample), recall, DELTA).unwrap().cut;
        let (asked, mut rejected): (Vec<Unit>, Vec<Unit>) =
            population.iter().partition(|u| cut.escalates(u.score));
        let confirmed = positives(&asked).len() as u64;
        let truth = confirmed as f64 / all;
        let bound = audited(confirmed, &mut rejected, 500, rng).at_least;
        wrong += u64::from(bound > truth);
        noticed += u64::from(bound < floor);
        truth < recall
    });
    [missed, wrong as f64 / common::TRIALS as f64, noticed as f64 / common::TRIALS as f64]
}

#[test]
fn the_audit_notices_drift() {
    let mut rng = Random::with_seed(24);
    // Later units speak in other words: four positives in ten are invisible to the score, and there are more of them.
    let drifted = Recipe { units: 3_000, invisible: 0.4, positive: 0.4, ..CLEAN };
    let mut population = Recipe { units: 3_000, ..CLEAN }.make(&mut rng);
    population.extend(drifted.make(&mut rng));
    let [missed, wrong, noticed] = cut_and_audit(&population, 3_000, 0.9, 0.9, &mut rng);
    assert!(missed > 0.95, "without its assumption the promise is worth nothing: {missed}");
    assert!(wrong <= most_misses(), "the audit needs no such assumption: {wrong}");
    assert!(noticed > 0.95, "{noticed}");
}

#[test]
fn the_audit_does_not_cry_drift_where_there_is_none() {
    let mut rng = Random::with_seed(25);
    let population = Recipe { units: 6_000, ..CLEAN }.make(&mut rng);
    let [missed, wrong, below] = cut_and_audit(&population, 6_000, 0.95, 0.9, &mut rng);
    assert!(missed <= most_misses() && wrong <= most_misses(), "{missed} {wrong}");
    assert!(below < 0.1, "a cut made for 0.95 is mostly certified to keep 0.9: {below}");
}
