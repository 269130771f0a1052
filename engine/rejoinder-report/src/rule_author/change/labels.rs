//! What labels or a judge say of a change.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoinder_authoring::change::{
    ChangedLabels, FigureChange, LabelComparison, LabelFigure, StandingKind, Transition,
};
use serde::Serialize;

use super::report::StandingRow;
use super::shown::transition_words;
use crate::evaluation::Proportion;
use crate::numbers::{counted, thousands};

/// What labels or a judge say of a change.
#[derive(Clone, Debug, Serialize)]
pub struct LabelReport {
    /// Who says what the turns hold.
    pub oracle: String,
    /// Of which turns.
    pub population: String,
    /// Turns of which somebody says what they hold.
    pub turns: u64,
    /// Their conversations.
    pub conversations: u64,
    /// Conversations that do not count, since the score learned from them.
    pub left_out: u64,
    /// The turns by how they were chosen.
    pub drawn: BTreeMap<&'static str, u64>,
    /// Precision and recall before and after, as far as they follow from how the turns were chosen.
    pub figures: Vec<FigureChange>,
    /// What is known of the turns that are accepted after the change alone, and right.
    pub newly_accepted: Proportion,
    /// What is known of the turns that are rejected after the change alone, and hold nothing that is wanted.
    pub newly_rejected: Proportion,
    /// What is known of the changed turns, by what has changed.
    pub changed: Vec<ChangedLabelsRow>,
}

/// What is known of the turns with one change.
#[derive(Clone, Debug, Serialize)]
pub struct ChangedLabelsRow {
    /// Before the change.
    pub before: StandingRow,
    /// After the change.
    pub after: StandingRow,
    /// What is known.
    #[serde(flatten)]
    pub known: ChangedLabels,
    #[serde(skip)]
    transition: Transition,
}

impl LabelReport {
    pub(super) fn new(found: &LabelComparison, oracle: String, population: String) -> Self {
        let newly = |kind: StandingKind, of: fn(&ChangedLabels) -> u64| {
            let rows = found.changed.iter().filter(|(transition, _)| {
                transition.after.kind() == kind && transition.before.kind() != kind
            });
            let (right, all) =
                rows.fold((0, 0), |(right, all), (_, row)| (right + of(row), all + row.labelled));
            Proportion::new(right, all)
        };
        let changed = found.changed.iter().map(|(transition, known)| ChangedLabelsRow {
            before: transition.before.into(),
            after: transition.after.into(),
            known: *known,
            transition: *transition,
        });
        Self {
            oracle,
            population,
            turns: found.turns,
            conversations: found.conversations,
            left_out: found.left_out,
            drawn: found.drawn.clone(),
            figures: found.figures.clone(),
            newly_accepted: newly(StandingKind::Accepted, |row| row.right_after),
            newly_rejected: newly(StandingKind::Rejected, |row| row.labelled - row.feedback),
            changed: changed.collect(),
        }
    }

    /// The heading of what the labels say: who, of which turns.
    pub(super) fn heading(&self) -> String {
        let left_out = match self.left_out {
            0 => String::new(),
            n => {
                let way_out = if self.turns == 0 { " (--no-score compares the rules alone)" } else { "" };
                format!(
                    "; {} left out, since the score learned from them{way_out}",
                    counted(n, "conversation")
                )
            }
        };
        format!(
            "{}: {} in {} ({}){left_out}",
            self.oracle,
            counted(self.turns, "turn"),
            counted(self.conversations, "conversation"),
            self.population
        )
    }

    /// The figures that people are shown, as rows: name, before, after, difference.
    pub(super) fn rows(&self) -> Vec<[String; 4]> {
        let shown = self.figures.iter().filter(|figure| figure.share.before[1] + figure.share.after[1] > 0);
        shown.map(figure_row).collect()
    }

    /// Which figures are missing, and why; `None` where none is.
    pub(super) fn missing(&self) -> Option<&'static str> {
        (self.turns > 0 && self.figures.is_empty()).then_some(
            "no precision or recall over all turns: these turns are no sample of the rest, and changed rules accept turns that nobody \
             has looked at; what is known of the changed turns stands below",
        )
    }

    /// What is known of the changed turns, a line each.
    pub(super) fn changed_lines(&self) -> String {
        let mut out = String::new();
        for (name, share) in [
            ("newly accepted, with feedback of that category", &self.newly_accepted),
            ("newly rejected, with none that is wanted", &self.newly_rejected),
        ] {
            if share.n > 0 {
                let Proportion { value, low, high, of, n } = share;
                let _ = writeln!(
                    out,
                    "  {name}: {} of {} ({value:.2}, 95 %: {low:.2}–{high:.2})",
                    thousands(*of),
                    thousands(*n)
                );
            }
        }
        for row in &self.changed {
            let known = row.known;
            let _ = write!(
                out,
                "  {:<36}{} known, {} with feedback",
                transition_words(row.transition),
                thousands(known.labelled),
                thousands(known.feedback)
            );
            for (when, is, right) in [
                ("before", row.before.category.is_some(), known.right_before),
                ("after", row.after.category.is_some(), known.right_after),
            ] {
                if is {
                    let _ = write!(out, ", {} right {when}", thousands(right));
                }
            }
            out.push('\n');
        }
        out
    }
}

fn figure_row(figure: &FigureChange) -> [String; 4] {
    let of = figure.category.map_or(String::new(), |category| format!(" {category}"));
    let name = match figure.figure {
        LabelFigure::Precision => format!("precision{of}"),
        LabelFigure::RightCategory => "right category".to_owned(),
        LabelFigure::Recall => format!("recall without judge{of}"),
        LabelFigure::Lost => "feedback lost".to_owned(),
    };
    let share = |[of, n]: [u64; 2]| {
        if n == 0 { "–".to_owned() } else { format!("{:.3} ({of} of {n})", of as f64 / n as f64) }
    };
    let difference = figure.share.difference.map_or_else(
        || "–".to_owned(),
        |difference| {
            format!("{:+.3} (95 %: {:+.3} to {:+.3})", difference.value, difference.low, difference.high)
        },
    );
    [name, share(figure.share.before), share(figure.share.after), difference]
}
