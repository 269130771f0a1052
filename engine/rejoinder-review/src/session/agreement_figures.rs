//! How far readers agree, as the page shows it.

use std::collections::BTreeMap;

use rejoinder_run::reviewing::{LabelAgreement, ReaderAgreement, ReviewAgreement};
use serde::Serialize;

/// How far the reader agrees with the run and with other readers.
#[derive(Serialize)]
pub(super) struct AgreementFigures {
    with_run: Option<Figures>,
    readers: Vec<ReaderFigures>,
}

#[derive(Serialize)]
struct ReaderFigures {
    reader: String,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Serialize)]
struct Figures {
    /// Turns that both have labelled.
    both: u64,
    /// The share of these on which both say the same.
    agreed: f64,
    kappa: Option<Kappa>,
    by_category: BTreeMap<&'static str, CategoryFigures>,
    /// Turns that are left out because one of both is unsure.
    unsure: u64,
}

#[derive(Serialize)]
struct CategoryFigures {
    /// Turns that one of both, or both, say are of the category.
    turns: u64,
    /// Turns that both say are of the category.
    both: u64,
    kappa: Option<Kappa>,
}

#[derive(Serialize)]
struct Kappa {
    estimate: f64,
    low: f64,
    high: f64,
}

impl Kappa {
    fn of(kappa: Option<f64>, interval: Option<(f64, f64)>) -> Option<Self> {
        let (estimate, (low, high)) = (kappa?, interval?);
        Some(Self { estimate, low, high })
    }
}

impl From<ReviewAgreement> for AgreementFigures {
    fn from(agreement: ReviewAgreement) -> Self {
        let reader =
            |ReaderAgreement { reader, agreement }| ReaderFigures { reader, figures: agreement.into() };
        Self {
            with_run: agreement.with_run.map(Figures::from),
            readers: agreement.readers.into_iter().map(reader).collect(),
        }
    }
}

impl From<LabelAgreement> for Figures {
    fn from(agreement: LabelAgreement) -> Self {
        let LabelAgreement { overall, by_category, unsure } = agreement;
        let by_category = by_category.into_iter().map(|(code, figures)| {
            let turns = figures.first + figures.second - figures.both;
            let kappa = Kappa::of(figures.agreement.kappa, figures.agreement.kappa_interval);
            (code, CategoryFigures { turns, both: figures.both, kappa })
        });
        Self {
            both: overall.turns,
            agreed: overall.share,
            kappa: Kappa::of(overall.kappa, overall.kappa_interval),
            by_category: by_category.collect(),
            unsure,
        }
    }
}
