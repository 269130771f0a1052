//! The recall that a search proves in stages, by drawing.

use rejoinder_cascade::audit::{AuditTerms, Claim, SampledPart, certify_by};
use rejoinder_cascade::closing::{MAIN_SHARE, stage_delta};
use rejoinder_core::random::Random;

use crate::common::{CLEAN, DELTA, Recipe, Unit, draw, most_misses, positives, rate};

fn terms(delta: f64) -> AuditTerms {
    AuditTerms { of_main: MAIN_SHARE, ..AuditTerms::at(delta) }
}

/// Searches in stages on 900 units: asks about some more of the highest, samples the others, stops at the first proof of `recall`.
/// How far the next stage goes depends on what the sample held. Returns the recall at the end, and how many were asked about.
fn search(units: &[Unit], recall: f64, delta_of: impl Fn(u32) -> f64, rng: &mut Random) -> (f64, usize) {
    let all = positives(units).len() as f64;
    let mut left = units.to_vec();
    left.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (mut found, mut asked, mut more) = (0, 0, 150);
    for stage in 0.. {
        let top = left.drain(..more.min(left.len())).collect::<Vec<_>>();
        found += positives(&top).len();
        asked += top.len();
        let sampled = left.len().min(30);
        let mut order = left.clone();
        let (sample, _) = draw(&mut order, sampled, rng);
        let sample = sample.to_vec();
        let positive = positives(&sample).len();
        let part =
            SampledPart { units: left.len() as u64, sampled: sampled as u64, positive: positive as u64 };
        let others = vec![("rejected".to_owned(), part)];
        let claim = |name: &str| Claim {
            name: name.to_owned(),
            confirmed: found as u64,
            others: others.clone(),
            ..Claim::default()
        };
        // A second claim, so that the first has its share only.
        let claims = [claim("all"), claim("again")];
        let made = certify_by(&claims, terms(delta_of(stage))).unwrap();
        if made.claims[0].recall.at_least >= recall || left.is_empty() {
            return (found as f64 / all, asked + sampled);
        }
        // What was drawn is found; scores are all different.
        left.retain(|unit| sample.iter().all(|drawn| drawn.score != unit.score));
        found += positive;
        asked += sampled;
        more = 2 + positive;
    }
    unreachable!("a stage ends with nothing left")
}

fn small(seed: u64) -> (Vec<Unit>, Random) {
    let mut rng = Random::with_seed(seed);
    (Recipe { units: 900, positive: 0.25, invisible: 0.1, ..CLEAN }.make(&mut rng), rng)
}

#[test]
fn a_search_that_stops_at_the_first_proof_keeps_its_recall() {
    for (recall, seed) in [(0.7, 31), (0.8, 32), (0.9, 33)] {
        let (units, mut rng) = small(seed);
        let mut asked = 0;
        let broken = rate(|_| {
            let (kept, cost) = search(&units, recall, |stage| stage_delta(DELTA, stage), &mut rng);
            asked += cost;
            kept < recall
        });
        assert!(broken <= most_misses(), "{recall}: {broken}");
        let mean = asked as f64 / crate::common::TRIALS as f64;
        assert!(mean < 900.0, "{recall}: {mean}");
    }
}

/// Rate of proofs of 0.8 where the recall is a little less: twenty stages look at the same 600 units, 51 of them positive.
fn proven_wrongly(delta_of: impl Fn(u32) -> f64) -> f64 {
    let mut rng = Random::with_seed(34);
    let mut rejected: Vec<Unit> = (0..600).map(|i| Unit { score: 0.0, positive: i < 51 }).collect();
    rate(|_| {
        (0..20).any(|stage| {
            let (sample, _) = draw(&mut rejected, 250, &mut rng);
            let part = SampledPart { units: 600, sampled: 250, positive: positives(sample).len() as u64 };
            let others = vec![("rejected".to_owned(), part)];
            let claim = Claim { name: "all".to_owned(), confirmed: 200, others, ..Claim::default() };
            let made = certify_by(&[claim], terms(delta_of(stage))).unwrap();
            made.claims[0].recall.at_least >= 0.8
        })
    })
}

#[test]
fn stages_that_share_the_error_probability_keep_it_and_stages_that_each_spend_it_do_not() {
    let shared = proven_wrongly(|stage| stage_delta(DELTA, stage));
    assert!(shared <= most_misses() && shared > 0.0, "{shared}");
    let spent = proven_wrongly(|_| DELTA);
    assert!(spent > 2.0 * most_misses(), "this is what the test would see: {spent}");
}
