//! What labels or a judge say of a rule's hits.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rejoinder_authoring::trial::{ClusteredShare, HitAnswers, PrecisionScope};
use rejoinder_core::Category;
use serde::Serialize;

use crate::numbers::{counted, thousands};

/// What labels or a judge say of a rule's hits.
#[derive(Clone, Debug, Serialize)]
pub struct AnswersReport {
    /// Who says what the turns hold.
    pub oracle: String,
    /// Of which turns.
    pub population: String,
    /// Turns of which somebody says what they hold.
    pub labelled: u64,
    /// Hits among them.
    pub hits: u64,
    /// The hits by how their turns were chosen.
    pub drawn: BTreeMap<&'static str, u64>,
    /// Hits with feedback, by category.
    pub feedback: BTreeMap<Category, u64>,
    /// Hits without feedback.
    pub without_feedback: u64,
    /// The hits that the precisions are about, in words.
    pub precision_of: String,
    /// The share of those hits with feedback of whatever category; absent where no precision follows.
    pub precision: Option<ClusteredShare>,
    /// The share of those hits with feedback of the rule's category; absent where the rule has none, too.
    pub category_precision: Option<ClusteredShare>,
    /// The labelled feedback that the rule could find: of its category, or any.
    pub to_find: u64,
}

impl AnswersReport {
    pub(super) fn new(
        answers: &HitAnswers,
        category: Option<Category>,
        [oracle, population]: [String; 2],
    ) -> Self {
        let hits = answers.hits();
        let by = Category::ALL.into_iter().zip(answers.hit_feedback).filter(|(_, turns)| *turns > 0);
        Self {
            oracle,
            population,
            labelled: answers.labelled,
            hits,
            drawn: answers.drawn.clone(),
            feedback: by.collect(),
            without_feedback: answers.hit_without,
            precision_of: precision_of(answers),
            precision: answers.precision(None),
            category_precision: category.and_then(|category| answers.precision(Some(category))),
            to_find: category
                .map_or_else(|| answers.feedback.iter().sum(), |category| answers.feedback[category.index()]),
        }
    }

    pub(super) fn text(&self, category: Option<Category>) -> String {
        let mut out = format!(
            "{} ({}): {} of {} hit\n",
            self.oracle,
            self.population,
            thousands(self.hits),
            counted(self.labelled, "turn")
        );
        if self.hits == 0 {
            return out + "  nothing is known of the hits\n";
        }
        let mut rows: Vec<String> = self
            .feedback
            .iter()
            .map(|(category, turns)| format!("{category} {}", thousands(*turns)))
            .collect();
        rows.push(format!("no feedback {}", thousands(self.without_feedback)));
        let _ = writeln!(out, "  they hold: {}", rows.join(" · "));
        let _ = writeln!(out, "  precision {}", self.precision_of);
        let mut share = |name: &str, share: Option<ClusteredShare>| {
            if let Some(ClusteredShare { of, n, value, low, high }) = share {
                let _ = writeln!(
                    out,
                    "  {name}: {value:.2} (95 %: {low:.2}–{high:.2}, by conversation), {} of {}",
                    thousands(of),
                    thousands(n)
                );
            }
        };
        share("precision, feedback or none", self.precision);
        if let Some(category) = category {
            share(&format!("precision, {category}"), self.category_precision);
        }
        let found: u64 = match category {
            Some(category) => self.feedback.get(&category).copied().unwrap_or_default(),
            None => self.feedback.values().sum(),
        };
        let what = category.map_or_else(|| "feedback".to_owned(), |category| format!("{category}"));
        let _ = writeln!(
            out,
            "  the rule hits {} of {} with {what}",
            thousands(found),
            counted(self.to_find, "labelled turn")
        );
        out
    }
}

/// The hits that a precision is about, or why none follows.
fn precision_of(answers: &HitAnswers) -> String {
    let hits = answers.hits() + answers.hit_unknown;
    match answers.scope() {
        PrecisionScope::AllHits => format!("of all {}, each with an answer", counted(hits, "hit")),
        PrecisionScope::Sample => format!(
            "of the hits, by {} that nobody chose for what a run thought of them",
            counted(answers.sampled_hits(), "labelled hit")
        ),
        PrecisionScope::None if answers.hits() == 0 => "not known: nobody says what a hit holds".to_owned(),
        PrecisionScope::None => format!(
            "not known: the {} with an answer, of {}, were chosen and are no sample of the rest",
            thousands(answers.hits()),
            counted(hits, "hit")
        ),
    }
}
