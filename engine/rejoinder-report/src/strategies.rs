//! Strategies side by side on labelled turns: what each costs, what it finds, and what it can certify.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoinder_cascade::DecisionReason;
use rejoinder_cascade::curve::Ranking;
use rejoinder_core::Category;
use rejoinder_core::random::Random;
use rejoinder_run::recall::strategies::{self, SearchOutcome, StrategyOutcome};
use rejoinder_run::recall::{
    LabelledTurn, LabelledTurns, LearningRound, PricedJudges, RECALLS, RecallForecast, RecallTarget,
};
use rejoinder_scan::{Engine, ScoreModel};
use serde::Serialize;

use crate::form_bills::{FormBill, FormFigures, share};
use crate::numbers::counted;

use crate::shipped_cut::ShippedCut;
use rejoinder_run::RunError;

/// Resamples of the bootstrap over conversations.
const RESAMPLES: usize = 1_000;

/// What a recall takes, the highest scores first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SpendPoint {
    /// Share of the wanted feedback.
    pub recall: f64,
    /// Share of all later turns.
    pub turns: f64,
    /// Input tokens, as a share of the paper's.
    pub tokens: f64,
}

/// All strategies on one population.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Later turns with a label.
    pub turns: usize,
    /// Conversations of these turns.
    pub conversations: usize,
    /// Turns that are feedback of a wanted category.
    pub positives: usize,
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// The share of the wanted feedback that must be found.
    pub recall: f64,
    /// The probability with which that share must be found.
    pub confidence: f64,
    /// What the draws depend on.
    pub seed: u64,
    /// The figures of each strategy, by name.
    pub strategies: BTreeMap<&'static str, StrategyFigures>,
}

/// The figures of one strategy. Shares of turns are of all later turns; shares of calls and tokens are of what the paper's method
/// takes on the same conversations.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StrategyFigures {
    /// How well the strategy's score puts the wanted turns first: 0.5 is chance; absent without a score.
    pub auc: Option<f64>,
    /// Turns from the highest score down that hold the recall wanted, with hindsight.
    pub curve_share: f64,
    /// Turns accepted without asking.
    pub accept_share: f64,
    /// Recall against spend, with hindsight.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<SpendPoint>,
    /// Requests about the turns of `curve_share` that nothing else settles.
    pub call_share: f64,
    /// Input tokens of these requests, the instructions charged in full.
    pub token_share: f64,
    /// Input tokens of these requests, the shared prefix charged once.
    pub token_share_cached: f64,
    /// Output tokens of these requests.
    pub output_token_share: f64,
    /// What these requests take in each form, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub forms: BTreeMap<&'static str, FormFigures>,
    /// Turns asked about without hindsight, calibration sample and audit included.
    pub sent_share: f64,
    /// Share of the wanted feedback that is found so.
    pub recall: f64,
    /// Share of what is found that is right.
    pub precision: f64,
    /// Lower bound of the recall by the audit alone.
    pub certified_recall: f64,
    /// Share of each wanted category that is found.
    pub recall_by_category: BTreeMap<&'static str, f64>,
    /// Turns of the calibration sample.
    pub sampled: u64,
    /// Turns that the audit asked about.
    pub audited: u64,
    /// From which score on was asked.
    pub asked_from: Option<f64>,
    /// The cut that ships with the score, of the strategy that goes by that score; absent where none ships for this recall.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<ShippedCut>,
    /// The rounds in which the score learned; empty where the score did not learn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<LearningRound>,
    /// Turns that were expected to be asked about, before the first question; absent where nothing was forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<RecallForecast>,
    /// 95 % intervals by bootstrap over conversations.
    pub intervals: BTreeMap<&'static str, (f64, f64)>,
}

