//! What a draw of turns can prove, said before the first turn is read and after each label; and which draw would prove more.

use rejoinder_cascade::threshold;
use rejoinder_core::numbers::{thousands, working_time};
use rejoinder_core::{Category, Purpose};
use serde::Serialize;

use super::bounds::{self, BoundKind, CONFIDENCE, PurposeBounds, ReadTurn, SuggestedAudit, WANTED_RECALL};
use super::draw::ReviewDraw;
use super::readers::ReaderLabels;
use super::sample::ReviewSample;
use super::words::{certified_words, evaluated_words, found, named, turns};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::outcome::TurnOutcome;
use crate::recall::RecallTarget;
use crate::recall::audit::{AuditDraw, AuditSample, OutcomeCounts, outcomes};

/// The purposes for which bounds are told.
const PURPOSES: [Purpose; 3] = [Purpose::ALL, Purpose::KTO, Purpose::SFT];
/// How long a turn takes where nobody has measured it.
const ASSUMED_SECONDS: f64 = 10.0;

/// What a draw of turns can prove.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewForecast {
    /// What kind of bound the labels give.
    pub kind: BoundKind,
    /// How surely all bounds of a certificate hold together; each interval holds by itself so surely.
    pub confidence: f64,
    /// The bounds for each purpose; empty where the draw gives none.
    pub bounds: Vec<PurposeBounds>,
    /// How many turns of each category the draw holds, about; empty where nobody can say.
    pub expected: Vec<ExpectedFeedback>,
    /// Turns of the draw.
    pub turns: u64,
    /// Turns with a label, also those that the reader is unsure about.
    pub labelled: u64,
    /// Turns that the reader is unsure about.
    pub unsure: u64,
    /// How long a turn takes.
    pub seconds_each: f64,
    /// Whether that was measured; else it is assumed.
    pub is_measured: bool,
    /// How long the rest takes.
    pub left_seconds: f64,
    /// Turns of the run that wait for the judge: to a certificate they are missed.
    pub waiting: u64,
    /// The draw of the run's audit, if there was one: to make another one would void its certificate.
    pub audit: Option<AuditDraw>,
    /// For each purpose the audit of the run, or the smallest one that would prove a recall.
    pub suggestions: Vec<SuggestedAudit>,
    /// All this in short sentences for people.
    pub words: Vec<String>,
}

/// How many turns of a category a draw holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectedFeedback {
    /// The code of the category.
    pub category: &'static str,
    /// About so many turns.
    pub turns: f64,
}

/// Makes forecasts about draws from a run: reads the run once.
#[derive(Clone, Debug)]
pub struct ReviewForecaster {
    purpose: Purpose,
    outcomes: OutcomeCounts,
    /// By category, the turns in which the run has found feedback so far.
    found: [u64; 5],
    later_turns: u64,
    audit: Option<KeptAudit>,
    /// For each of [`PURPOSES`] the smallest audit that proves a recall.
    smallest: [Option<(u64, u64, f64)>; 3],
}

/// The audit of the run.
#[derive(Clone, Debug)]
struct KeptAudit {
    draw: AuditDraw,
    stage: Option<u32>,
    accepted: Vec<Option<Category>>,
}

impl KeptAudit {
    fn turns(&self) -> impl Iterator<Item = ReadTurn> {
        self.accepted.iter().map(|accepted| ReadTurn {
            outcome: accepted.map_or(TurnOutcome::Rejected, TurnOutcome::Accepted),
            label: None,
        })
    }
}

impl ReviewForecaster {
    /// Reads what a forecast goes by. Where the draw is that of an audit, it is drawn before.
    ///
    /// # Errors
    /// If the run cannot be read.
    pub fn of(run: &RunDir) -> Result<Self, RunError> {
        let outcomes = outcomes(run)?;
        let mut found = outcomes.accepted;
        outcomes.judged.iter().flatten().for_each(|category| found[category.index()] += 1);
        let audit = AuditSample::of(run)?.map(|sample| KeptAudit {
            draw: sample.draw,
            stage: sample.stage,
            accepted: sample.turns.iter().map(|turn| turn.accepted).collect(),
        });
        let mut smallest = [None; 3];
        if audit.is_none() {
            for (audit, purpose) in smallest.iter_mut().zip(PURPOSES) {
                *audit = bounds::smallest_audit(&outcomes, purpose)?;
            }
        }
        let later_turns = run.scan_stats()?.turns;
        Ok(Self { purpose: run.manifest.config.purpose, outcomes, found, later_turns, audit, smallest })
    }

