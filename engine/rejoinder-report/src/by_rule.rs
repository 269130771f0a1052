//! What each rule does on a corpus: how often it hits, whether that changes anything, whether it is right, what it costs.

use std::fmt::Write as _;
use std::time::Duration;

use rejoinder_core::{Answer, Category};
use rejoinder_rules::RuleTimes;
use rejoinder_run::tallies::RuleCounter;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn};
use serde::Serialize;

use crate::evaluation::Proportion;

/// What the labels say of the turns that one rule hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LabelTally {
    labelled: u64,
    feedback: u64,
    same_category: u64,
}

/// The counts of all rules; all but the time are functions of input and config.
#[derive(Clone, Debug)]
pub struct RuleCounts {
    counter: RuleCounter,
    labels: Vec<LabelTally>,
    costs: RuleTimes,
}

/// One rule's row.
#[derive(Clone, Debug, Serialize)]
pub struct RuleFigures {
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
        Self {
            counter: RuleCounter::new(engine),
            labels: vec![LabelTally::default(); rules],
            costs: RuleTimes::new(rules),
        }
    }

    /// Counts a turn with its label.
    pub fn turn(
        &mut self,
        engine: &Engine,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
        label: Answer,
    ) {
        self.counter.turn(engine, scanned, conversation, turn);
        if !label.is_known() {
            return;
        }
        let category = label.category();
        for hit in scanned.hits(turn) {
            let tally = &mut self.labels[hit.rule as usize];
            tally.labelled += 1;
            tally.feedback += u64::from(category.is_some());
            tally.same_category +=
                u64::from(category.is_some() && category == engine.rules.rule(hit.rule).category);
        }
    }

    /// Adds what scanning cost.
    pub fn cost(&mut self, costs: &RuleTimes) {
        self.costs.add(costs);
    }

    /// Adds the counts of another part of the corpus.
    pub fn add(&mut self, other: &Self) {
        self.counter += &other.counter;
        for (sum, t) in self.labels.iter_mut().zip(&other.labels) {
            sum.labelled += t.labelled;
            sum.feedback += t.feedback;
            sum.same_category += t.same_category;
        }
        self.costs.add(&other.costs);
    }

    /// Later turns that were counted.
    pub const fn turns(&self) -> u64 {
        self.counter.turns()
    }

    /// Time of the passes over the literals of all rules.
    pub const fn literals(&self) -> Duration {
        self.costs.literals
    }

    /// A row a rule, in the order of the rules.
    pub fn rows(&self, engine: &Engine) -> Vec<RuleFigures> {
        let is_timed = self.costs.rules.iter().any(|t| !t.is_zero());
        let tallies = self.counter.rules().iter().zip(&self.labels);
        let rows = engine.rules.rules().iter().zip(tallies).zip(&self.costs.rules);
        rows.map(|((rule, (t, labels)), time)| RuleFigures {
            id: rule.id.clone(),
            route: rule.route.name(),
            category: rule.category,
            hits: t.hits,
            alone: t.alone,
            effect: t.effect,
            accepted: t.accepted,
            rejected: t.rejected,
            undecided: t.waiting,
            precision: (labels.labelled > 0).then(|| Proportion::new(labels.feedback, labels.labelled)),
            category_precision: (labels.labelled > 0 && rule.category.is_some())
                .then(|| Proportion::new(labels.same_category, labels.labelled)),
            micros: is_timed.then_some(time.as_secs_f64() * 1e6),
        })
        .collect()
    }
}

/// The rows as a table for people; below the table stand the rules without effect.
pub fn table(rows: &[RuleFigures]) -> String {
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
