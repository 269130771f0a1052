//! What asking would take for each purpose and recall that a cut ships for: counted while a scan has the scores of all turns.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use rejoinder_core::Purpose;
use rejoinder_judge::QuestionUnit;
use rejoinder_scan::{Engine, ScannedBatch, ScannedConversation, ScannedTurn};
use rejoinder_score::RejectingCut;
use serde::{Deserialize, Serialize};

use crate::judging::settings;
use crate::spool_row::shown_of_turn;

/// The purposes that are counted.
pub const FORECAST_PURPOSES: [Purpose; 3] = [Purpose::ALL, Purpose::KTO, Purpose::SFT];
/// The recalls that are counted.
pub const FORECAST_RECALLS: [f64; 2] = [0.8, 0.9];

/// Turns to ask about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnsToAsk {
    /// The turns.
    pub turns: u64,
    /// The messages that questions about these turns show, in estimated tokens.
    pub shown_tokens: u64,
}

impl AddAssign for TurnsToAsk {
    fn add_assign(&mut self, other: Self) {
        self.turns += other.turns;
        self.shown_tokens += other.shown_tokens;
    }
}

/// By purpose, what asking would take at each of [`FORECAST_RECALLS`]; empty where turns are not scored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskingForecast {
    /// The counts.
    pub purposes: BTreeMap<String, [TurnsToAsk; FORECAST_RECALLS.len()]>,
}

impl AddAssign for AskingForecast {
    fn add_assign(&mut self, other: Self) {
        for (purpose, counts) in other.purposes {
            let sums = self.purposes.entry(purpose).or_default();
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }
}

/// Counts the turns of a chunk by an engine's cuts.
pub(crate) struct Forecaster<'e> {
    engine: &'e Engine,
    cuts: Vec<(Purpose, [RejectingCut; FORECAST_RECALLS.len()])>,
    counts: Vec<[TurnsToAsk; FORECAST_RECALLS.len()]>,
}

impl<'e> Forecaster<'e> {
    /// A forecaster of an engine, which counts nothing where the engine does not score all turns, or asks about whole conversations.
    pub(crate) fn new(engine: &'e Engine) -> Self {
        let cut = |purpose, recall| engine.shipped.rejecting(purpose, recall).copied();
        let of = |purpose: Purpose| {
            Some((purpose, [cut(purpose, FORECAST_RECALLS[0])?, cut(purpose, FORECAST_RECALLS[1])?]))
        };
        let is_by_turn = settings::unit(&engine.config.judge) == QuestionUnit::Turn;
        let cuts: Vec<_> = match engine.cuts() {
            Some(_) if is_by_turn => FORECAST_PURPOSES.into_iter().filter_map(of).collect(),
            _ => Vec::new(),
        };
        let counts = vec![Default::default(); cuts.len()];
        Self { engine, cuts, counts }
    }

    /// Counts a turn; `shown` are the tokens of its question, where the question is there already.
    pub(crate) fn count(
        &mut self,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
        mut shown: Option<u64>,
    ) {
        let engine = self.engine;
        let (hits, votes) = (scanned.hits(turn), scanned.votes(turn));
        for ((purpose, cuts), counts) in self.cuts.iter().zip(&mut self.counts) {
            for (cut, count) in cuts.iter().zip(counts) {
                if engine.would_wait(conversation.language, hits, votes, *purpose, cut) {
                    let tokens = || shown_of_turn(engine, conversation, turn);
                    *count += TurnsToAsk { turns: 1, shown_tokens: *shown.get_or_insert_with(tokens) };
                }
            }
        }
    }

    /// What was counted.
    pub(crate) fn end(self) -> AskingForecast {
        let names = self.cuts.iter().map(|(purpose, _)| purpose.to_string());
        AskingForecast { purposes: names.zip(self.counts).collect() }
    }
}