    /// What a draw can prove, by a reader's labels so far; `seconds_each` is how long the reader takes for a turn, where that was
    /// measured.
    ///
    /// # Errors
    /// If the run contradicts itself.
    pub fn forecast(
        &self,
        sample: &ReviewSample,
        labels: &ReaderLabels,
        seconds_each: Option<f64>,
    ) -> Result<ReviewForecast, RunError> {
        let read: Vec<ReadTurn> = sample
            .turns
            .iter()
            .map(|turn| ReadTurn { outcome: turn.outcome, label: labels.answers.get(&turn.id).copied() })
            .collect();
        let labelled = read.iter().filter(|turn| turn.label.is_some()).count() as u64;
        let unsure =
            read.iter().filter(|turn| turn.label.is_some_and(|label| !label.is_known())).count() as u64;
        let kind = kind(&sample.draw);
        let each = seconds_each.unwrap_or(ASSUMED_SECONDS);
        let mut forecast = ReviewForecast {
            kind,
            confidence: CONFIDENCE,
            bounds: self.bounds(kind, &read)?,
            expected: self.expected(&sample.draw, &read),
            turns: read.len() as u64,
            labelled,
            unsure,
            seconds_each: each,
            is_measured: seconds_each.is_some(),
            left_seconds: (read.len() as u64 - labelled) as f64 * each,
            waiting: self.outcomes.waiting,
            audit: self.audit.as_ref().map(|audit| audit.draw),
            suggestions: self.suggestions(each)?,
            words: Vec::new(),
        };
        forecast.words = self.words(&forecast, sample);
        Ok(forecast)
    }

    /// The share of the later turns in which the run has found what a purpose wants.
    fn rate(&self, purpose: Purpose) -> f64 {
        let found: u64 = purpose.categories().map(|category| self.found[category.index()]).sum();
        found as f64 / self.later_turns.max(1) as f64
    }

    fn bounds(&self, kind: BoundKind, read: &[ReadTurn]) -> Result<Vec<PurposeBounds>, RunError> {
        let mut made = Vec::new();
        for purpose in PURPOSES {
            let of_labels = || read.iter().map(|turn| ReadTurn { ..*turn });
            let of_run = || of_labels().map(|turn| ReadTurn { label: None, ..turn });
            let has_label = read.iter().any(|turn| turn.label.is_some());
            let bounds = match kind {
                BoundKind::None => continue,
                BoundKind::Certificate => {
                    let stage = self.audit.as_ref().and_then(|audit| audit.stage);
                    let best = bounds::certified(&self.outcomes, of_run(), purpose, stage)?;
                    let now = || bounds::certified(&self.outcomes, of_labels(), purpose, stage);
                    let so_far = has_label.then(now).transpose()?;
                    PurposeBounds {
                        words: certified_words(purpose, best, so_far),
                        purpose: purpose.to_string(),
                        best,
                        so_far,
                    }
                }
                BoundKind::Interval | BoundKind::PrecisionOnly => {
                    let gives_recall = kind == BoundKind::Interval;
                    let expected = match gives_recall {
                        true => (self.rate(purpose) * read.len() as f64).round() as u64,
                        false => {
                            let wanted =
                                |turn: &&ReadTurn| turn.outcome.category().is_some_and(|c| purpose.wants(c));
                            read.iter().filter(wanted).count() as u64
                        }
                    };
                    let best = bounds::expected(expected, gives_recall);
                    let so_far = has_label.then(|| bounds::evaluated(read.iter(), purpose, gives_recall));
                    let words = evaluated_words(purpose, expected, read.len() as u64, best, so_far);
                    PurposeBounds { purpose: purpose.to_string(), best, so_far, words }
                }
            };
            made.push(bounds);
        }
        Ok(made)
    }

    fn expected(&self, draw: &ReviewDraw, read: &[ReadTurn]) -> Vec<ExpectedFeedback> {
        let turns = |category: Category| match draw {
            ReviewDraw::Uniform { .. } | ReviewDraw::Calibration { .. } => {
                let share = self.found[category.index()] as f64 / self.later_turns.max(1) as f64;
                share * read.len() as f64
            }
            _ => read.iter().filter(|turn| turn.outcome.category() == Some(category)).count() as f64,
        };
        let of = |category: Category| ExpectedFeedback { category: category.code(), turns: turns(category) };
        match draw {
            ReviewDraw::Waiting { .. } | ReviewDraw::Rejected { .. } => Vec::new(),
            _ => Category::ALL.map(of).into(),
        }
    }

    fn suggestions(&self, each: f64) -> Result<Vec<SuggestedAudit>, RunError> {
        let mut made = Vec::new();
        for (purpose, smallest) in PURPOSES.into_iter().zip(self.smallest) {
            let (rejected, accepted, recall) = match (&self.audit, smallest) {
                (Some(audit), _) => {
                    let best = bounds::certified(&self.outcomes, audit.turns(), purpose, audit.stage)?;
                    let of_accepted = audit.accepted.iter().flatten().count();
                    let of_rejected = audit.accepted.len() - of_accepted;
                    (of_rejected as u64, of_accepted as u64, best.recall.unwrap_or_default())
                }
                (None, Some(smallest)) => smallest,
                (None, None) => continue,
            };
            let all = rejected + accepted;
            let seconds = all as f64 * each;
            let words = format!(
                "{}: an audit of {} passed-over and {} accepted turns (about {}) shows that {}, if readers find nothing in the former and \
                 confirm the latter.",
                named(purpose),
                thousands(rejected),
                thousands(accepted),
                working_time(seconds),
                found(recall)
            );
            let purpose = purpose.to_string();
            made.push(SuggestedAudit { purpose, rejected, accepted, turns: all, seconds, recall, words });
        }
        Ok(made)
    }

