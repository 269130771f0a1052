//! What each rule does on a corpus: how often it hits, whether that changes anything, whether it is right, what it costs.

use std::fmt::Write as _;
use std::time::Duration;

use rejoinder_core::{Answer, Category};
use rejoinder_rules::{Route, RuleTimes};
use rejoinder_run::TurnOutcome;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn, Voter};
use serde::Serialize;

use crate::evaluation::Proportion;

/// Counts of one rule; all but the time are functions of input and config.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct RuleTally {
    hits: u64,
    alone: u64,
    effect: u64,
    accepted: u64,
    rejected: u64,
    undecided: u64,
    labelled: u64,
    feedback: u64,
    same_category: u64,
}

/// The counts of all rules.
#[derive(Clone, Debug)]
pub struct RuleCounts {
    turns: u64,
    tallies: Vec<RuleTally>,
    costs: RuleTimes,
}

/// One rule's row.
#[derive(Clone, Debug, Serialize)]
pub struct RuleRow {
    /// The rule.
    pub id: String,
    /// The rule's route.
    pub route: &'static str,
    /// The rule's category, if it has one.
    pub category: Option<Category>,
    /// Turns that the rule hits.
    pub hits: u64,
    /// Hits on turns that no other rule makes candidates; 0 for rules that make none.
    pub alone: u64,
    /// Hits without which the turn would have been decided otherwise, or, for a score rule, put elsewhere in the queue.
    pub effect: u64,
    /// Hit turns that were accepted, by whatever rule or plugin.
    pub accepted: u64,
    /// Hit turns that were rejected.
    pub rejected: u64,
    /// Hit turns that wait for the judge: escalations.
    pub undecided: u64,
    /// The share of the labelled hit turns that are feedback; absent without labels.
    pub precision: Option<Proportion>,
    /// The share of the labelled hit turns that are feedback of the rule's category; absent without labels or category.
    pub category_precision: Option<Proportion>,
    /// The time spent in the rule's regexes and conditions, in microseconds; absent where no time was taken.
    pub micros: Option<f64>,
}

impl RuleCounts {
    /// No counts yet.
    pub fn new(engine: &Engine) -> Self {
        let rules = engine.rules.rules().len();
        Self { turns: 0, tallies: vec![RuleTally::default(); rules], costs: RuleTimes::new(rules) }
    }

    /// Counts a turn with its outcome and its label.
    pub fn turn(
        &mut self,
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
        outcome: TurnOutcome,
        label: Answer,
    ) {
        self.turns += 1;
        let hits = scanned.hits(turn);
        for (i, hit) in hits.iter().enumerate() {
            let rule = engine.rules.rule(hit.rule);
            let others = [&hits[..i], &hits[i + 1..]].concat();
            let tally = &mut self.tallies[hit.rule as usize];
            tally.hits += 1;
            tally.alone += u64::from(engine.is_candidate(hits) && !engine.is_candidate(&others));
            let is_felt = match rule.route {
                Route::Score => outcome == TurnOutcome::Undecided && rule.weight != 0.0,
                _ => {
                    let without = scanned.ground_without(engine, conversation, turn, Voter::Rule(hit.rule));
                    without.decision() != turn.decision()
                }
            };
            tally.effect += u64::from(is_felt);
            match outcome {
                TurnOutcome::Accepted(_) => tally.accepted += 1,
                TurnOutcome::Rejected => tally.rejected += 1,
                TurnOutcome::Undecided | TurnOutcome::Judged(_) => tally.undecided += 1,
            }
            if label.is_known() {
                let category = label.category();
                tally.labelled += 1;
                tally.feedback += u64::from(category.is_some());
                tally.same_category += u64::from(category.is_some() && category == rule.category);
            }
        }
    }

    /// Adds what scanning cost.
    pub fn cost(&mut self, costs: &RuleTimes) {
        self.costs.add(costs);
    }

    /// Adds the counts of another part of the corpus.
    pub fn add(&mut self, other: &Self) {
        self.turns += other.turns;
        for (sum, t) in self.tallies.iter_mut().zip(&other.tallies) {
            sum.hits += t.hits;
            sum.alone += t.alone;
            sum.effect += t.effect;
            sum.accepted += t.accepted;
            sum.rejected += t.rejected;
            sum.undecided += t.undecided;
            sum.labelled += t.labelled;
            sum.feedback += t.feedback;
            sum.same_category += t.same_category;
        }
        self.costs.add(&other.costs);
    }

    /// Later turns that were counted.
    pub const fn turns(&self) -> u64 {
        self.turns
    }

    /// Time of the passes over the literals of all rules.
    pub const fn literals(&self) -> Duration {
        self.costs.literals
    }

    /// A row a rule, in the order of the rules.
    pub fn rows(&self, engine: &Engine) -> Vec<RuleRow> {
        let is_timed = self.costs.rules.iter().any(|t| !t.is_zero());
        let rows = engine.rules.rules().iter().zip(&self.tallies).zip(&self.costs.rules);
        rows.map(|((rule, t), time)| RuleRow {
            id: rule.id.clone(),
            route: rule.route.name(),
            category: rule.category,
            hits: t.hits,
            alone: t.alone,
            effect: t.effect,
            accepted: t.accepted,
            rejected: t.rejected,
            undecided: t.undecided,
            precision: (t.labelled > 0).then(|| Proportion::new(t.feedback, t.labelled)),
            category_precision: (t.labelled > 0 && rule.category.is_some())
                .then(|| Proportion::new(t.same_category, t.labelled)),
            micros: is_timed.then_some(time.as_secs_f64() * 1e6),
        })
        .collect()
    }
}

/// The rows as a table for people; below the table stand the rules without effect.
pub fn table(rows: &[RuleRow]) -> String {
    let mut out = String::new();
    let with_labels = rows.iter().any(|r| r.precision.is_some());
    let with_time = rows.iter().any(|r| r.micros.is_some());
    let heads = [" feedback", " category"].concat();
    let _ = writeln!(
        out,
        "{:<44}{:<9}{:<4}{:>9}{:>9}{:>9}{:>8}{}{}",
        "rule",
        "route",
        "",
        "hits",
        "alone",
        "effect",
        "waiting",
        if with_labels { heads.as_str() } else { "" },
        if with_time { "  time ms" } else { "" },
    );
    let rate = |r: Option<Proportion>| r.map_or_else(|| "–".to_owned(), |r| format!("{:.2}", r.value));
    for row in rows {
        let waiting = match row.hits {
            0 => "–".to_owned(),
            hits => format!("{:.0} %", 100.0 * row.undecided as f64 / hits as f64),
        };
        let _ = write!(
            out,
            "{:<44}{:<9}{:<4}{:>9}{:>9}{:>9}{:>8}",
            row.id,
            row.route,
            row.category.map_or("", Category::code),
            row.hits,
            row.alone,
            row.effect,
            waiting
        );
        if with_labels {
            let _ = write!(out, "{:>9}{:>9}", rate(row.precision), rate(row.category_precision));
        }
        if let Some(micros) = row.micros {
            let _ = write!(out, "{:>9.2}", micros / 1e3);
        }
        out.push('\n');
    }
    let without: Vec<&str> = rows.iter().filter(|r| r.effect == 0).map(|r| r.id.as_str()).collect();
    if !without.is_empty() {
        let _ = writeln!(
            out,
            "\n{} no effect here: without {} all turns would be decided alike\n  {}",
            if without.len() == 1 {
                "1 rule has".to_owned()
            } else {
                format!("{} rules have", without.len())
            },
            if without.len() == 1 { "it" } else { "them" },
            without.join("\n  ")
        );
    }
    out
}