impl Comparison {
    /// Compares all strategies.
    ///
    /// # Errors
    /// If the recall or the confidence is not between 0 and 1.
    pub fn of(
        engine: &Engine,
        model: &ScoreModel,
        judges: &PricedJudges,
        labelled: &LabelledTurns,
        target: &RecallTarget,
        seed: u64,
    ) -> Result<Self, RunError> {
        let purpose = target.purpose;
        let bench = StrategyBench { judges, labelled, target, seed };
        let of_turns =
            |score: &dyn Fn(&LabelledTurn) -> f64| labelled.turns.iter().map(score).collect::<Vec<_>>();
        let outcome = strategies::paper(labelled, target, seed)?;
        let mut strategies = BTreeMap::from([("paper", bench.figures(&outcome, None)?)]);
        let outcome = strategies::rules(labelled, target, seed)?;
        strategies.insert("rules", bench.figures(&outcome, Some(&of_turns(&by_rules)))?);
        let outcome = strategies::calibrated(labelled, target, seed)?;
        let scores = of_turns(&|turn| f64::from(turn.score));
        let cut = ShippedCut::of(engine, judges, labelled, target);
        strategies.insert("shipped", StrategyFigures { cut, ..bench.figures(&outcome, Some(&scores))? });
        if let Some(base) = model.model() {
            let SearchOutcome { outcome, scores, rounds, forecast } =
                strategies::searched(labelled, target, seed, base, engine.rules.hash())?;
            let figures = bench.figures(&outcome, Some(&scores))?;
            strategies.insert("loop", StrategyFigures { rounds, forecast, ..figures });
        }
        Ok(Self {
            turns: labelled.turns.len(),
            conversations: labelled.conversations(),
            positives: labelled.turns.iter().filter(|turn| target.is_positive(turn.label)).count(),
            purpose: purpose.to_string(),
            recall: target.recall,
            confidence: target.confidence,
            seed,
            strategies,
        })
    }

    /// The table for people; `oracle` names whose labels the turns have.
    pub fn text(&self, oracle: &str) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{} of {}, {} of them feedback for `{}`, by the labels in {oracle}\n\
             recall wanted: {} with confidence {}; draws by seed {}\n",
            counted(self.turns as u64, "later turn"),
            counted(self.conversations as u64, "conversation"),
            self.positives,
            self.purpose,
            self.recall,
            self.confidence,
            self.seed
        );
        let names = ["paper", "rules", "shipped", "loop"];
        let columns: Vec<(&str, &StrategyFigures)> =
            names.into_iter().filter_map(|name| Some((name, self.strategies.get(name)?))).collect();
        let _ = write!(out, "{:<34}", "");
        for (name, _) in &columns {
            let _ = write!(out, "{name:>18}");
        }
        out.push('\n');
        let mut row = |name: &str, figure: &dyn Fn(&StrategyFigures) -> Option<f64>, interval: &str| {
            let _ = write!(out, "{name:<34}");
            for (_, strategy) in &columns {
                let shown = match (figure(strategy), strategy.intervals.get(interval)) {
                    (None, _) => "-".to_owned(),
                    (Some(value), None) => format!("{value:.3}"),
                    (Some(value), Some((low, high))) => format!("{value:.3} {low:.2}–{high:.2}"),
                };
                let _ = write!(out, "{shown:>18}");
            }
            out.push('\n');
        };
        row("auc", &|s| s.auc, "auc");
        row("with hindsight, share of", &|_| None, "");
        row("  turns (curve_share)", &|s| Some(s.curve_share), "curve_share");
        row("  paper's requests", &|s| Some(s.call_share), "");
        row("  paper's input tokens", &|s| Some(s.token_share), "");
        row("  the same, prefix once", &|s| Some(s.token_share_cached), "");
        row("  paper's output tokens", &|s| Some(s.output_token_share), "");
        for (name, turns) in [("single", 1), ("grouped", 4), ("grouped", 8), ("json", 4)] {
            let bill = |s: &StrategyFigures| {
                let form = s.forms.get(name)?;
                Some(form.by_turns.get(&turns).copied().unwrap_or(form.usual))
            };
            let figure = |s: &StrategyFigures, of: &dyn Fn(&FormBill) -> f64| bill(s).map(|bill| of(&bill));
            let of = if turns > 1 { format!("{name}, {turns} a request") } else { name.to_owned() };
            row(&format!("  {of}: requests"), &|s| figure(s, &|bill| bill.call_share), "");
            row("    input tokens", &|s| figure(s, &|bill| bill.token_share), "");
            row("    the same, prefix once", &|s| figure(s, &|bill| bill.token_share_cached), "");
        }
        row("without hindsight, share of", &|_| None, "");
        row("  turns asked (sent_share)", &|s| Some(s.sent_share), "sent_share");
        row("  the same, forecast", &|s| Some(s.forecast?.asked() as f64 / self.turns as f64), "");
        row("  turns accepted here", &|s| Some(s.accept_share), "");
        row("recall", &|s| Some(s.recall), "recall");
        for category in Category::ALL.map(Category::code) {
            row(&format!("  of {category}"), &|s| s.recall_by_category.get(category).copied(), "");
        }
        row("precision", &|s| Some(s.precision), "");
        row("certified recall", &|s| Some(s.certified_recall), "");
        for cut in columns.iter().filter_map(|(_, strategy)| strategy.cut) {
            let _ = writeln!(out, "\n{}", cut.line());
        }
        let _ = write!(out, "\nrecall against spend, with hindsight");
        for recall in RECALLS {
            let _ = write!(out, "{recall:>8}");
        }
        for (name, strategy) in columns.iter().filter(|(_, strategy)| !strategy.curve.is_empty()) {
            for (of, figure) in [("turns", &|p: &SpendPoint| p.turns), ("tokens", &|p: &SpendPoint| p.tokens)]
                as [(_, &dyn Fn(&SpendPoint) -> f64); 2]
            {
                let _ = write!(out, "\n  {name:<14}{of:<20}");
                for point in &strategy.curve {
                    let _ = write!(out, "{:>8.3}", figure(point));
                }
            }
        }
        out.push('\n');
        out
    }
}

