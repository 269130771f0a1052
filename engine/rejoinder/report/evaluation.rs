//! Decisions against labels: what was found, what was missed, and how sure these figures are.

use std::fmt::Write as _;

use rejoinder_cascade::interval::wilson;
use rejoinder_core::{Category, RecordId};
use serde::Serialize;

use crate::report::by_rule::{RuleRow, table};
use crate::report::dialogue::Outcome;

/// One later turn with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its address.
    pub id: RecordId,
    /// What the label says; `None` = no feedback.
    pub label: Option<Category>,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether a rule marked it.
    pub is_candidate: bool,
}

/// A proportion with its 95 % Wilson interval. `value` is 0 where there is nothing to divide by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// The proportion.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Numerator.
    pub of: u64,
    /// Denominator.
    pub n: u64,
}

impl Rate {
    /// `of` in `n`.
    pub fn new(of: u64, n: u64) -> Self {
        let (low, high) = wilson(of, n);
        Self { value: if n == 0 { 0.0 } else { of as f64 / n as f64 }, low, high, of, n }
    }
}

/// Precision, recall and F1 of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// `feedback` or the category.
    pub class: String,
    /// Labelled turns.
    pub labelled: u64,
    /// Share of the found turns that are right.
    pub precision: Rate,
    /// Share of the labelled turns that were found; an undecided turn counts as missed.
    pub recall: Rate,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Share of the labelled turns that are candidates.
    pub candidate_recall: Rate,
}

/// Everything measured.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Later turns that were compared.
    pub turns: u64,
    /// Conversations that they come from.
    pub conversations: u64,
    /// Feedback or none, whatever the category.
    pub precision: Rate,
    /// See [`Score::recall`].
    pub recall: Rate,
    /// See [`Score::f1`].
    pub f1: f64,
    /// See [`Score::candidate_recall`].
    pub candidate_recall: Rate,
    /// Share of the later turns that are candidates.
    pub candidates: Rate,
    /// Share of the later turns that were accepted here.
    pub accepted: Rate,
    /// Share of the later turns that were rejected here.
    pub rejected: Rate,
    /// Share of the later turns that wait for the judge.
    pub undecided: Rate,
    /// Share of the later turns that the judge settled.
    pub judged: Rate,
    /// Labelled feedback among the undecided turns: missed here, and still to be found by the judge.
    pub undecided_feedback: u64,
    /// Share of the labelled feedback among what was rejected here.
    pub rejected_feedback: Rate,
    /// Share of the feedback found in the right category among what is feedback at all.
    pub category_agreement: Rate,
    /// One row a category.
    pub categories: Vec<Score>,
    /// One row a rule, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<RuleRow>>,
}

impl Evaluation {
    /// Compares decisions with labels.
    pub fn of(turns: &[Judged], conversations: u64) -> Self {
        let count = |test: &dyn Fn(&Judged) -> bool| turns.iter().filter(|t| test(t)).count() as u64;
        let n = turns.len() as u64;
        let share = |test: &dyn Fn(&Judged) -> bool| Rate::new(count(test), n);
        let all = score("feedback", turns, |label| label.is_some());
        let labelled = count(&|t| t.label.is_some());
        let both = count(&|t| t.label.is_some() && t.outcome.category().is_some());
        Self {
            turns: n,
            conversations,
            precision: all.precision,
            recall: all.recall,
            f1: all.f1,
            candidate_recall: all.candidate_recall,
            candidates: share(&|t| t.is_candidate),
            accepted: share(&|t| matches!(t.outcome, Outcome::Accepted(_))),
            rejected: share(&|t| t.outcome == Outcome::Rejected),
            undecided: share(&|t| t.outcome == Outcome::Undecided),
            judged: share(&|t| matches!(t.outcome, Outcome::Judged(_))),
            undecided_feedback: count(&|t| t.label.is_some() && t.outcome == Outcome::Undecided),
            rejected_feedback: Rate::new(
                count(&|t| t.label.is_some() && t.outcome == Outcome::Rejected),
                labelled,
            ),
            category_agreement: Rate::new(
                count(&|t| t.label.is_some() && t.label == t.outcome.category()),
                both,
            ),
            categories: Category::ALL.map(|c| score(c.code(), turns, move |label| label == Some(c))).into(),
            rules: None,
        }
    }

