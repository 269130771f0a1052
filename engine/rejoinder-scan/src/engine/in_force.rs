//! The engine: rules, plugins and score as they are in force.

use std::path::Path;

use rejoinder_cascade::Cuts;
use rejoinder_core::{Category, Hit, Vote};
use rejoinder_host::{Registry, Scores};
use rejoinder_rules::{Pack, Route, RuleSet};
use rejoinder_score::{ComparisonBasis, MeasuredCuts, Model};

use super::asks::AskedTurns;
use super::facts::FactPlan;
use super::packs::PackInfo;
use super::score_model::ScoreModel;
use crate::config::Config;
use crate::error::{ConfigError, ScanError};
use crate::score_role::ScoreRole;

/// What decides about turns; immutable and shared by all workers.
pub struct Engine {
    /// The config that the engine was built from.
    pub config: Config,
    /// The compiled rules.
    pub rules: RuleSet,
    /// Where the rules came from.
    pub packs: Vec<PackInfo>,
    /// The loaded plugins.
    pub registry: Registry,
    /// What the score and the accept rules were measured on, as the scorer's model says, or else the shipped model.
    pub measured: ComparisonBasis,
    /// The part that the learned score takes in decisions.
    pub role: ScoreRole,
    /// The cuts that ship with the model of the plugin that scores; none where nothing scores, or the plugin was not told what is
    /// wanted.
    pub shipped: MeasuredCuts,
    /// The scores between which the judge is asked, by the role.
    pub(crate) cuts: Option<Cuts>,
    /// The config as it was given, but for `*`: without the scorer that the engine brings.
    pub(crate) given: Config,
    /// Packs behind those of the config.
    pub(crate) more: Vec<Pack>,
    /// The place of the plugin that scores.
    pub(super) scorer: Option<usize>,
    /// By plugin: the turns that it is asked about, as config and plugin wish.
    pub(super) asked: Vec<AskedTurns>,
    /// Where the facts come from that rules ask for.
    pub(crate) facts: FactPlan,
    /// Whether the plugins are asked about every later turn, score or not.
    pub(super) asks_about_all: bool,
}

impl Engine {
    /// The config as it was given, without the scorer that the engine brings; the names of shipped packs are there for `*`.
    pub const fn given(&self) -> &Config {
        &self.given
    }

    /// Whether some rule other than a reject rule marked the turn with these hits.
    pub fn is_candidate(&self, hits: &[Hit]) -> bool {
        hits.iter().any(|h| matches!(self.rules.rule(h.rule).route, Route::Accept | Route::Escalate))
    }

    /// What the rules think of a turn with these hits, as log-odds.
    pub fn prior(&self, hits: &[Hit]) -> f32 {
        hits.iter().map(|hit| self.rules.rule(hit.rule).weight).sum()
    }

    /// The same engine, whose plugins are asked about every later turn unless config or plugin say otherwise: what they settle is
    /// known then as where a score decides.
    pub fn asking_about_all(self) -> Self {
        Self { asks_about_all: true, ..self }
    }

    /// The learned score of a turn by the votes on it: the probability that the turn holds what is wanted, and the likeliest
    /// category; none where nothing scores, or the plugin that does has not looked at the turn.
    pub fn score(&self, votes: &[Vote]) -> Option<(f32, Category)> {
        let scorer = self.scorer?;
        let vote = votes.get(scorer)?;
        let probabilities = vote.probs.as_ref()?;
        let purpose = self.config.purpose;
        // A plugin that is told what is wanted answers just that, which ranks turns better than a sum of categories.
        let scores = self.registry.plugins()[scorer].scores();
        let own = vote.score.filter(|_| scores.is_some_and(|scores| scores.purpose() == Some(purpose)));
        let score = own.unwrap_or_else(|| purpose.probability(probabilities));
        Some((score, purpose.likeliest(probabilities)))
    }

    /// The learned probabilities of none, UR1, …, UR5 by the votes on a turn.
    pub fn probabilities<'v>(&self, votes: &'v [Vote]) -> Option<&'v [f32; 6]> {
        votes.get(self.scorer?)?.probs.as_ref()
    }

    /// The place of the plugin that scores: the last one that declares calibrated probabilities.
    pub const fn scorer(&self) -> Option<usize> {
        self.scorer
    }

    /// The model behind the score, as it was when the plugin was loaded; empty where nothing scores, or where this engine
    /// cannot read the model.
    ///
    /// # Errors
    /// If the model cannot be read.
    pub fn score_model(&self) -> Result<ScoreModel, ScanError> {
        let scores = self.scorer.and_then(|scorer| self.registry.plugins()[scorer].scores());
        let model = scores.and_then(Scores::model).map(Model::from_bytes).transpose();
        let wrong = |why| ConfigError::new(format!("the model of the score: {why}"));
        Ok(ScoreModel(model.map_err(wrong)?))
    }

    /// The same engine, whose score goes by the model in another file.
    ///
    /// # Errors
    /// If nothing scores, or the plugin that does refuses the file.
    pub fn with_model(&self, file: &Path) -> Result<Self, ScanError> {
        let mut config = self.config.clone();
        let scorer = self.scorer.ok_or(ScanError::NoScore)?;
        // A path of the caller's is not meant from the folder of the config.
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        config.plugins[scorer].set_model(&file);
        Self::build_with(config, self.more.clone())
    }
}
