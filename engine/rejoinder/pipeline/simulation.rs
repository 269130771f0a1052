//! The cascade with labels in the judge's place: what each strategy would ask, find and miss, without a server.
//!
//! A draw is made as a run would make it: labels are looked at only where the judge would have been asked.

use rejoinder_cascade::audit::certify;
use rejoinder_cascade::certificate::Certificate;
use rejoinder_cascade::tally::{Audited, Tally};
use rejoinder_cascade::threshold::{self, Cut};
use rejoinder_cascade::{Decision, Ground, Refused, accept};
use rejoinder_core::{Category, Purpose};

use crate::pipeline::population::{Population, Unit};

/// What is wanted of the cascade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// What the feedback is for.
    pub purpose: Purpose,
    /// Share of the wanted feedback that must be found.
    pub recall: f64,
    /// How surely.
    pub confidence: f64,
    /// What the draws depend on.
    pub seed: u64,
}

/// Share of what is accepted without asking on which the judge must agree.
pub const AGREEMENT: f64 = 0.9;
/// The calibration sample is drawn on until it holds so many times the positives without which nothing can be rejected.
const ENOUGH: u64 = 2;
/// Rejected turns that an audit asks about: so many, or a twentieth of all turns.
const AUDIT: usize = 100;
/// Accepted turns that an audit asks about.
const AUDIT_ACCEPTED: usize = 60;

/// What a strategy made of a population.
#[derive(Clone, Debug)]
pub struct Played {
    /// Turns asked about, those of the calibration sample among them.
    pub asked: Vec<bool>,
    /// Turns accepted without asking, and as what.
    pub accepted: Vec<Option<Category>>,
    /// Turns that the audit asked about afterwards; its answers are used.
    pub audited: Vec<bool>,
    /// Turns of the calibration sample.
    pub sampled: u64,
    /// From which score on was asked; `None` where no cut was made, or everything had to be asked.
    pub cut: Option<f64>,
    /// What the audit certifies.
    pub certificate: Certificate,
}

/// The paper's method: everything is asked.
///
/// # Errors
/// A confidence outside (0, 1).
pub fn paper(population: &Population, wanted: &Wanted) -> Result<Played, Refused> {
    let all = population.units.len();
    finish(population, wanted, vec![true; all], vec![None; all], 0, None)
}

/// The rules and plugins alone: candidates that nothing settles are asked about.
///
/// # Errors
/// A confidence outside (0, 1).
pub fn rules(population: &Population, wanted: &Wanted) -> Result<Played, Refused> {
    let decisions = || population.units.iter().map(|unit| unit.ground.decision());
    let asked = decisions().map(|decision| decision == Decision::Undecided).collect();
    let accepted = decisions().map(accepted_as).collect();
    finish(population, wanted, asked, accepted, 0, None)
}

/// A score that does not change: a uniform sample is asked about, the cuts follow from it, what lies between them is asked,
/// and an audit looks at the rest.
///
/// # Errors
/// A recall or confidence outside (0, 1).
pub fn scored(population: &Population, wanted: &Wanted) -> Result<Played, Refused> {
    let units = &population.units;
    let delta = (1.0 - wanted.confidence) / 2.0;
    let mut asked = draw_positives(population, wanted, delta)?;
    let sampled = asked.iter().filter(|&&is_sampled| is_sampled).count() as u64;
    let of_sample = || units.iter().zip(&asked).filter(|(_, is_sampled)| **is_sampled).map(|(unit, _)| unit);
    let positives: Vec<f64> =
        of_sample().filter(|u| u.is_positive(wanted.purpose)).map(|u| standing(u, wanted.purpose)).collect();
    let cut = threshold::cut(&positives, wanted.recall, delta)?.cut;
    let accept_at = accept_at(population, wanted, delta, &asked)?;
    let mut accepted = vec![None; units.len()];
    for (index, unit) in units.iter().enumerate().filter(|(index, _)| !asked[*index]) {
        let score = standing(unit, wanted.purpose);
        if is_open(unit) && accept_at.is_some_and(|at| score >= at) {
            accepted[index] = Some(wanted.purpose.likeliest(&unit.probs));
        } else if cut != Cut::Everything {
            accepted[index] = accepted_as(unit.ground.decision());
        }
    }
    for (index, unit) in units.iter().enumerate() {
        let is_settled = accepted[index].is_some() || unit.ground == Ground::Rejected;
        asked[index] |= match cut {
            Cut::Everything => accepted[index].is_none(),
            cut => !is_settled && cut.escalates(standing(unit, wanted.purpose)),
        };
    }
    let from = if let Cut::From(score) = cut { Some(score) } else { None };
    finish(population, wanted, asked, accepted, sampled, from)
}

