//! Decisions against labels: what was found, what was missed, and how sure these figures are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoinder_cascade::interval::wilson;
use rejoinder_core::{Category, RecordId};
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_run::TurnOutcome;
use serde::Serialize;

use crate::numbers::counted;

use crate::by_rule::{RuleFigures, table};

/// One later turn with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledOutcome {
    /// The address of the turn.
    pub id: RecordId,
    /// What the label says; `None` = no feedback.
    pub label: Option<Category>,
    /// What became of the turn.
    pub outcome: TurnOutcome,
    /// Whether a rule marked the turn.
    pub is_candidate: bool,
    /// How the turn was chosen to be labelled.
    pub drawn: TurnSelection,
}

/// A proportion with its 95 % Wilson interval. `value` is 0 where there is nothing to divide by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Proportion {
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

impl Proportion {
    /// `of` in `n`.
    pub fn new(of: u64, n: u64) -> Self {
        let (low, high) = wilson(of, n);
        Self { value: if n == 0 { 0.0 } else { of as f64 / n as f64 }, low, high, of, n }
    }
}

/// Precision, recall and F1 of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassScore {
    /// `feedback` or the category.
    pub class: String,
    /// Labelled turns.
    pub labelled: u64,
    /// Share of the found turns that are right.
    pub precision: Option<Proportion>,
    /// Share of the labelled turns that were found; an undecided turn counts as missed.
    pub recall: Option<Proportion>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// Share of the labelled turns that are candidates.
    pub candidate_recall: Option<Proportion>,
}

/// All figures of an evaluation. A figure is missing where the labelled turns were chosen by what the figure counts.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Later turns that were compared.
    pub turns: u64,
    /// Conversations of the compared turns.
    pub conversations: u64,
    /// Turns that were compared, by how they were chosen to be labelled.
    pub drawn: BTreeMap<&'static str, u64>,
    /// Feedback or none, whatever the category.
    pub precision: Option<Proportion>,
    /// The recall, as [`ClassScore::recall`] says.
    pub recall: Option<Proportion>,
    /// F1, as [`ClassScore::f1`] says.
    pub f1: Option<f64>,
    /// The candidate recall, as [`ClassScore::candidate_recall`] says.
    pub candidate_recall: Option<Proportion>,
    /// Share of the later turns that are candidates.
    pub candidates: Option<Proportion>,
    /// Share of the later turns that were accepted here.
    pub accepted: Option<Proportion>,
    /// Share of the later turns that were rejected here.
    pub rejected: Option<Proportion>,
    /// Share of the later turns that wait for the judge.
    pub undecided: Option<Proportion>,
    /// Share of the later turns that the judge settled.
    pub judged: Option<Proportion>,
    /// Labelled feedback among the undecided turns: missed here, and still to be found by the judge.
    pub undecided_feedback: u64,
    /// Share of the labelled feedback among what was rejected here.
    pub rejected_feedback: Option<Proportion>,
    /// Share of the feedback found in the right category among what is feedback at all.
    pub category_agreement: Proportion,
    /// One row a category.
    pub categories: Vec<ClassScore>,
    /// A row for each rule, where rows were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<RuleFigures>>,
}

impl Evaluation {
    /// Compares decisions with labels.
    pub fn of(turns: &[LabelledOutcome], conversations: u64) -> Self {
        let count = |test: &dyn Fn(&LabelledOutcome) -> bool| turns.iter().filter(|t| test(t)).count() as u64;
        let whole: Vec<&LabelledOutcome> = turns.iter().filter(|t| t.drawn.gives_recall()).collect();
        let of_whole =
            |test: &dyn Fn(&LabelledOutcome) -> bool| whole.iter().filter(|t| test(t)).count() as u64;
        let share = |test: &dyn Fn(&LabelledOutcome) -> bool| {
            (!whole.is_empty()).then(|| Proportion::new(of_whole(test), whole.len() as u64))
        };
        let all = score("feedback", turns, |label| label.is_some());
        let both = count(&|t| t.label.is_some() && t.outcome.category().is_some());
        let mut drawn = BTreeMap::new();
        turns.iter().for_each(|t| *drawn.entry(t.drawn.name()).or_default() += 1);
        Self {
            turns: turns.len() as u64,
            conversations,
            drawn,
            precision: all.precision,
            recall: all.recall,
            f1: all.f1,
            candidate_recall: all.candidate_recall,
            candidates: share(&|t| t.is_candidate),
            accepted: share(&|t| matches!(t.outcome, TurnOutcome::Accepted(_))),
            rejected: share(&|t| t.outcome == TurnOutcome::Rejected),
            undecided: share(&|t| t.outcome == TurnOutcome::Undecided),
            judged: share(&|t| matches!(t.outcome, TurnOutcome::Judged(_))),
            undecided_feedback: of_whole(&|t| t.label.is_some() && t.outcome == TurnOutcome::Undecided),
            rejected_feedback: (!whole.is_empty()).then(|| {
                let rejected = of_whole(&|t| t.label.is_some() && t.outcome == TurnOutcome::Rejected);
                Proportion::new(rejected, of_whole(&|t| t.label.is_some()))
            }),
            category_agreement: Proportion::new(
                count(&|t| t.label.is_some() && t.label == t.outcome.category()),
                both,
            ),
            categories: Category::ALL.map(|c| score(c.code(), turns, move |label| label == Some(c))).into(),
            rules: None,
        }
    }

