//! From counts to kept and broken guards.

use rejoinder_cascade::clustered::ClusteredCounts;
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

/// The turns of a kind with the answers about them that count.
#[derive(Clone, Copy)]
struct KnownTurns {
    kind: CoveredKind,
    /// The answers by conversation; `None` where conversations are not told apart.
    clustered: Option<ClusteredCounts>,
}

impl KnownTurns {
    /// Answers about chosen turns count where every turn has an answer: then nothing was chosen.
    fn of(turns: u64, mut counting: AnswerCounts, chosen: AnswerCounts, of: PrecisionOf) -> Self {
        let is_about_all = counting.known + chosen.known == turns;
        if is_about_all {
            counting += chosen;
        }
        let kind = CoveredKind {
            turns,
            known: counting.known,
            right: match of {
                PrecisionOf::Feedback => counting.feedback,
                PrecisionOf::Category => counting.category,
            },
            conversations: counting.spread.conversations,
            chosen: if is_about_all { 0 } else { chosen.known },
        };
        Self { kind, clustered: counting.clustered(of) }
    }
}

fn precision(tally: &GuardTally, floor: &PrecisionFloor) -> (GuardStanding, GuardFigure) {
    let known = |answers: CoveredAnswers| answers.accepted.known + answers.waiting.known;
    let has_labels = known(tally.labels) > 0
        || known(tally.chosen.labels) > 0 && known(tally.judge) + known(tally.chosen.judge) == 0;
    let oracle = floor.against.unwrap_or(match has_labels {
        true => GuardOracle::Labels,
        false => GuardOracle::Judge,
    });
    let (counting, chosen) = match oracle {
        GuardOracle::Labels => (tally.labels, tally.chosen.labels),
        GuardOracle::Judge => (tally.judge, tally.chosen.judge),
    };
    let kinds = [
        KnownTurns::of(tally.accepted, counting.accepted, chosen.accepted, floor.of),
        KnownTurns::of(tally.waiting, counting.waiting, chosen.waiting, floor.of),
    ];
    let [accepted, waiting] = kinds.map(|kind| kind.kind);
    let kinds: Vec<KnownTurns> = kinds.into_iter().filter(|kind| kind.kind.turns > 0).collect();
    let delta = DELTA / kinds.len().max(1) as f64;
    let all: u64 = kinds.iter().map(|kind| kind.kind.turns).sum();
    let of_all = |of: &dyn Fn(&KnownTurns) -> Option<f64>| {
        let parts: Option<Vec<f64>> =
            kinds.iter().map(|kind| Some(kind.kind.turns as f64 / all as f64 * of(kind)?)).collect();
        parts.filter(|parts| !parts.is_empty()).map(|parts| parts.iter().sum::<f64>())
    };
    let measured =
        of_all(&|kind| (kind.kind.known > 0).then(|| kind.kind.right as f64 / kind.kind.known as f64));
    let of_clustered = |of: &dyn Fn(&ClusteredCounts) -> f64| {
        of_all(&|kind| kind.clustered.filter(|counts| counts.known > 0).map(|counts| of(&counts)))
    };
    let lower = of_clustered(&|counts| counts.lower(delta));
    let highest = of_clustered(&|counts| counts.highest_lower(delta));
    let needs_bound = floor.bound == PrecisionBound::Lower;
    let standing = match (measured, lower, highest) {
        (Some(measured), ..) if !needs_bound => kept(measured >= floor.share),
        (_, Some(lower), _) if lower >= floor.share => GuardStanding::Kept,
        (_, Some(_), Some(highest)) if highest >= floor.share => GuardStanding::Broken,
        _ => GuardStanding::Unproven,
    };
    let needed = needs_bound.then(|| (delta.ln() / floor.share.ln()).ceil() as u64);
    let figure = PrecisionFigure { oracle, of: floor.of, measured, lower, accepted, waiting, needed };
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
