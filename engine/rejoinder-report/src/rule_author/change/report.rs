//! The value of a report about a change.

use std::collections::BTreeMap;

use rejoinder_authoring::change::{
    Change, ChangedTurn, RuleRow, RuleSides, SampledChange, SideRules, Standing, StandingKind, Transition,
};
use rejoinder_core::{Category, RecordId};
use rejoinder_judge::{BillUnit, JudgeConfig, QuestionForm};
use rejoinder_run::plan::Plan;
use rejoinder_scan::Engine;
use serde::Serialize;

use super::labels::LabelReport;
use super::shown::ShownChange;
use crate::plan::{Cost, PlanReport, ServerRate};
use crate::remarks;
use crate::rule_author::guards::GuardRow;
use crate::turn_row::TurnRow;

/// What a change was measured on and reckoned with.
pub struct ChangeScope<'a> {
    /// The rules on both sides.
    pub sides: &'a RuleSides,
    /// The engines before and after the change.
    pub engines: [&'a Engine; 2],
    /// The form of asking, by which requests and tokens are counted.
    pub form: &'a QuestionForm,
    /// The judge with the prices.
    pub judge: &'a JudgeConfig,
    /// The input in words.
    pub input: String,
    /// Who says what the turns hold, and of which turns, in words; where somebody does.
    pub oracle: Option<[String; 2]>,
    /// How the guards after the change stand.
    pub guards: Vec<GuardRow>,
    /// The seconds that it took.
    pub seconds: f64,
}

/// What a change does to an input.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeReport {
    /// The input in words.
    pub input: String,
    /// Before the change.
    pub before: SideReport,
    /// After the change.
    pub after: SideReport,
    /// Packs of the config that are in force on both sides.
    pub beside: Vec<String>,
    /// Packs of the config that are in force on no side, since they share a rule with what was named.
    pub replaced: Vec<String>,
    /// Conversations.
    pub conversations: u64,
    /// Later turns.
    pub turns: u64,
    /// Turns that are decided otherwise.
    pub changed: u64,
    /// Conversations with such a turn.
    pub changed_conversations: u64,
    /// Turns that are decided alike, for another reason.
    pub other_reason: u64,
    /// Changed turns that no rule is responsible for.
    pub without_rule: u64,
    /// The changed turns by what has changed, the most first.
    pub transitions: Vec<TransitionRow>,
    /// Rules whose hits have changed in number, or that are responsible for a change.
    pub rules: Vec<RuleChangeRow>,
    /// What labels or a judge say, where they were asked for.
    pub labels: Option<LabelReport>,
    /// How the guards after the change stand.
    pub guards: Vec<GuardRow>,
    /// Changed turns of each kind, drawn evenly.
    pub samples: Vec<SampleRows>,
    /// All changed turns in input order, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_turns: Option<Vec<ChangedTurnRow>>,
    /// Whether the rules in force are the same on both sides.
    pub same_rules: bool,
    /// The seconds that it took.
    pub seconds: f64,
    #[serde(skip)]
    pub(super) dialogues: Vec<(String, Vec<String>)>,
}

/// One side of a change.
#[derive(Clone, Debug, Serialize)]
pub struct SideReport {
    /// What was named.
    pub name: String,
    /// Rules in force.
    pub rules: u64,
    /// Files of the rules in force.
    pub files: Vec<String>,
    /// Rules of `disable` that this side does not have.
    pub not_to_disable: Vec<String>,
    /// The part that the score takes, where the config alone does not say it.
    pub score: Option<String>,
    /// Later turns that some rule marked.
    pub candidates: u64,
    /// Turns accepted without the judge.
    pub accepted: u64,
    /// The same by category.
    pub accepted_by_category: BTreeMap<Category, u64>,
    /// Turns that wait for the judge.
    pub waiting: u64,
    /// Turns rejected without the judge.
    pub rejected: u64,
    /// Turns in languages that no pack in force reads.
    pub not_looked_at: u64,
    /// What asking takes, stored replies left aside.
    pub cost: Cost,
}

/// How a turn stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StandingRow {
    /// Accepted, waiting, rejected, or not looked at.
    pub standing: StandingKind,
    /// The category of an accepted turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
}

/// Turns with one change.
#[derive(Clone, Debug, Serialize)]
pub struct TransitionRow {
    /// Before the change.
    pub before: StandingRow,
    /// After the change.
    pub after: StandingRow,
    /// The number of turns.
    pub turns: u64,
    #[serde(skip)]
    pub(super) transition: Transition,
}

/// What a rule has to do with a change.
#[derive(Clone, Debug, Serialize)]
pub struct RuleChangeRow {
    /// The rule.
    pub id: String,
    /// Turns that the rule hits before the change; absent where it is not in force.
    pub hits_before: Option<u64>,
    /// Turns that the rule hits after the change, likewise.
    pub hits_after: Option<u64>,
    /// The turns whose change the rule is responsible for.
    pub changed: u64,
    /// The same by what has changed.
    pub transitions: Vec<TransitionRow>,
}

/// A changed turn.
#[derive(Clone, Debug, Serialize)]
pub struct ChangedTurnRow {
    /// The turn's address.
    pub id: RecordId,
    /// The id of its conversation.
    pub conversation_id: String,
    /// Before the change.
    pub before: StandingRow,
    /// After the change.
    pub after: StandingRow,
    /// Why it was decided so before the change, in words.
    pub reason_before: &'static str,
    /// Why it is decided so after the change, in words.
    pub reason_after: &'static str,
    /// Rules that are responsible since they hit no longer.
    pub lost_rules: Vec<String>,
    /// Rules that are responsible since they hit newly.
    pub new_rules: Vec<String>,
}