/// What the rules alone make of a turn, as a score: rejects below all, accepts above.
fn by_rules(turn: &LabelledTurn) -> f64 {
    match turn.ground {
        DecisionReason::Rejected => f64::NEG_INFINITY,
        DecisionReason::Accepted(_) => f64::INFINITY,
        _ if turn.is_candidate => f64::from(turn.prior),
        _ => f64::MIN,
    }
}

struct StrategyBench<'a> {
    judges: &'a PricedJudges,
    labelled: &'a LabelledTurns,
    target: &'a RecallTarget,
    seed: u64,
}

impl StrategyBench<'_> {
    /// The figures of a strategy; `scores` are the scores of the turns, if the strategy has a score.
    fn figures(
        &self,
        outcome: &StrategyOutcome,
        scores: Option<&[f64]>,
    ) -> Result<StrategyFigures, RunError> {
        let RecallTarget { purpose, recall, .. } = *self.target;
        let turns = &self.labelled.turns;
        let positive: Vec<bool> = turns.iter().map(|turn| self.target.is_positive(turn.label)).collect();
        let alike = vec![0.0; turns.len()];
        let ranking = Ranking::new(scores.unwrap_or(&alike), &positive).map_err(RunError::from)?;
        let each = |_: usize| 1.0;
        let (cut, curve_share) = ranking.cut(recall, each).unwrap_or((f64::NEG_INFINITY, 0.0));
        let is_settled = |turn: &LabelledTurn| {
            matches!(turn.ground, DecisionReason::Accepted(_) | DecisionReason::Rejected)
        };
        let cost = match scores {
            None => self.labelled.cost_of_paper(self.judges),
            Some(scores) => {
                self.labelled.cost(&self.judges.here.form, |i| scores[i] >= cut && !is_settled(&turns[i]))
            }
        };
        let paper = self.labelled.cost_of_paper(self.judges);
        let curve = scores.map_or_else(Vec::new, |scores| {
            let point = |recall| {
                let (cut, share) = ranking.cut(recall, each)?;
                let is_asked = |i: usize| scores[i] >= cut && !is_settled(&turns[i]);
                let cost = self.labelled.cost(&self.judges.here.form, is_asked);
                Some(SpendPoint { recall, turns: share, tokens: cost.input / paper.input.max(1.0) })
            };
            RECALLS.into_iter().filter_map(point).collect()
        });
        let forms = scores.map_or_else(BTreeMap::new, |scores| {
            FormFigures::of(self.judges, self.labelled, &|i| scores[i] >= cut && !is_settled(&turns[i]))
        });
        let outcomes: Vec<TurnResult> =
            (0..turns.len()).map(|i| TurnResult::new(outcome, i, &turns[i], self.target)).collect();
        let count = |test: &dyn Fn(&TurnResult) -> bool| outcomes.iter().filter(|o| test(o)).count() as f64;
        let all = turns.len() as f64;
        let recall_of = |category: Category| {
            let labelled = turns.iter().zip(&outcomes).filter(|(turn, _)| turn.label == Some(category));
            let found = labelled.clone().filter(|(_, o)| o.is_right).count() as f64;
            share(found, labelled.count() as f64)
        };
        let sums = |weight: &dyn Fn(usize) -> f64, test: &dyn Fn(&TurnResult) -> bool| -> f64 {
            outcomes.iter().enumerate().filter(|(_, o)| test(o)).map(|(i, _)| weight(i)).sum()
        };
        let mut samples: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
        self.resample(|weights| {
            let weight = |turn: usize| weights[turns[turn].conversation];
            let mut note = |name, figure: Option<f64>| samples.entry(name).or_default().extend(figure);
            if scores.is_some() {
                note("auc", ranking.auc(weight));
                note("curve_share", ranking.cut(recall, weight).map(|cut| cut.1));
            }
            note("recall", Some(share(sums(&weight, &|o| o.is_found), sums(&weight, &|o| o.is_positive))));
            note("sent_share", Some(share(sums(&weight, &|o| o.is_sent), sums(&weight, &|_| true))));
        });
        Ok(StrategyFigures {
            auc: scores.and_then(|_| ranking.auc(each)),
            curve_share,
            curve,
            accept_share: count(&|o| o.is_accepted) / all,
            call_share: share(cost.requests, paper.requests),
            token_share: share(cost.input, paper.input),
            token_share_cached: share(cost.input_cached, paper.input_cached),
            output_token_share: share(cost.output, paper.output),
            forms,
            sent_share: count(&|o| o.is_sent) / all,
            recall: share(count(&|o| o.is_found), count(&|o| o.is_positive)),
            precision: share(count(&|o| o.is_right), count(&|o| o.is_output)),
            certified_recall: outcome.certificate.claims[0].recall.at_least,
            recall_by_category: purpose.categories().map(|c| (c.code(), recall_of(c))).collect(),
            sampled: outcome.sampled,
            audited: outcome.audited.iter().filter(|&&is_audited| is_audited).count() as u64,
            asked_from: outcome.cut,
            cut: None,
            rounds: Vec::new(),
            forecast: None,
            intervals: samples
                .into_iter()
                .filter_map(|(name, figures)| Some((name, interval(figures)?)))
                .collect(),
        })
    }

    /// Hands out the weights of the conversations, drawn with replacement, again and again.
    fn resample(&self, mut with: impl FnMut(&[f64])) {
        let conversations = self.labelled.conversations();
        let mut random = Random::with_seed(self.seed);
        let mut weights = vec![0.0; conversations];
        for _ in 0..RESAMPLES {
            weights.fill(0.0);
            for _ in 0..conversations {
                weights[random.usize(..conversations)] += 1.0;
            }
            with(&weights);
        }
    }
}

