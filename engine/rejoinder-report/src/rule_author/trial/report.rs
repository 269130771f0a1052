//! The value of a report about a rule that is tried.

use std::collections::BTreeMap;

use rejoinder_authoring::change::{StandingKind, Transition};
use rejoinder_authoring::trial::{HitKind, Obstacles, SampledHit, TrialResult};
use rejoinder_core::{Answer, Category, RecordId};
use rejoinder_judge::{BillUnit, JudgeConfig, QuestionForm};
use rejoinder_rules::Rule;
use rejoinder_scan::Engine;
use serde::Serialize;

use super::answers::AnswersReport;
use super::shown::ShownHit;
use crate::plan::{Cost, PlanReport, ServerRate};
use crate::remarks;

/// What a rule was tried on and reckoned with.
pub struct TrialScope<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Where the rule comes from, in words, such as its phrase.
    pub rule_name: String,
    /// The engine without the rule; `None` where the rule decides nothing.
    pub without: Option<&'a Engine>,
    /// The engine with the rule.
    pub with: &'a Engine,
    /// The form of asking, by which requests and tokens are counted.
    pub form: &'a QuestionForm,
    /// The judge with the prices.
    pub judge: &'a JudgeConfig,
    /// Who says what the turns hold, and of which turns, in words; where somebody does.
    pub oracle: Option<[String; 2]>,
    /// Which records count, in words; `None` if all do.
    pub part: Option<String>,
    /// Warnings about the rule, in words.
    pub warnings: Vec<String>,
    /// Why the rule hits nothing, where it does.
    pub obstacles: Option<Obstacles>,
    /// The seconds that it took.
    pub seconds: f64,
}

/// What a rule does on an input.
#[derive(Clone, Debug, Serialize)]
pub struct TrialReport {
    /// The rule in words.
    pub rule: String,
    /// Its phrases as they are looked for.
    pub phrases: Vec<String>,
    /// Its route; absent where its hits are only counted.
    pub route: Option<&'static str>,
    /// Its category, if it has one.
    pub category: Option<Category>,
    /// Which records count, in words; absent if all do.
    pub part: Option<String>,
    /// Conversations.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// Later turns that the rule hits.
    pub hits: u64,
    /// Conversations with such a turn.
    pub hit_conversations: u64,
    /// Hit turns that rules in force mark already.
    pub marked_already: u64,
    /// Hit turns by how they stand without the rule; empty where its hits are only counted.
    pub without_rule: BTreeMap<StandingKind, u64>,
    /// Turns that the rule changes.
    pub changes: Vec<TrialChangeRow>,
    /// Turns that wait with the rule less those that wait without it.
    pub waiting_more: i64,
    /// What asking takes in the conversations in which the rule changes what waits, without the rule and with it.
    pub cost: Option<[Cost; 2]>,
    /// The part that the score takes.
    pub score: Option<String>,
    /// What labels or a judge say of the hits, where they were asked for.
    pub answers: Option<AnswersReport>,
    /// Hits of each kind, drawn evenly.
    pub samples: Vec<HitRow>,
    /// Warnings about the rule, in words.
    pub warnings: Vec<String>,
    /// Why the rule hits nothing, where it does.
    pub obstacles: Option<Obstacles>,
    /// The seconds that it took.
    pub seconds: f64,
}

/// Turns that a rule changes alike.
#[derive(Clone, Debug, Serialize)]
pub struct TrialChangeRow {
    /// Without the rule.
    pub before: StandingKind,
    /// With the rule.
    pub after: StandingKind,
    /// The number of turns.
    pub turns: u64,
    #[serde(skip)]
    pub(super) transition: Transition,
}

/// A hit as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct HitRow {
    /// The turn's address.
    pub id: RecordId,
    /// What is known of the turn: right, wrong, or nothing.
    pub kind: HitKind,
    /// The label's category, if it says feedback.
    pub label: Option<Category>,
    /// How the turn stands without the rule.
    pub before: Option<StandingKind>,
    /// How the turn stands with the rule.
    pub after: Option<StandingKind>,
    /// The turn.
    #[serde(flatten)]
    pub shown: ShownHit,
    #[serde(skip)]
    pub(super) answer: Answer,
    #[serde(skip)]
    pub(super) transition: Option<Transition>,
}

impl HitRow {
    fn new(kind: HitKind, hit: SampledHit<ShownHit>) -> Self {
        let SampledHit { id, answer, transition, shown } = hit;
        Self {
            id,
            kind,
            label: answer.category(),
            before: transition.map(|transition| transition.before.kind()),
            after: transition.map(|transition| transition.after.kind()),
            shown,
            answer,
            transition,
        }
    }
}

impl TrialReport {
    /// The report of a trial.
    pub fn new(result: TrialResult<ShownHit>, scope: &TrialScope<'_>) -> Self {
        let TrialResult { tally, plans, samples, .. } = result;
        let decides = scope.without.is_some();
        let mut without_rule: BTreeMap<StandingKind, u64> = BTreeMap::new();
        for (standing, turns) in &tally.standings {
            *without_rule.entry(standing.kind()).or_default() += turns;
        }
        let changes = tally.transitions.iter().map(|(transition, turns)| TrialChangeRow {
            before: transition.before.kind(),
            after: transition.after.kind(),
            turns: *turns,
            transition: *transition,
        });
        let waiting = |side: fn(&Transition) -> StandingKind| -> i64 {
            let waits = tally.transitions.iter().filter(|(one, _)| side(one) == StandingKind::Waiting);
            waits.map(|(_, turns)| *turns as i64).sum()
        };
        let prices = (scope.judge, BillUnit::of(scope.judge));
        let cost = |engine: &Engine, plan| {
            PlanReport::new(engine, plan, &[scope.form], prices, &ServerRate::default(), Vec::new()).here
        };
        Self {
            rule: scope.rule_name.clone(),
            phrases: scope.rule.phrases.clone(),
            route: decides.then(|| scope.rule.route.name()),
            category: scope.rule.category,
            part: scope.part.clone(),
            conversations: tally.conversations,
            turns: tally.turns,
            hits: tally.hits,
            hit_conversations: tally.hit_conversations,
            marked_already: tally.marked,
            without_rule,
            changes: changes.collect(),
            waiting_more: waiting(|one| one.after.kind()) - waiting(|one| one.before.kind()),
            cost: scope.without.map(|without| [cost(without, &plans[0]), cost(scope.with, &plans[1])]),
            score: remarks::score(&scope.with.role, scope.with.config.purpose).filter(|_| decides),
            answers: scope
                .oracle
                .clone()
                .map(|oracle| AnswersReport::new(&tally.answers, scope.rule.category, oracle)),
            samples: samples
                .into_iter()
                .flat_map(|(kind, hits)| hits.into_iter().map(move |hit| HitRow::new(kind, hit)))
                .collect(),
            warnings: scope.warnings.clone(),
            obstacles: scope.obstacles.clone(),
            seconds: scope.seconds,
        }
    }
}
