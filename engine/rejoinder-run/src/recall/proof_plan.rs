//! How many turns to ask about from the highest score down, and how many of the others to sample, so that the sample proves the
//! recall for the fewest questions. The plan goes by what the score expects; the proof ([`rejoinder_cascade::closing`]) does not.

use rejoinder_cascade::closing::{MAIN_SHARE, stage_delta};
use rejoinder_cascade::hypergeometric;

use super::corpus::ScoredSample;
use super::target::RecallTarget;

/// Share of the accepted turns with which the judge is expected to agree.
const AGREEING: f64 = 0.9;
/// Standard errors by which a sample is planned to hold less than is hoped for: a stage that fails costs more than a larger
/// sample.
const CAUTION: f64 = 1.0;
/// So many places for the cut are compared.
const CUTS: usize = 96;
/// Numbers of accepted turns to sample that are compared, beside all of them.
const ACCEPTED: [u64; 4] = [15, 30, 60, 120];

/// Where a search stands before a stage of the proof.
#[derive(Clone, Debug, Default)]
pub struct ProofState {
    /// Scores of the turns that rules and votes leave open and nobody was asked about, highest first: probabilities.
    pub open: Vec<f64>,
    /// How many times the positives that the scores say are to be expected below the cut.
    pub scale: f64,
    /// Turns that rules and votes reject, not asked about.
    pub rejected: u64,
    /// Turns that are accepted as something wanted, not asked about.
    pub accepted: u64,
    /// Turns that are accepted as something else, not asked about.
    pub accepted_otherwise: u64,
    /// Positives found by asking.
    pub found: u64,
}

/// What a stage of the proof asks about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProofPlan {
    /// Open turns to ask about.
    pub asked: u64,
    /// The lowest score of these turns; above all scores where there are none.
    pub from: f64,
    /// Turns below that score, or rejected by rules and votes, to sample.
    pub rejected: u64,
    /// Accepted turns to sample.
    pub accepted: u64,
}

impl ProofPlan {
    /// Turns to ask about in all.
    pub fn turns(&self) -> u64 {
        self.asked + self.rejected + self.accepted
    }
}

impl ProofState {
    /// The state after a look at all turns that nobody was asked about.
    pub fn new(look: &ScoredSample, target: &RecallTarget, scale: f64, found: u64) -> Self {
        let mut open = look.open.clone();
        open.sort_unstable_by(|a, b| b.total_cmp(a));
        let all: u64 = look.accepted.iter().sum();
        let accepted = target.purpose.categories().map(|category| look.accepted[category.index()]).sum();
        Self {
            scale,
            rejected: look.population - open.len() as u64 - look.contradictory - all,
            accepted,
            accepted_otherwise: all - accepted,
            found,
            open,
        }
    }

    /// The plan that takes the fewest questions in a stage of the proof, counted from 0.
    pub fn plan(&self, target: &RecallTarget, stage: u32) -> ProofPlan {
        let delta = stage_delta(1.0 - target.confidence, stage) * MAIN_SHARE;
        let all_accepted = self.accepted + self.accepted_otherwise;
        let mut sizes: Vec<u64> = ACCEPTED.into_iter().filter(|&size| size < all_accepted).collect();
        sizes.push(all_accepted);
        // Sums of scores from the highest down.
        let mut sums = vec![0.0];
        self.open.iter().for_each(|score| sums.push(sums[sums.len() - 1] + score));
        let plans = sizes.into_iter().flat_map(|accepted| self.with_accepted(target, delta, accepted, &sums));
        let everything = ProofPlan {
            asked: self.open.len() as u64,
            from: self.open.last().copied().unwrap_or(f64::INFINITY),
            rejected: self.rejected,
            accepted: all_accepted,
        };
        plans
            .min_by_key(ProofPlan::turns)
            .filter(|plan| plan.turns() < everything.turns())
            .unwrap_or(everything)
    }