/// The uniform sample for the cuts: drawn on until there are positives enough, which says nothing about their scores.
fn draw_positives(population: &Population, wanted: &Wanted, delta: f64) -> Result<Vec<bool>, Refused> {
    let needed = threshold::positives_needed(wanted.recall, delta)?.map_or(u64::MAX, |n| ENOUGH * n);
    let mut order: Vec<usize> = (0..population.units.len()).collect();
    random(wanted.seed, "sample").shuffle(&mut order);
    let mut is_sampled = vec![false; order.len()];
    let mut positives = 0;
    for index in order {
        if positives >= needed {
            break;
        }
        is_sampled[index] = true;
        positives += u64::from(population.units[index].is_positive(wanted.purpose));
    }
    Ok(is_sampled)
}

/// From which score on nobody need be asked, among the turns that rules and votes leave open.
fn accept_at(
    population: &Population,
    wanted: &Wanted,
    delta: f64,
    is_sampled: &[bool],
) -> Result<Option<f64>, Refused> {
    let open = || population.units.iter().zip(is_sampled).filter(|(unit, _)| is_open(unit));
    let scores: Vec<f64> = open().map(|(unit, _)| standing(unit, wanted.purpose)).collect();
    let sample: Vec<(f64, bool)> = open()
        .filter(|(_, is_sampled)| **is_sampled)
        .map(|(unit, _)| {
            let agrees = unit.label == Some(wanted.purpose.likeliest(&unit.probs));
            (standing(unit, wanted.purpose), agrees)
        })
        .collect();
    let sizes = accept::sizes(scores.len() as u64, sample.len() as u64, AGREEMENT, delta)?;
    let walked = accept::walk(&accept::prefixes(&scores, &sizes)?, &sample, AGREEMENT, delta)?;
    Ok(walked.accepted.map(|prefix| prefix.from))
}

/// Whether rules and votes leave a turn to the score.
fn is_open(unit: &Unit) -> bool {
    matches!(unit.ground, Ground::Candidate | Ground::Unmarked)
}

/// What a cut is compared with: the score, or that rules and votes have settled the turn.
fn standing(unit: &Unit, purpose: Purpose) -> f64 {
    match unit.ground {
        Ground::Candidate | Ground::Unmarked => f64::from(purpose.probability(&unit.probs)),
        Ground::Accepted(category) if purpose.wants(category) => f64::INFINITY,
        // What is accepted as something else is not asked about either.
        Ground::Accepted(_) | Ground::Rejected => f64::NEG_INFINITY,
        _ => f64::INFINITY,
    }
}

fn accepted_as(decision: Decision) -> Option<Category> {
    if let Decision::Accepted(category) = decision { Some(category) } else { None }
}

/// Audits what was not asked about.
fn finish(
    population: &Population,
    wanted: &Wanted,
    asked: Vec<bool>,
    accepted: Vec<Option<Category>>,
    sampled: u64,
    cut: Option<f64>,
) -> Result<Played, Refused> {
    let units = &population.units;
    let mut random = random(wanted.seed, "audit");
    let mut audited = vec![false; units.len()];
    for (is_accepted, most) in [(false, AUDIT.max(units.len() / 20)), (true, AUDIT_ACCEPTED)] {
        let mut part: Vec<usize> =
            (0..units.len()).filter(|&i| !asked[i] && accepted[i].is_some() == is_accepted).collect();
        random.shuffle(&mut part);
        part.truncate(most);
        part.into_iter().for_each(|index| audited[index] = true);
    }
    let categories: Vec<Category> = wanted.purpose.categories().collect();
    let mut tally = Tally::new(&categories);
    for (index, unit) in units.iter().enumerate() {
        let answer = match audited[index] {
            false => Audited::NotDrawn,
            true => unit.label.map_or(Audited::Nothing, Audited::Feedback),
        };
        match (asked[index], accepted[index]) {
            (true, _) => tally.judged(unit.label),
            (false, Some(category)) => tally.accepted(category, answer),
            (false, None) => tally.rejected(answer),
        }
    }
    let certificate = certify(&tally.claims(), 1.0 - wanted.confidence, true)?;
    Ok(Played { asked, accepted, audited, sampled, cut, certificate })
}

/// A stream of its own for each kind of draw, so that none depends on how many another took.
fn random(seed: u64, of: &str) -> fastrand::Rng {
    let stream = of.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    fastrand::Rng::with_seed(seed ^ stream)
}
