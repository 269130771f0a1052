//! The cascade with labels in the judge's place: what each strategy would ask, find and miss, without a server.
//!
//! A draw is made as a run would make it: labels are looked at only where the judge would have been asked.

use rejoinder_cascade::audit::certify;
use rejoinder_cascade::certificate::Certificate;
use rejoinder_cascade::refits::{self, Remainder};
use rejoinder_cascade::tally::{Audited, Tally};
use rejoinder_cascade::threshold::{self, Cut};
use rejoinder_cascade::{Decision, Ground, Refused};
use rejoinder_core::Category;
use rejoinder_score::Model;
use serde::Serialize;

use crate::pipeline::audit::Draw;
use crate::pipeline::cuts::{self, Found, Judged, Wanted, is_open};
use crate::pipeline::learning::{self, Outlook};
use crate::pipeline::population::{Population, Unit};

/// The calibration sample is drawn on until it holds so many times the positives without which nothing can be rejected.
const ENOUGH: u64 = 2;

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
pub fn paper(population: &Population, wanted: &Wanted, seed: u64) -> Result<Played, Refused> {
    let all = population.units.len();
    finish(population, wanted, seed, vec![true; all], vec![None; all], 0, None)
}

/// The rules and plugins alone: candidates that nothing settles are asked about.
///
/// # Errors
/// A confidence outside (0, 1).
pub fn rules(population: &Population, wanted: &Wanted, seed: u64) -> Result<Played, Refused> {
    let decisions = || population.units.iter().map(|unit| unit.ground.decision());
    let asked = decisions().map(|decision| decision == Decision::Undecided).collect();
    let accepted = decisions().map(accepted_as).collect();
    finish(population, wanted, seed, asked, accepted, 0, None)
}

/// A score that does not change: a uniform sample is asked about, the cuts follow from it, what lies between them is asked,
/// and an audit looks at the rest.
///
/// # Errors
/// A recall or confidence outside (0, 1).
pub fn scored(population: &Population, wanted: &Wanted, seed: u64) -> Result<Played, Refused> {
    let units = &population.units;
    let mut asked = draw_positives(population, wanted, seed)?;
    let standing = |unit: &Unit| wanted.standing(unit.ground, unit.score);
    let sample: Vec<Judged> = units
        .iter()
        .zip(&asked)
        .filter(|(_, is_sampled)| **is_sampled)
        .map(|(unit, _)| Judged {
            standing: standing(unit),
            is_open: is_open(unit.ground),
            likeliest: unit.likeliest,
            label: unit.label,
        })
        .collect();
    let open: Vec<f64> = units.iter().filter(|unit| is_open(unit.ground)).map(standing).collect();
    let Found { threshold, accept_at } = cuts::find(wanted, &sample, &open)?;
    let cut = threshold.cut;
    let mut accepted = vec![None; units.len()];
    for (index, unit) in units.iter().enumerate().filter(|(index, _)| !asked[*index]) {
        if is_open(unit.ground) && accept_at.is_some_and(|at| standing(unit) >= at) {
            accepted[index] = Some(unit.likeliest);
        } else if cut != Cut::Everything {
            accepted[index] = accepted_as(unit.ground.decision());
        }
    }
    for (index, unit) in units.iter().enumerate() {
        let is_settled = accepted[index].is_some() || unit.ground == Ground::Rejected;
        asked[index] |= match cut {
            Cut::Everything => accepted[index].is_none(),
            cut => !is_settled && cut.escalates(standing(unit)),
        };
    }
    let sampled = sample.len() as u64;
    let from = cuts::reject_below(cut);
    finish(population, wanted, seed, asked, accepted, sampled, from)
}

/// The loop that learns, and what its score became.
#[derive(Clone, Debug)]
pub struct Looped {
    /// What came of it.
    pub played: Played,
    /// By turn, the last score; of turns that it learned from, that of a model which had not seen their conversation.
    pub scores: Vec<f64>,
    /// The rounds, none where the corpus is too small for learning to pay.
    pub rounds: Vec<Round>,
}

/// Where the loop stood when the score had learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Turns asked about so far.
    pub asked: usize,
    /// Turns still to be asked about, by what the score now says.
    pub needed: usize,
}

