//! What rules and score make of the released rows without a server: how many of the rows would be found, and what asking about
//! the turns that are left would take.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoinder_cascade::curve::Ranking;
use rejoinder_cascade::{Decision, DecisionReason};
use rejoinder_core::{Category, Purpose};
use rejoinder_run::judging::Judge;
use rejoinder_run::recall::{RecallTarget, ReferenceTurn, ReferenceTurns, is_open};
use rejoinder_scan::Engine;
use serde::Serialize;

use super::released::ReleasedLabels;
use crate::numbers::{counted, share, thousands};
use crate::summary::{AskingCost, Summary};
use rejoinder_run::RunError;

/// The recalls for which the score's cut is shown.
const RECALLS: [f64; 2] = [0.8, 0.9];

/// What can be said of the released rows without a server.
#[derive(Clone, Debug, Serialize)]
pub struct WithoutServer {
    /// What the feedback is for.
    #[serde(rename = "for")]
    pub purpose: String,
    /// Released rows.
    pub rows: u64,
    /// Rows about later turns that were read here.
    pub rows_here: u64,
    /// Rows about conversations that were not read here.
    pub rows_elsewhere: u64,
    /// Rows about conversations that were read here, at an exchange that no user's turn follows.
    pub rows_without_turn: u64,
    /// Later turns that were read here.
    pub turns: u64,
    /// How well the score puts the rows of wanted categories before all other turns: 0.5 is chance.
    pub auc: Option<f64>,
    /// The ways to choose the turns to ask about.
    pub ways: Vec<AskingChoice>,
}

/// One way to choose the turns that a judge is asked about, and what comes of it. A row counts as found where its turn is asked
/// about, or accepted as something wanted.
#[derive(Clone, Debug, Serialize)]
pub struct AskingChoice {
    /// Who chooses: `rules` or `score`.
    pub by: &'static str,
    /// The recall that the score's cut is made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted_recall: Option<f64>,
    /// The lowest score that is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// Whether the released rows themselves have made the cut.
    pub has_hindsight: bool,
    /// Turns to ask about.
    pub asked: u64,
    /// Requests about these turns.
    pub requests: u64,
    /// Input tokens of these requests, estimated.
    pub input_tokens: u64,
    /// The same on a server that reuses the instructions' prefix.
    pub input_tokens_shared_prefix: u64,
    /// Share of the rows of wanted categories that are found; `None` without such a row.
    pub recall: Option<f64>,
    /// The same by category, for categories that have rows.
    pub recall_by_category: BTreeMap<&'static str, f64>,
}

impl WithoutServer {
    /// Gathers the figures for the purpose of an engine; `judge` is the judge that would be asked.
    ///
    /// # Errors
    /// A score that is not a number.
    pub fn of(
        released: &ReleasedLabels,
        read: &ReferenceTurns,
        engine: &Engine,
        judge: &Judge,
    ) -> Result<Self, RunError> {
        let purpose = engine.config.purpose;
        let here = read.turns.iter().filter(|turn| turn.found.is_some()).count() as u64;
        let bench = ChoiceBench { read, purpose, judge };
        // Neither recall nor confidence has a part in where a turn stands.
        let target = RecallTarget { purpose, recall: 1.0, confidence: 0.5 };
        let standings: Vec<f64> =
            read.turns.iter().map(|turn| target.standing(turn.ground, turn.score)).collect();
        let is_wanted: Vec<bool> = read.turns.iter().map(|turn| target.is_positive(turn.found)).collect();
        let ranking = Ranking::new(&standings, &is_wanted)?;
        let each = |_: usize| 1.0;
        let mut ways = vec![bench.choice("rules", &|_, turn| match turn.ground {
            DecisionReason::Accepted(category) => purpose.wants(category),
            ground => ground.decision() == Decision::Undecided,
        })];
        for recall in RECALLS {
            let Some(cut) = engine.shipped.rejecting(purpose, recall) else { continue };
            let is_found = |_: usize, turn: &ReferenceTurn| match turn.ground {
                DecisionReason::Accepted(category) => purpose.wants(category),
                ground if is_open(ground) => turn.score >= cut.score,
                ground => ground.decision() == Decision::Undecided,
            };
            ways.push(AskingChoice {
                wanted_recall: Some(recall),
                from: Some(f64::from(cut.score)),
                ..bench.choice("shipped cut", &is_found)
            });
        }
        for recall in RECALLS {
            let Some((from, _)) = ranking.cut(recall, each) else { continue };
            ways.push(AskingChoice {
                wanted_recall: Some(recall),
                from: from.is_finite().then_some(from),
                has_hindsight: true,
                ..bench.choice("score", &|index, _| standings[index] >= from)
            });
        }
        Ok(Self {
            purpose: purpose.to_string(),
            rows: released.rows(),
            rows_here: here,
            rows_elsewhere: released.rows() - here - read.without_turn,
            rows_without_turn: read.without_turn,
            turns: read.turns.len() as u64,
            auc: ranking.auc(each),
            ways,
        })
    }

