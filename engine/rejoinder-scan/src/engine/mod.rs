//! Rules and plugins, assembled as a config says: all that decides about a turn before the judge does.

mod asks;
mod assembly;
mod decisions;
mod facts;
mod in_force;
mod launcher;
mod packs;
mod score_model;

pub use asks::{AskedTurns, NotAsked, TurnMarks};
pub use assembly::fact_problems;
pub use in_force::Engine;
pub use launcher::{built_in, host_plugins_by, launcher};
pub use packs::{PackInfo, is_read, languages_of};
pub use score_model::ScoreModel;
