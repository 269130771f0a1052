//! How guards stand, in words and as JSON.

use std::fmt::Write as _;

use rejoinder_core::printable;
use rejoinder_rules::{GuardOracle, Limit, PrecisionBound, PrecisionOf};
use rejoinder_run::guards::{
    CostFigure, CoveredKind, GuardFigure, GuardResult, GuardStanding, PrecisionFigure,
};
use serde::Serialize;

use crate::numbers::{counted, form, thousands};

/// How one limit of a guard stands, as `--json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct GuardRow {
    /// The rule file of the guard.
    pub file: String,
    /// The rule that is guarded; absent where all rules of the file are guarded together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Where the limit stands: file, line and column.
    pub place: String,
    /// The key of the limit.
    pub limit: &'static str,
    /// The share or the amount of money that the limit names.
    pub wanted: f64,
    /// How the limit stands.
    pub standing: GuardStanding,
    /// The figure that the limit is compared with; absent where there is none.
    pub figure: Option<f64>,
    /// The figures of a precision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<PrecisionFigure>,
    /// The figure and its population in words.
    pub says: String,
}

/// How many limits stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GuardCounts {
    /// Limits that are kept.
    pub kept: usize,
    /// Limits that are broken.
    pub broken: usize,
    /// Limits about which there is too little to tell by.
    pub unproven: usize,
}

impl From<&GuardResult> for GuardRow {
    fn from(result: &GuardResult) -> Self {
        let GuardResult { file, rule, place, line_column: _, limit, standing, figure } = result;
        let precision = match figure {
            GuardFigure::Precision(figure) => Some(*figure),
            _ => None,
        };
        Self {
            file: file.clone(),
            rule: rule.clone(),
            place: place.clone(),
            limit: limit.key(),
            wanted: limit.value(),
            standing: *standing,
            figure: compared(limit, figure),
            precision,
            says: says(limit, *standing, figure),
        }
    }
}

impl GuardRow {
    /// What is guarded, in words.
    pub fn subject(&self) -> String {
        match &self.rule {
            Some(rule) => format!("rule {rule}"),
            None => format!("all rules of {}", self.file),
        }
    }

    /// The limit as its author wrote it, with its place.
    pub fn name(&self) -> String {
        format!("{}: {} = {} ({})", self.subject(), self.limit, self.wanted, self.place)
    }
}

impl GuardCounts {
    /// The counts of some limits.
    pub fn of(rows: &[GuardRow]) -> Self {
        let count = |standing| rows.iter().filter(|row| row.standing == standing).count();
        Self {
            kept: count(GuardStanding::Kept),
            broken: count(GuardStanding::Broken),
            unproven: count(GuardStanding::Unproven),
        }
    }
}

/// How a limit stands, in words.
pub const fn standing_words(standing: GuardStanding) -> &'static str {
    match standing {
        GuardStanding::Kept => "kept",
        GuardStanding::Broken => "BROKEN",
        GuardStanding::Unproven => "not proven",
    }
}

/// All limits, a paragraph each, and the verdict.
pub fn text(rows: &[GuardRow]) -> String {
    let mut out = String::new();
    for row in rows {
        let _ =
            write!(out, "guard of {} ... {}\n    {}\n", row.name(), standing_words(row.standing), row.says);
    }
    let GuardCounts { kept, broken, unproven } = GuardCounts::of(rows);
    let verdict = if broken > 0 { "BROKEN" } else { "ok" };
    let _ = writeln!(out, "\nguard result: {verdict}. {kept} kept; {broken} broken; {unproven} not proven");
    printable(&out).into_owned()
}

/// The figure that a limit is compared with.
fn compared(limit: &Limit, figure: &GuardFigure) -> Option<f64> {
    match figure {
        GuardFigure::Share { turns, of } => (*of > 0).then(|| *turns as f64 / *of as f64),
        GuardFigure::Precision(figure) => match limit {
            Limit::MinPrecision(floor) if floor.bound == PrecisionBound::Measured => figure.measured,
            _ => figure.lower,
        },
        GuardFigure::Cost(figure) => figure.per_thousand,
    }
}