/// Changed turns of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct SampleRows {
    /// Before the change.
    pub before: StandingKind,
    /// After the change.
    pub after: StandingKind,
    /// The turns.
    pub turns: Vec<SampleRow>,
}

/// A changed turn with its dialogue.
#[derive(Clone, Debug, Serialize)]
pub struct SampleRow {
    /// What has changed.
    #[serde(flatten)]
    pub turn: ChangedTurnRow,
    /// The turn after the change, with its context.
    pub shown: TurnRow,
}

impl From<Standing> for StandingRow {
    fn from(standing: Standing) -> Self {
        Self { standing: standing.kind(), category: standing.category() }
    }
}

impl ChangedTurnRow {
    fn new(turn: ChangedTurn) -> Self {
        Self {
            id: turn.id,
            conversation_id: turn.conversation_id,
            before: turn.transition.before.into(),
            after: turn.transition.after.into(),
            reason_before: turn.reasons[0].describe(),
            reason_after: turn.reasons[1].describe(),
            lost_rules: turn.lost_rules,
            new_rules: turn.new_rules,
        }
    }
}

impl TransitionRow {
    fn all(transitions: &BTreeMap<Transition, u64>) -> Vec<Self> {
        let row = |(transition, turns): (&Transition, &u64)| Self {
            before: transition.before.into(),
            after: transition.after.into(),
            turns: *turns,
            transition: *transition,
        };
        let mut rows: Vec<Self> = transitions.iter().map(row).collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.turns), row.transition));
        rows
    }
}

impl RuleChangeRow {
    fn new(row: RuleRow) -> Self {
        Self {
            changed: row.changed(),
            transitions: TransitionRow::all(&row.transitions),
            id: row.id,
            hits_before: row.hits_before,
            hits_after: row.hits_after,
        }
    }
}

impl SideReport {
    fn new(
        side: &SideRules,
        engine: &Engine,
        plan: &Plan,
        standings: &BTreeMap<Standing, u64>,
        scope: &ChangeScope<'_>,
    ) -> Self {
        let count = |kind: StandingKind| -> u64 {
            standings.iter().filter(|(standing, _)| standing.kind() == kind).map(|(_, turns)| turns).sum()
        };
        let by_category =
            standings.iter().filter_map(|(standing, turns)| Some((standing.category()?, *turns)));
        let prices = (scope.judge, BillUnit::of(scope.judge));
        let planned =
            PlanReport::new(engine, plan, &[scope.form], prices, &ServerRate::default(), Vec::new());
        Self {
            name: side.name.clone(),
            rules: engine.rules.rules().len() as u64,
            files: engine.packs.iter().map(|pack| pack.file.clone()).collect(),
            not_to_disable: side.not_to_disable.clone(),
            score: remarks::score(&engine.role, engine.config.purpose),
            candidates: planned.candidates,
            accepted: count(StandingKind::Accepted),
            accepted_by_category: by_category.collect(),
            waiting: count(StandingKind::Waiting),
            rejected: count(StandingKind::Rejected),
            not_looked_at: count(StandingKind::NotLookedAt),
            cost: planned.here,
        }
    }
}

impl ChangeReport {
    /// The report of a change; `lists_all` says whether all changed turns are part of it.
    pub fn new(change: Change<ShownChange>, scope: ChangeScope<'_>, lists_all: bool) -> Self {
        let Change { tally, plans, labels, samples, all, .. } = change;
        let [before, after] = scope.engines;
        let sides = scope.sides;
        let [planned_before, planned_after] = &plans;
        let [standings_before, standings_after] = &tally.standings;
        let labels = labels.zip(scope.oracle.as_ref()).map(|(found, [oracle, population])| {
            LabelReport::new(&found, oracle.clone(), population.clone())
        });
        let mut dialogues = Vec::new();
        let rows = samples.into_iter().map(|(kind, turns)| {
            let mut shown = Vec::new();
            let turns =
                turns.into_iter().map(|SampledChange { turn, shown: ShownChange { dialogue, row } }| {
                    shown.push(super::text::sample(&turn, &dialogue));
                    SampleRow { turn: ChangedTurnRow::new(turn), shown: row }
                });
            let rows = SampleRows { before: kind.before, after: kind.after, turns: turns.collect() };
            dialogues.push((super::text::kind_words(kind), shown));
            rows
        });
        let samples = rows.collect();
        Self {
            input: scope.input.clone(),
            before: SideReport::new(&sides.before, before, planned_before, standings_before, &scope),
            after: SideReport::new(&sides.after, after, planned_after, standings_after, &scope),
            beside: sides.beside.clone(),
            replaced: sides.replaced.clone(),
            conversations: planned_after.conversations,
            turns: tally.turns,
            changed: tally.changed,
            changed_conversations: tally.changed_conversations,
            other_reason: tally.other_reason,
            without_rule: tally.without_rule,
            transitions: TransitionRow::all(&tally.transitions),
            rules: tally.rules(before, after).into_iter().map(RuleChangeRow::new).collect(),
            labels,
            guards: scope.guards,
            samples,
            changed_turns: lists_all.then(|| all.into_iter().map(ChangedTurnRow::new).collect()),
            same_rules: before.rules.hash() == after.rules.hash(),
            seconds: scope.seconds,
            dialogues,
        }
    }
}