    /// Which figures are missing by the choice of the labelled turns, and which draw would give the figures; `None` where no
    /// figure is missing.
    pub fn caveat(&self) -> Option<String> {
        let of = |drawn: TurnSelection| self.drawn.get(drawn.name()).copied().unwrap_or_default();
        let (audit, found, chosen, unknown) = (
            of(TurnSelection::Audit),
            of(TurnSelection::FoundByRun),
            of(TurnSelection::Chosen),
            of(TurnSelection::Unknown),
        );
        let mut said = Vec::new();
        if audit > 0 {
            said.push(format!(
                "{audit} of the labelled turns were drawn by an audit, some of what was accepted and some of the rest, which \
                 `rejoinder audit RUN --label-file FILE` puts together"
            ));
        }
        if found > 0 {
            said.push(format!(
                "{found} of the labelled turns were chosen because a run had found feedback in them: they say how often that is \
                 right, and nothing of what was missed"
            ));
        }
        if chosen > 0 {
            said.push(format!(
                "{chosen} of the labelled turns were chosen because of what a run thought of them, such as those that waited or were in \
                 dispute: no figure about the corpus follows from them"
            ));
        }
        if unknown > 0 {
            said.push(format!(
                "of {unknown} labelled turns nothing says how they were chosen, so that no figure about the corpus follows from \
                 them"
            ));
        }
        (!said.is_empty()).then(|| {
            format!(
                "{}. Recall takes turns that were drawn without looking: rejoinder audit RUN draws them and asks the judge, and \
                 `rejoinder review RUN --audit` a person; or label \
                 whole conversations, and say \"drawn\": \"whole\" in the file of labels",
                said.join("; ")
            )
        })
    }

    /// The figures for people; `oracle` names whose labels the turns have.
    pub fn text(&self, oracle: &str) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{} of {}, against the labels in {oracle}",
            counted(self.turns, "later turn"),
            counted(self.conversations, "conversation")
        );
        if let [Some(candidates), Some(accepted), Some(rejected), Some(undecided), Some(judged)] =
            [self.candidates, self.accepted, self.rejected, self.undecided, self.judged]
                .map(|r| r.map(percent))
        {
            let _ = writeln!(
                out,
                "turns: candidates {candidates}, accepted {accepted}, rejected {rejected}, waiting for the judge {undecided}, \
                 judged {judged}"
            );
        }
        out.push('\n');
        let _ = writeln!(
            out,
            "{:<10}{:>9}  {:<24}{:<24}{:>6}  {:<24}",
            "class", "labelled", "precision", "recall", "F1", "candidate recall"
        );
        let all = ClassScore {
            class: "feedback".to_owned(),
            labelled: self.categories.iter().map(|row| row.labelled).sum(),
            precision: self.precision,
            recall: self.recall,
            f1: self.f1,
            candidate_recall: self.candidate_recall,
        };
        for row in std::iter::once(&all).chain(&self.categories) {
            let line = format!(
                "{:<10}{:>9}  {:<24}{:<24}{:>6}  {:<24}",
                row.class,
                row.labelled,
                interval(row.precision),
                interval(row.recall),
                row.f1.map_or_else(|| "–".to_owned(), |f1| format!("{f1:.3}")),
                interval(row.candidate_recall)
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out.push('\n');
        if let Some(rejected) = self.rejected_feedback {
            let _ = writeln!(
                out,
                "of the labelled feedback, {} wait for the judge (counted as missed) and {} were rejected here",
                self.undecided_feedback, rejected.of
            );
        }
        let _ = writeln!(
            out,
            "intervals: 95 % Wilson, as if turns were independent; turns of one dialogue are not"
        );
        if let Some(caveat) = self.caveat() {
            let _ = writeln!(out, "\n! {caveat}");
        }
        if let Some(rows) = &self.rules {
            let _ = write!(out, "\n{}", table(rows));
        }
        out
    }
}

