//! How far a reader is.

use rejoinder_run::reviewing::{LabelLog, ReviewAgreement, ReviewError, reader_labels};
use serde::Serialize;

use super::agreement_figures::AgreementFigures;
use super::forecast_rows::ShownForecast;
use super::review_session::ReviewSession;

/// Seconds for a turn before anything is measured.
const USUAL_SECONDS: f64 = 10.0;

/// How far a reader is, what the labels prove, and how far readers agree.
#[derive(Serialize)]
pub(super) struct Progress {
    labelled: usize,
    unsure: usize,
    turns: usize,
    seconds_each: f64,
    left_seconds: f64,
    pub(super) forecast: ShownForecast,
    agreement: AgreementFigures,
}

impl ReviewSession {
    pub(super) fn progress(&self, log: &LabelLog) -> Result<Progress, ReviewError> {
        let states = self.states(log);
        let turns = states.len();
        let labelled = states.chars().filter(|state| *state != '.').count();
        let seconds = log.seconds_each();
        let seconds_each = seconds.unwrap_or(USUAL_SECONDS);
        let own = log.reader_labels();
        let readers = reader_labels(&self.run())?;
        Ok(Progress {
            labelled,
            unsure: states.chars().filter(|state| *state == 'u').count(),
            turns,
            seconds_each,
            left_seconds: seconds_each * (turns - labelled) as f64,
            forecast: self.forecaster.forecast(&self.sample, &own, seconds)?.into(),
            agreement: ReviewAgreement::of(&own, &self.sample, &readers).into(),
        })
    }
}