    /// The figures for people; `oracle` names whose labels they are.
    pub fn text(&self, oracle: &str) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{} later turns of {} conversations, against the labels in {oracle}",
            self.turns, self.conversations
        );
        let _ = writeln!(
            out,
            "turns: candidates {}, accepted {}, rejected {}, waiting for the judge {}, judged {}\n",
            percent(&self.candidates),
            percent(&self.accepted),
            percent(&self.rejected),
            percent(&self.undecided),
            percent(&self.judged)
        );
        let _ = writeln!(
            out,
            "{:<10}{:>9}  {:<24}{:<24}{:>6}  {:<24}",
            "class", "labelled", "precision", "recall", "F1", "candidate recall"
        );
        let all = Score {
            class: "feedback".to_owned(),
            labelled: self.recall.n,
            precision: self.precision,
            recall: self.recall,
            f1: self.f1,
            candidate_recall: self.candidate_recall,
        };
        for row in std::iter::once(&all).chain(&self.categories) {
            let line = format!(
                "{:<10}{:>9}  {:<24}{:<24}{:>6.3}  {:<24}",
                row.class,
                row.labelled,
                interval(&row.precision),
                interval(&row.recall),
                row.f1,
                interval(&row.candidate_recall)
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
        let _ = writeln!(
            out,
            "\nof the labelled feedback, {} wait for the judge (counted as missed) and {} were rejected here",
            self.undecided_feedback, self.rejected_feedback.of
        );
        let _ = writeln!(
            out,
            "intervals: 95 % Wilson, as if turns were independent; turns of one dialogue are not"
        );
        if let Some(rows) = &self.rules {
            let _ = write!(out, "\n{}", table(rows));
        }
        out
    }
}

fn score(class: &str, turns: &[Judged], is_class: impl Fn(Option<Category>) -> bool) -> Score {
    let count = |test: &dyn Fn(&Judged) -> bool| turns.iter().filter(|t| test(t)).count() as u64;
    let labelled = count(&|t| is_class(t.label));
    let found = count(&|t| is_class(t.outcome.category()));
    let right = count(&|t| is_class(t.label) && is_class(t.outcome.category()));
    Score {
        class: class.to_owned(),
        labelled,
        precision: Rate::new(right, found),
        recall: Rate::new(right, labelled),
        f1: if labelled + found == 0 { 0.0 } else { 2.0 * right as f64 / (labelled + found) as f64 },
        candidate_recall: Rate::new(count(&|t| is_class(t.label) && t.is_candidate), labelled),
    }
}

fn percent(rate: &Rate) -> String {
    format!("{:.1} %", 100.0 * rate.value)
}

fn interval(rate: &Rate) -> String {
    if rate.n == 0 {
        "–".to_owned()
    } else {
        format!("{:.3} [{:.3}, {:.3}]", rate.value, rate.low, rate.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(label: Option<Category>, outcome: Outcome, is_candidate: bool) -> Judged {
        Judged { id: RecordId { shard: 0, ordinal: 0, message_index: 2 }, label, outcome, is_candidate }
    }

    #[test]
    fn undecided_counts_as_missed_and_a_wrong_category_as_found() {
        use Category::{Ur2, Ur3, Ur5};
        let turns = [
            turn(Some(Ur5), Outcome::Accepted(Ur5), true),
            turn(Some(Ur2), Outcome::Accepted(Ur3), true),
            turn(Some(Ur2), Outcome::Undecided, true),
            turn(Some(Ur3), Outcome::Rejected, false),
            turn(None, Outcome::Accepted(Ur5), true),
            turn(None, Outcome::Judged(None), true),
        ];
        let e = Evaluation::of(&turns, 6);
        assert_eq!((e.precision.of, e.precision.n), (2, 3));
        assert_eq!((e.recall.of, e.recall.n), (2, 4));
        assert_eq!((e.candidate_recall.of, e.undecided_feedback, e.rejected_feedback.of), (3, 1, 1));
        assert_eq!((e.category_agreement.of, e.category_agreement.n), (1, 2));
        let ur2 = &e.categories[1];
        assert_eq!((ur2.precision.n, ur2.recall.of, ur2.recall.n), (0, 0, 2));
        let total = [e.accepted, e.rejected, e.undecided, e.judged].iter().map(|r| r.of).sum::<u64>();
        assert_eq!(total, e.turns);
    }
}