/// A score that learns from the answers in rounds, from `base` on: see [`learning`]. Where that does not pay, [`scored`].
///
/// # Errors
/// A recall or confidence outside (0, 1).
pub fn looped(
    population: &Population,
    wanted: &Wanted,
    seed: u64,
    base: &Model,
    rules: &str,
) -> Result<Looped, Refused> {
    let units = &population.units;
    let all = units.len();
    let mut scores: Vec<f64> = units.iter().map(|unit| f64::from(unit.score)).collect();
    let mut rounds = Vec::new();
    let mut asked = vec![false; all];
    let mut order: Vec<usize> = (0..all).collect();
    random(seed, "sample").shuffle(&mut order);
    order.iter().take(learning::FIRST).for_each(|&index| asked[index] = true);
    loop {
        let so_far = asked.iter().filter(|&&is_asked| is_asked).count();
        let more = outlook(population, wanted, &scores, &asked).next_round(so_far, wanted.recall);
        if more.is_none() && rounds.is_empty() {
            break;
        }
        let answers = || (0..all).filter(|&index| asked[index]);
        let labelled = answers().map(|index| (&population.examples[index], units[index].label));
        // Where all answers are alike there is nothing to learn yet.
        if let Ok(learned) = learning::learn(base, labelled, wanted, rules, seed) {
            scores = population
                .examples
                .iter()
                .map(|example| f64::from(example.score(&learned.model).of(wanted.purpose)))
                .collect();
            answers().zip(learned.held_out).for_each(|(index, score)| scores[index] = score);
        }
        let outlook = outlook(population, wanted, &scores, &asked);
        rounds.push(Round { asked: so_far, needed: outlook.needed(wanted.recall) });
        let Some(more) = outlook.next_round(so_far, wanted.recall) else { break };
        let lowest = outlook.lowest_needed(wanted.recall);
        let is_needed =
            |index: &usize| !asked[*index] && is_open(units[*index].ground) && scores[*index] >= lowest;
        let mut needed: Vec<usize> = (0..all).filter(is_needed).collect();
        random(seed, "round").shuffle(&mut needed);
        needed.into_iter().take(more).for_each(|index| asked[index] = true);
    }
    if rounds.is_empty() {
        let played = scored(population, wanted, seed)?;
        return Ok(Looped { played, scores, rounds });
    }
    let played = last_cut(population, wanted, seed, &scores, asked)?;
    Ok(Looped { played, scores, rounds })
}

/// What the score says of the turns not asked about.
fn outlook(population: &Population, wanted: &Wanted, scores: &[f64], asked: &[bool]) -> Outlook {
    let units = || population.units.iter().zip(scores).zip(asked);
    let found = units().filter(|((unit, _), asked)| **asked && wanted.is_positive(unit.label)).count();
    let left = units().filter(|(_, asked)| !**asked).map(|((unit, score), _)| (unit, *score));
    let open = left.clone().filter(|(unit, _)| is_open(unit.ground)).map(|(_, score)| score).collect();
    Outlook::new(left.count(), found as u64, open)
}

/// The end of the loop: a fresh sample of the turns left, the cut that follows from it, and the audit.
fn last_cut(
    population: &Population,
    wanted: &Wanted,
    seed: u64,
    scores: &[f64],
    mut asked: Vec<bool>,
) -> Result<Played, Refused> {
    let units = &population.units;
    let before = outlook(population, wanted, scores, &asked);
    let mut left: Vec<usize> = (0..units.len()).filter(|&index| !asked[index]).collect();
    random(seed, "last sample").shuffle(&mut left);
    let (sample, rest) = left.split_at(before.last_sample(wanted.recall).min(left.len()));
    let standing = |index: usize| wanted.standing(units[index].ground, scores[index] as f32);
    let positives: Vec<f64> = sample
        .iter()
        .filter(|&&index| wanted.is_positive(units[index].label))
        .map(|&index| standing(index))
        .collect();
    let remainder =
        Remainder { found: before.found(), units: left.len() as u64, sampled: sample.len() as u64 };
    let cut = refits::cut(&positives, remainder, wanted.recall, 1.0 - wanted.confidence)?.cut;
    sample.iter().for_each(|&index| asked[index] = true);
    let mut accepted = vec![None; units.len()];
    for &index in rest {
        accepted[index] = match cut {
            Cut::Everything => None,
            _ => accepted_as(units[index].ground.decision()),
        };
        asked[index] = accepted[index].is_none() && cut.escalates(standing(index));
    }
    let sampled = sample.len() as u64;
    finish(population, wanted, seed, asked, accepted, sampled, cuts::reject_below(cut))
}

/// The uniform sample for the cuts: drawn on until there are positives enough, which says nothing about their scores.
fn draw_positives(population: &Population, wanted: &Wanted, seed: u64) -> Result<Vec<bool>, Refused> {
    let needed = threshold::positives_needed(wanted.recall, wanted.delta())?.map_or(u64::MAX, |n| ENOUGH * n);
    let mut order: Vec<usize> = (0..population.units.len()).collect();
    random(seed, "sample").shuffle(&mut order);
    let mut is_sampled = vec![false; order.len()];
    let mut positives = 0;
    for index in order {
        if positives >= needed {
            break;
        }
        is_sampled[index] = true;
        positives += u64::from(wanted.is_positive(population.units[index].label));
    }
    Ok(is_sampled)
}

fn accepted_as(decision: Decision) -> Option<Category> {
    if let Decision::Accepted(category) = decision { Some(category) } else { None }
}

/// Audits what was not asked about.
fn finish(
    population: &Population,
    wanted: &Wanted,
    seed: u64,
    asked: Vec<bool>,
    accepted: Vec<Option<Category>>,
    sampled: u64,
    cut: Option<f64>,
) -> Result<Played, Refused> {
    let units = &population.units;
    let mut random = random(seed, "audit");
    let mut audited = vec![false; units.len()];
    let draw = Draw::fitting(units.len() as u64, seed);
    for (is_accepted, most) in [(false, draw.rejected), (true, draw.accepted)] {
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