    /// The plans with a sample of so many accepted turns, one for each place of the cut where a sample can prove the recall.
    fn with_accepted(
        &self,
        target: &RecallTarget,
        delta: f64,
        accepted: u64,
        sums: &[f64],
    ) -> Vec<ProofPlan> {
        let all = (self.accepted + self.accepted_otherwise).max(1);
        let wanted = (accepted * self.accepted + all / 2) / all;
        let otherwise = (accepted - wanted.min(accepted)).min(self.accepted_otherwise);
        let is_partial = |sampled: u64, of: u64| sampled > 0 && sampled < of;
        let bounds = 1
            + u64::from(is_partial(wanted, self.accepted))
            + u64::from(is_partial(otherwise, self.accepted_otherwise));
        let each = delta / bounds as f64;
        let spread = (wanted as f64 * AGREEING * (1.0 - AGREEING)).sqrt();
        let agreeing = (AGREEING * wanted as f64 - CAUTION * spread).max(0.0) as u64;
        let right = hypergeometric::least(agreeing, wanted, self.accepted, each);
        let missed_otherwise = hypergeometric::most(0, otherwise, self.accepted_otherwise, each);
        let step = self.open.len().div_ceil(CUTS).max(1);
        let places = (0..self.open.len()).step_by(step).chain([self.open.len()]);
        let plan = |asked: usize| {
            // Turns with equal scores are asked about together.
            let from = asked.checked_sub(1).map_or(f64::INFINITY, |last| self.open[last]);
            let asked = self.open.partition_point(|&score| score >= from);
            let found = self.found as f64 + sums[asked] + right as f64;
            let allowed = (found * (1.0 - target.recall) / target.recall - missed_otherwise as f64).floor();
            let units = (self.open.len() - asked) as u64 + self.rejected;
            let expected = self.scale * (sums[self.open.len()] - sums[asked]);
            let sampled =
                (allowed >= 0.0).then(|| sample_size(units, expected, allowed as u64, each)).flatten()?;
            Some(ProofPlan { asked: asked as u64, from, rejected: sampled, accepted })
        };
        places.filter_map(plan).collect()
    }
}

/// The smallest of some sizes of a sample from so many units that probably shows that they hold no more positives than allowed.
fn sample_size(units: u64, expected: f64, allowed: u64, delta: f64) -> Option<u64> {
    if units <= allowed {
        return Some(0);
    }
    let share = (expected / units as f64).min(1.0);
    let proves = |&size: &u64| {
        let mean = size as f64 * share;
        let positive = (mean + CAUTION * (mean * (1.0 - share)).sqrt()).round() as u64;
        hypergeometric::most(positive.min(size), size, units, delta) <= allowed
    };
    let sizes = std::iter::successors(Some(8_u64), |size| Some(size + (size / 8).max(1)));
    sizes.take_while(|&size| size < units).find(proves).or((expected <= allowed as f64).then_some(units))
}

#[cfg(test)]
mod tests {
    use rejoinder_core::Purpose;

    use super::*;

    fn target(recall: f64) -> RecallTarget {
        RecallTarget { purpose: Purpose::ALL, recall, confidence: 0.95 }
    }

    /// A thousand turns whose score is sharp: 150 that hold nearly all, and a long tail.
    fn sharp() -> ProofState {
        let open = (0..1_000).map(|i| if i < 150 { 0.9 } else { 20.0 / f64::from(i * i) }).collect();
        ProofState { open, scale: 1.0, rejected: 50, ..ProofState::default() }
    }

    #[test]
    fn a_sharp_score_takes_little_more_than_what_it_points_at() {
        let plan = sharp().plan(&target(0.8), 0);
        assert!((150..260).contains(&plan.turns()) && plan.asked <= 150, "{plan:?}");
        assert!(sharp().plan(&target(0.9), 0).turns() > plan.turns());
        assert!(sharp().plan(&target(0.8), 2).turns() >= plan.turns(), "later stages have less to spend");
    }

    #[test]
    fn a_score_that_knows_nothing_leads_to_everything_or_nearly() {
        let flat = ProofState { open: vec![0.2; 400], scale: 1.0, ..ProofState::default() };
        assert_eq!(flat.plan(&target(0.9), 0).turns(), 400);
        let nothing = ProofState::default().plan(&target(0.9), 0);
        assert_eq!((nothing.turns(), nothing.from), (0, f64::INFINITY));
    }

    #[test]
    fn no_plan_asks_about_more_than_there_is() {
        let mut random = rejoinder_core::random::Random::with_seed(3);
        for _ in 0..200 {
            let mut open: Vec<f64> = (0..random.usize(0..400)).map(|_| random.f64().powi(4)).collect();
            open.sort_unstable_by(|a, b| b.total_cmp(a));
            let mut few = || random.u64(0..80);
            let state = ProofState {
                open,
                scale: 1.0,
                rejected: few(),
                accepted: few(),
                accepted_otherwise: few(),
                found: few(),
            };
            let plan = state.plan(&target(0.5 + 0.49 * random.f64()), 0);
            assert!(plan.asked as usize <= state.open.len(), "{plan:?}");
            assert!(plan.rejected <= state.open.len() as u64 - plan.asked + state.rejected, "{plan:?}");
            assert!(plan.accepted <= state.accepted + state.accepted_otherwise, "{plan:?}");
        }
    }
}
