//! What the turns of a draw can prove, as the page shows it: a row for each purpose.

use rejoinder_core::numbers::working_time;
use rejoinder_core::{Category, Purpose};
use rejoinder_report::numbers::counted;
use rejoinder_run::reviewing::ReviewForecast;
use serde::Serialize;

/// A forecast with its rows.
#[derive(Serialize)]
pub(super) struct ShownForecast {
    #[serde(flatten)]
    forecast: ReviewForecast,
    rows: Vec<ForecastRow>,
}

/// What a draw can prove for one purpose, each in a few words.
#[derive(Serialize)]
struct ForecastRow {
    purpose: String,
    /// What the recall is at least, if all is well.
    recall: String,
    /// What the precision is at least, if all is well.
    precision: String,
    /// How much feedback for the purpose the draw holds.
    holds: String,
    /// An audit, and the recall that the audit can show: 0.8 where one can.
    suggestion: String,
    /// How long that takes.
    time: String,
}

const NOTHING: &str = "–";

impl From<ReviewForecast> for ShownForecast {
    fn from(forecast: ReviewForecast) -> Self {
        let share = |share: Option<f64>| {
            // A bound is rounded down, or it is none.
            share
                .map_or_else(|| NOTHING.to_owned(), |share| format!("{:.2}", (share * 100.0).floor() / 100.0))
        };
        let rows = forecast.bounds.iter().map(|bounds| {
            let suggested = forecast.suggestions.iter().find(|one| one.purpose == bounds.purpose);
            let purpose: Option<Purpose> = bounds.purpose.parse().ok();
            let is_wanted = |code: &str| {
                code.parse()
                    .is_ok_and(|category: Category| purpose.is_some_and(|purpose| purpose.wants(category)))
            };
            let of_purpose = forecast.expected.iter().filter(|one| is_wanted(one.category));
            let holds: f64 = of_purpose.map(|one| one.turns).sum();
            ForecastRow {
                purpose: bounds.purpose.clone(),
                recall: share(bounds.best.recall),
                precision: share(bounds.best.precision),
                holds: counted(holds.round() as u64, "turn"),
                suggestion: suggested.map_or_else(
                    || NOTHING.to_owned(),
                    |one| {
                        let recall = share(Some(one.recall));
                        format!("{} rejected and {} accepted turns: {recall}", one.rejected, one.accepted)
                    },
                ),
                time: suggested.map_or_else(|| NOTHING.to_owned(), |one| working_time(one.seconds)),
            }
        });
        let rows = rows.collect();
        Self { forecast, rows }
    }
}