fn score(class: &str, turns: &[LabelledOutcome], is_class: impl Fn(Option<Category>) -> bool) -> ClassScore {
    let count = |test: &dyn Fn(&LabelledOutcome) -> bool| turns.iter().filter(|t| test(t)).count() as u64;
    let (is_labelled, is_found) =
        (|t: &LabelledOutcome| is_class(t.label), |t: &LabelledOutcome| is_class(t.outcome.category()));
    let precision = turns.iter().any(|t| t.drawn.gives_precision()).then(|| {
        let found = count(&|t| t.drawn.gives_precision() && is_found(t));
        Proportion::new(count(&|t| t.drawn.gives_precision() && is_found(t) && is_labelled(t)), found)
    });
    let gives_recall = turns.iter().any(|t| t.drawn.gives_recall());
    let labelled = count(&|t| t.drawn.gives_recall() && is_labelled(t));
    let recalled = |test: &dyn Fn(&LabelledOutcome) -> bool| {
        gives_recall.then(|| {
            Proportion::new(count(&|t| t.drawn.gives_recall() && is_labelled(t) && test(t)), labelled)
        })
    };
    let recall = recalled(&|t| is_found(t));
    ClassScore {
        class: class.to_owned(),
        labelled: count(&is_labelled),
        f1: precision.zip(recall).map(|(precision, recall)| {
            let sum = precision.n + recall.n;
            if sum == 0 { 0.0 } else { (precision.of + recall.of) as f64 / sum as f64 }
        }),
        precision,
        recall,
        candidate_recall: recalled(&|t| t.is_candidate),
    }
}

fn percent(rate: Proportion) -> String {
    format!("{:.1} %", 100.0 * rate.value)
}

fn interval(rate: Option<Proportion>) -> String {
    match rate {
        Some(rate) if rate.n > 0 => format!("{:.3} [{:.3}, {:.3}]", rate.value, rate.low, rate.high),
        _ => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(label: Option<Category>, outcome: TurnOutcome, is_candidate: bool) -> LabelledOutcome {
        let id = RecordId { shard: 0, ordinal: 0, message_index: 2 };
        LabelledOutcome { id, label, outcome, is_candidate, drawn: TurnSelection::Independent }
    }

    #[test]
    fn undecided_counts_as_missed_and_a_wrong_category_as_found() {
        use Category::{Ur2, Ur3, Ur5};
        let turns = [
            turn(Some(Ur5), TurnOutcome::Accepted(Ur5), true),
            turn(Some(Ur2), TurnOutcome::Accepted(Ur3), true),
            turn(Some(Ur2), TurnOutcome::Undecided, true),
            turn(Some(Ur3), TurnOutcome::Rejected, false),
            turn(None, TurnOutcome::Accepted(Ur5), true),
            turn(None, TurnOutcome::Judged(None), true),
        ];
        let e = Evaluation::of(&turns, 6);
        let of = |rate: Option<Proportion>| rate.map(|rate| (rate.of, rate.n));
        assert_eq!((of(e.precision), of(e.recall)), (Some((2, 3)), Some((2, 4))));
        assert_eq!(of(e.candidate_recall), Some((3, 4)));
        assert_eq!((e.undecided_feedback, of(e.rejected_feedback)), (1, Some((1, 4))));
        assert_eq!((e.category_agreement.of, e.category_agreement.n), (1, 2));
        assert_eq!((of(e.categories[1].precision), of(e.categories[1].recall)), (Some((0, 0)), Some((0, 2))));
        let total: u64 =
            [e.accepted, e.rejected, e.undecided, e.judged].into_iter().flatten().map(|r| r.of).sum();
        assert_eq!((total, e.caveat()), (e.turns, None));
    }

    #[test]
    fn turns_that_were_chosen_by_what_is_found_in_them_give_no_recall() {
        use Category::{Ur2, Ur5};
        let found = |label, outcome, drawn| LabelledOutcome { drawn, ..turn(label, outcome, true) };
        let selected: Vec<LabelledOutcome> = (0..50)
            .map(|_| found(Some(Ur5), TurnOutcome::Accepted(Ur5), TurnSelection::FoundByRun))
            .collect();
        let e = Evaluation::of(&selected, 50);
        assert_eq!((e.precision.map(|p| (p.of, p.n)), e.recall, e.f1), (Some((50, 50)), None, None));
        assert_eq!((e.accepted, e.candidate_recall, e.rejected_feedback), (None, None, None));
        assert!(!e.text("labels").contains("1.000 [0.929, 1.000]     1.000"), "{}", e.text("labels"));
        assert!(e.caveat().is_some_and(|caveat| caveat.contains("rejoinder audit")));
        // Beside them, turns of whole conversations give what they can.
        let mut mixed = selected;
        mixed.push(found(Some(Ur2), TurnOutcome::Rejected, TurnSelection::Independent));
        mixed.push(found(Some(Ur2), TurnOutcome::Accepted(Ur2), TurnSelection::Unknown));
        let e = Evaluation::of(&mixed, 52);
        assert_eq!(
            (e.precision.map(|p| (p.of, p.n)), e.recall.map(|r| (r.of, r.n))),
            (Some((50, 50)), Some((0, 1)))
        );
        assert_eq!(e.drawn, [("found", 50), ("unknown", 1), ("whole", 1)].into());
        // Turns in dispute were chosen by what the run thought of them: no figure counts them.
        let before = e;
        mixed.push(found(Some(Ur2), TurnOutcome::Undecided, TurnSelection::Chosen));
        let e = Evaluation::of(&mixed, 53);
        assert_eq!((e.precision, e.recall, e.drawn["chosen"]), (before.precision, before.recall, 1));
        assert!(e.caveat().is_some_and(|caveat| caveat.contains("in dispute")));
    }
}