    /// The paragraph for people; `run` has what the paper's method takes.
    pub fn text(&self, run: &Summary) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "\nwithout a server: what of the rows would be found (feedback for `{}`), and what asking would take\n\
             {} here; {} of {} are about one of them, {} about conversations that were not read here,\n{} about an exchange that no \
             user's turn follows",
            self.purpose,
            counted(self.turns, "later turn"),
            thousands(self.rows_here),
            counted(self.rows, "row"),
            thousands(self.rows_elsewhere),
            thousands(self.rows_without_turn),
        );
        let _ =
            write!(out, "\n{:<24}{:>9}{:>12}{:>16}{:>8}", "", "turns", "requests", "input tokens", "recall");
        let codes = Category::ALL.map(Category::code);
        for code in codes {
            let _ = write!(out, "{code:>7}");
        }
        let _ = writeln!(
            out,
            "\n{:<24}{:>9}{:>12}{:>16}{:>8}",
            "the paper's method",
            "all",
            thousands(run.paper_requests),
            thousands(run.paper_input_tokens),
            "1"
        );
        let decimals =
            |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"));
        for way in &self.ways {
            let name = match way.wanted_recall {
                Some(recall) => {
                    format!("{}, recall {recall}{}", way.by, if way.has_hindsight { " *" } else { "" })
                }
                None => way.by.to_owned(),
            };
            let _ = write!(
                out,
                "{name:<24}{:>9}{:>12}{:>16}{:>8}",
                share(way.asked, self.turns),
                thousands(way.requests),
                thousands(way.input_tokens),
                decimals(way.recall)
            );
            for code in codes {
                let _ = write!(out, "{:>7}", decimals(way.recall_by_category.get(code).copied()));
            }
            out.push('\n');
        }
        let _ = writeln!(
            out,
            "\n`recall`: share of the rows here whose turn is asked about, or accepted. *: the cut that these rows call for, with \
             hindsight.\nThe score puts the rows before other turns with an AUC of {}. Where no row names a turn, the paper's Mixtral \
             is taken to\nhave found nothing there, whether it was asked about that conversation or not.",
            decimals(self.auc)
        );
        out
    }
}

/// What all ways to choose are measured on.
struct ChoiceBench<'a> {
    read: &'a ReferenceTurns,
    purpose: Purpose,
    judge: &'a Judge,
}

impl ChoiceBench<'_> {
    /// The figures of a way by which a row counts as found where `is_found` says so of its turn, given with its index.
    fn choice(&self, by: &'static str, is_found: &dyn Fn(usize, &ReferenceTurn) -> bool) -> AskingChoice {
        let turns = || self.read.turns.iter().enumerate();
        let asked = || {
            let found = turns().filter(|(index, turn)| is_found(*index, turn));
            found.filter(|(_, turn)| !matches!(turn.ground.decision(), Decision::Accepted(_)))
        };
        let recall = |is_counted: &dyn Fn(Category) -> bool| {
            let rows = turns().filter(|(_, turn)| turn.found.is_some_and(is_counted));
            let found = rows.clone().filter(|(index, turn)| is_found(*index, turn)).count();
            let all = rows.count();
            (all > 0).then(|| found as f64 / all as f64)
        };
        let shown = asked().map(|(_, turn)| u64::from(turn.shown_tokens)).sum();
        let cost = AskingCost::of_turns(&self.judge.form, asked().count() as u64, shown);
        AskingChoice {
            by,
            wanted_recall: None,
            from: None,
            has_hindsight: false,
            asked: asked().count() as u64,
            requests: cost.requests,
            input_tokens: cost.input_tokens,
            input_tokens_shared_prefix: cost.input_tokens_shared_prefix,
            recall: recall(&|category| self.purpose.wants(category)),
            recall_by_category: Category::ALL
                .into_iter()
                .filter_map(|category| Some((category.code(), recall(&|other| other == category)?)))
                .collect(),
        }
    }
}
