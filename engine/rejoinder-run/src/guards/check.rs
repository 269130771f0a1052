//! From counts to kept and broken guards.

use rejoinder_cascade::binomial;
use rejoinder_judge::{NANOS_PER_UNIT, Price, QuestionForm};
use rejoinder_ledger::TokenUsage;
use rejoinder_rules::{GuardOracle, Limit, PrecisionBound, PrecisionFloor, PrecisionOf};

use super::figures::{CostFigure, CoveredKind, GuardFigure, GuardResult, GuardStanding, PrecisionFigure};
use super::tally::{AnswerCounts, CoveredAnswers, GuardTallies, GuardTally};
use crate::plan;

/// The probability with which a lower bound may be above what is true.
const DELTA: f64 = 0.05;

/// How asking is charged.
#[derive(Clone, Copy, Debug)]
pub struct GuardPrices<'a> {
    /// The form of the requests.
    pub form: &'a QuestionForm,
    /// What tokens cost.
    pub price: &'a Price,
}

/// Checks each limit of each guard, in the order of the guards.
pub fn check(counted: &GuardTallies, prices: GuardPrices<'_>) -> Vec<GuardResult> {
    let mut results = Vec::new();
    for (guard, tally) in counted.guards.iter().zip(&counted.tallies) {
        for at in &guard.guard.limits {
            let (standing, figure) = match &at.limit {
                Limit::MaxEscalationShare(most) => share(tally.waiting, counted.turns, *most),
                Limit::MaxAcceptShare(most) => share(tally.accepted, counted.turns, *most),
                Limit::MinPrecision(floor) => precision(tally, floor),
                Limit::MaxCostPer1000(most) => cost(tally, counted.turns, *most, prices),
            };
            results.push(GuardResult {
                file: guard.file.clone(),
                rule: guard.rule.clone(),
                place: guard.place(at),
                line_column: [at.line, at.column],
                limit: at.limit,
                standing,
                figure,
            });
        }
    }
    results
}

const fn kept(is_kept: bool) -> GuardStanding {
    if is_kept { GuardStanding::Kept } else { GuardStanding::Broken }
}

fn share(turns: u64, of: u64, most: f64) -> (GuardStanding, GuardFigure) {
    let standing = match of {
        0 => GuardStanding::Unproven,
        _ => kept(turns as f64 / of as f64 <= most),
    };
    (standing, GuardFigure::Share { turns, of })
}

fn precision(tally: &GuardTally, floor: &PrecisionFloor) -> (GuardStanding, GuardFigure) {
    let has_labels = tally.labels.accepted.known + tally.labels.waiting.known > 0;
    let oracle = floor.against.unwrap_or(match has_labels {
        true => GuardOracle::Labels,
        false => GuardOracle::Judge,
    });
    let CoveredAnswers { accepted, waiting } = match oracle {
        GuardOracle::Labels => tally.labels,
        GuardOracle::Judge => tally.judge,
    };
    let kind = |turns: u64, answers: AnswerCounts| CoveredKind {
        turns,
        known: answers.known,
        right: match floor.of {
            PrecisionOf::Feedback => answers.feedback,
            PrecisionOf::Category => answers.category,
        },
    };
    let (accepted, waiting) = (kind(tally.accepted, accepted), kind(tally.waiting, waiting));
    let kinds: Vec<CoveredKind> = [accepted, waiting].into_iter().filter(|kind| kind.turns > 0).collect();
    let delta = DELTA / kinds.len().max(1) as f64;
    let is_known = !kinds.is_empty() && kinds.iter().all(|kind| kind.known > 0);
    let all: u64 = kinds.iter().map(|kind| kind.turns).sum();
    let of_all = |of: &dyn Fn(&CoveredKind) -> f64| {
        is_known.then(|| kinds.iter().map(|kind| kind.turns as f64 / all as f64 * of(kind)).sum::<f64>())
    };
    let measured = of_all(&|kind| kind.right as f64 / kind.known as f64);
    let lower = of_all(&|kind| binomial::lower(kind.right, kind.known, delta));
    let highest = of_all(&|kind| binomial::lower(kind.known, kind.known, delta));
    let needs_bound = floor.bound == PrecisionBound::Lower;
    let standing = match (measured, lower, highest) {
        (Some(measured), ..) if !needs_bound => kept(measured >= floor.share),
        (_, Some(lower), _) if lower >= floor.share => GuardStanding::Kept,
        (_, Some(_), Some(highest)) if highest >= floor.share => GuardStanding::Broken,
        _ => GuardStanding::Unproven,
    };
    let needed = needs_bound.then(|| (delta.ln() / floor.share.ln()).ceil() as u64);
    let selected = if oracle == GuardOracle::Labels { tally.selected } else { 0 };
    let figure =
        PrecisionFigure { oracle, of: floor.of, measured, lower, accepted, waiting, needed, selected };
    (standing, GuardFigure::Precision(figure))
}

fn cost(tally: &GuardTally, turns: u64, most: f64, prices: GuardPrices<'_>) -> (GuardStanding, GuardFigure) {
    let per_thousand =
        (turns > 0 && prices.price.has_money()).then(|| money(tally, prices) * 1e3 / turns as f64);
    let standing = per_thousand.map_or(GuardStanding::Unproven, |money| kept(money <= most));
    (standing, GuardFigure::Cost(CostFigure { per_thousand, waiting: tally.waiting, turns }))
}

/// The money of the questions about covered turns, as many in a request as the form takes, by the expected number of tokens.
fn money(tally: &GuardTally, GuardPrices { form, price }: GuardPrices<'_>) -> f64 {
    let together = form.questions_per_request() as u64;
    let (full, rest) = (tally.questions / together, tally.questions % together);
    let requests = full + u64::from(rest > 0);
    let output = |questions: u64| match questions {
        0 => 0,
        questions => plan::output(form, questions as usize).expected,
    };
    let usage = TokenUsage {
        prompt_tokens: requests * form.fixed_tokens() + tally.shown_tokens,
        cached_tokens: 0,
        completion_tokens: full * output(together) + output(rest),
    };
    price.of(usage).money as f64 / NANOS_PER_UNIT
}