    fn words(&self, forecast: &ReviewForecast, sample: &ReviewSample) -> Vec<String> {
        let mut words = Vec::new();
        let measured = match forecast.is_measured {
            true => format!("at {:.0} seconds a turn, as measured", forecast.seconds_each),
            false => format!("at {:.0} seconds a turn, an assumption", forecast.seconds_each),
        };
        let left = forecast.turns - forecast.labelled;
        words.push(format!(
            "{} out of {} ({}); {} to read take about {} ({measured}).",
            turns(forecast.turns),
            thousands(sample.fitting),
            sample.draw.from(),
            thousands(left),
            working_time(forecast.left_seconds)
        ));
        words.push(
            match forecast.kind {
                BoundKind::Certificate => {
                    "Labels of all these turns give a certificate: bounds that hold together in 95 of 100 cases."
                }
                BoundKind::Interval => {
                    "The turns were drawn without regard to what the run made of them, so their labels say what share of the feedback the \
                     run found: as an interval, for what few turns hold a wide one."
                }
                BoundKind::PrecisionOnly => {
                    "The labels say how often the run is right about what it found, and nothing of what it missed."
                }
                BoundKind::None => {
                    "These turns were chosen because of what the run thought of them: their labels mend an export and teach a score, and \
                     prove nothing of the corpus."
                }
            }
            .to_owned(),
        );
        if forecast.kind == BoundKind::Interval {
            let each = forecast.expected.iter().map(|of| format!("{:.0} {}", of.turns, of.category));
            let each = each.collect::<Vec<_>>().join(", ");
            words.push(format!("By what the run has found so far, these turns hold about {each}."));
        }
        words.extend(forecast.bounds.iter().map(|bounds| bounds.words.clone()));
        words.extend(self.calibration_words(sample));
        if forecast.kind != BoundKind::None {
            words.push(
                "A turn that the reader is unsure about counts against the bound, as if the run were wrong."
                    .to_owned(),
            );
        }
        if forecast.kind != BoundKind::Certificate {
            words.extend(self.audit_words(forecast));
        }
        if self.outcomes.waiting > 0 {
            words.push(format!(
                "{} of the run still wait for the judge, and count as missed until it has answered.",
                turns(self.outcomes.waiting)
            ));
        }
        words
    }

    /// How many turns a cut takes.
    fn calibration_words(&self, sample: &ReviewSample) -> Option<String> {
        let ReviewDraw::Calibration { .. } = sample.draw else { return None };
        let target = RecallTarget::usual(self.purpose);
        let needed = threshold::positives_needed(target.recall, target.delta()).ok()??;
        let rate = self.rate(self.purpose);
        let expected = (rate * sample.turns.len() as f64).round() as u64;
        let more = match expected < needed && rate > 0.0 {
            true => {
                format!(": too few; about {} would hold enough", turns((needed as f64 / rate).ceil() as u64))
            }
            false => String::new(),
        };
        Some(format!(
            "A cut that keeps a recall of {} takes at least {needed} turns with feedback ({}); by what the run has found, these hold about \
             {expected}{more}.",
            target.recall, self.purpose
        ))
    }

    /// Which audit would prove more.
    fn audit_words(&self, forecast: &ReviewForecast) -> Vec<String> {
        let mut words = Vec::new();
        match (&self.audit, forecast.suggestions.is_empty()) {
            (Some(_), _) => words.push(
                "What the run missed, the turns of its audit show, which are drawn already; to draw others would void the bound.".to_owned(),
            ),
            (None, true) => words.push(format!(
                "No audit could show a recall of {WANTED_RECALL} yet: too many turns wait for the judge, or the run has found too little."
            )),
            (None, false) => words.push(
                "A bound on what the run missed takes an audit: turns that the run passed over, and some that it accepted.".to_owned(),
            ),
        }
        words.extend(forecast.suggestions.iter().map(|audit| audit.words.clone()));
        words
    }
}

/// What the labels of a draw can prove.
const fn kind(draw: &ReviewDraw) -> BoundKind {
    match draw {
        ReviewDraw::Audit { .. } => BoundKind::Certificate,
        ReviewDraw::Uniform { .. } | ReviewDraw::Calibration { .. } => BoundKind::Interval,
        ReviewDraw::Categories { .. } | ReviewDraw::Accepted { .. } | ReviewDraw::Judged { .. } => {
            BoundKind::PrecisionOnly
        }
        ReviewDraw::Rejected { .. } | ReviewDraw::Waiting { .. } | ReviewDraw::Disputed { .. } => {
            BoundKind::None
        }
    }
}