fn says(limit: &Limit, standing: GuardStanding, figure: &GuardFigure) -> String {
    match (limit, figure) {
        (_, GuardFigure::Precision(figure)) => of_precision(standing, figure),
        (_, GuardFigure::Cost(figure)) => of_cost(figure),
        (_, GuardFigure::Share { of: 0, .. }) => "there is no later turn".to_owned(),
        (limit, GuardFigure::Share { turns, of }) => {
            let verb = match (limit, turns) {
                (Limit::MaxAcceptShare(_), 1) => "is accepted by a guarded rule",
                (Limit::MaxAcceptShare(_), _) => "are accepted by a guarded rule",
                (_, 1) => "waits for the judge and is hit by a guarded rule",
                _ => "wait for the judge and are hit by a guarded rule",
            };
            format!(
                "{:.4}: {} of {} {verb}",
                *turns as f64 / *of as f64,
                thousands(*turns),
                counted(*of, "later turn")
            )
        }
    }
}

fn of_cost(CostFigure { per_thousand, waiting, turns }: &CostFigure) -> String {
    match per_thousand {
        None if *turns == 0 => "there is no later turn".to_owned(),
        None => "not checked, since the config names no price: [judge.price] input and output".to_owned(),
        Some(money) => format!(
            "{money:.4} in money for a thousand later turns: asking about {} of {}, tokens estimated",
            thousands(*waiting),
            counted(*turns, "later turn")
        ),
    }
}

fn of_precision(standing: GuardStanding, figure: &PrecisionFigure) -> String {
    let PrecisionFigure { oracle, of, measured, lower, accepted, waiting, needed } = figure;
    let oracle_says = match oracle {
        GuardOracle::Labels => "by the labels",
        GuardOracle::Judge => "by the judge",
    };
    let right = match of {
        PrecisionOf::Feedback => "feedback",
        PrecisionOf::Category => "feedback of the category",
    };
    let kinds = [(accepted, "accepted"), (waiting, "waiting")];
    let kinds: Vec<(&CoveredKind, &str)> = kinds.into_iter().filter(|(kind, _)| kind.turns > 0).collect();
    if kinds.is_empty() {
        return "no turn is accepted by a guarded rule, and none that is hit waits".to_owned();
    }
    let known = |&(kind, name): &(&CoveredKind, &str)| {
        format!(
            "{} right of {} known{}, out of {} {name} {}",
            thousands(kind.right),
            thousands(kind.known),
            in_conversations(kind),
            thousands(kind.turns),
            form(kind.turns, "turn")
        )
    };
    let population = kinds.iter().map(known).collect::<Vec<_>>().join("; ");
    let mut out = match (measured, lower) {
        (Some(measured), Some(lower)) => {
            format!("{measured:.3} {right}, at least {lower:.3} (95 %), {oracle_says}: {population}")
        }
        (Some(measured), None) => {
            format!(
                "{measured:.3} {right}, {oracle_says}, of conversations that nobody tells apart: {population}"
            )
        }
        _ => format!("not all kinds of turns have an answer {oracle_says} that counts: {population}"),
    };
    if standing == GuardStanding::Unproven
        && let Some(needed) = needed
    {
        let each = if kinds.len() > 1 { " of each kind" } else { "" };
        let _ =
            write!(out, "; at least {} needed{each}, of as many conversations", counted(*needed, "answer"));
    }
    let chosen = accepted.chosen + waiting.chosen;
    if chosen > 0 {
        let turns = format!("{} with an answer", counted(chosen, "turn"));
        let _ = write!(out, "; {turns} not counted, chosen for what a run thought of them");
    }
    out
}

/// How many conversations the known turns are of, where they are fewer.
fn in_conversations(kind: &CoveredKind) -> String {
    match kind.conversations {
        0 => String::new(),
        conversations if conversations == kind.known => String::new(),
        conversations => format!(" in {}", counted(conversations, "conversation")),
    }
}
