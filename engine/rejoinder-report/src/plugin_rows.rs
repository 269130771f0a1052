//! What the plugins said of one turn: votes, facts, and why a plugin was not asked.

use rejoinder_core::{PluginVote, Vote, printable};
use rejoinder_rules::{FactReading, FactValue};
use rejoinder_run::reading_sample::TurnView;
use rejoinder_scan::NotAsked;
use serde::Serialize;

/// One plugin on the turn.
#[derive(Clone, Debug, Serialize)]
pub struct PluginRow {
    /// The plugin's vote.
    #[serde(flatten)]
    pub vote: PluginVote,
    /// What the plugin measured, in the plugin's words.
    pub note: String,
}

impl PluginRow {
    /// What the plugins said of a turn, with their notes.
    pub fn of(view: &TurnView<'_>) -> Vec<Self> {
        let spoken = view.scanned.spoken(view.engine, view.turn);
        spoken.map(|(vote, note)| Self { vote, note: note.to_owned() }).collect()
    }
}

/// A plugin that was not asked about the turn.
#[derive(Clone, Debug, Serialize)]
pub struct NotAskedRow {
    /// The plugin.
    pub plugin: String,
    /// Why it was not asked.
    pub why: String,
}

impl NotAskedRow {
    pub(crate) fn of(view: &TurnView<'_>) -> Vec<Self> {
        let TurnView { engine, scanned, turn, .. } = *view;
        let votes = scanned.votes(turn);
        let plugins = engine.registry.plugins().iter().enumerate();
        let rows = plugins.filter_map(|(place, plugin)| {
            if votes.get(place).is_some_and(Vote::was_asked) {
                return None;
            }
            let why = match engine.not_asked(place, turn.marks())? {
                NotAsked::FactsAlone if scanned.has_told(engine, turn, place) => return None,
                NotAsked::FactsAlone => "no rule came so far as to ask for its facts".to_owned(),
                NotAsked::Unmarked => "no rule marked the turn".to_owned(),
                NotAsked::NotSelected(condition) => {
                    format!("the turn does not meet the plugin's own condition ({condition})")
                }
            };
            Some(Self { plugin: plugin.name().to_owned(), why })
        });
        rows.collect()
    }

    /// The row for people.
    pub(crate) fn line(&self) -> String {
        printable(&format!("not asked {}: {}", self.plugin, self.why)).into_owned()
    }
}

/// A fact about the turn that a rule asked for.
#[derive(Clone, Debug, Serialize)]
pub struct FactRow {
    /// The fact, as `plugin.name`.
    pub fact: String,
    /// What the plugin told; absent where it does not know.
    pub value: Option<FactValue>,
}

impl FactRow {
    pub(crate) fn of(view: &TurnView<'_>) -> Vec<Self> {
        let value = |reading| match reading {
            FactReading::Known(value) => Some(value),
            FactReading::NotAsked | FactReading::Unknown => None,
        };
        let facts = view.scanned.facts(view.engine, view.turn).into_iter();
        facts.map(|(fact, reading)| Self { fact, value: value(reading) }).collect()
    }

    /// The row for people.
    pub(crate) fn line(&self) -> String {
        let value = self.value.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        printable(&format!("{} = {value}", self.fact)).into_owned()
    }
}