/// The middle 95 % of the figures.
fn interval(mut figures: Vec<f64>) -> Option<(f64, f64)> {
    figures.sort_by(f64::total_cmp);
    let at =
        |share: f64| figures.get((share * (figures.len().checked_sub(1)?) as f64).round() as usize).copied();
    Some((at(0.025)?, at(0.975)?))
}

/// What became of one turn.
struct TurnResult {
    is_positive: bool,
    is_sent: bool,
    is_accepted: bool,
    /// The strategy says that the turn is wanted feedback.
    is_output: bool,
    /// The turn is wanted feedback, and the strategy says so, in whichever category.
    is_found: bool,
    /// The turn is wanted feedback, and the strategy says the right category.
    is_right: bool,
}

impl TurnResult {
    fn new(outcome: &StrategyOutcome, index: usize, turn: &LabelledTurn, target: &RecallTarget) -> Self {
        let is_positive = target.is_positive(turn.label);
        let is_sent = outcome.asked[index] || outcome.audited[index];
        let said = if is_sent { turn.label } else { outcome.accepted[index] };
        let is_output = said.is_some_and(|category| target.purpose.wants(category));
        Self {
            is_positive,
            is_sent,
            is_accepted: outcome.accepted[index].is_some() && !outcome.asked[index],
            is_output,
            is_found: is_output && is_positive,
            is_right: is_output && said == turn.label,
        }
    }
}
