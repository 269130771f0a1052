//! How an engine is made of a config: rules first, then the plugins that know the rules' ids, then the rules compiled together with the
//! turns that plugins select.

use rejoinder_core::diagnostic::Diagnostic;
use rejoinder_host::{
    LoadContext, LoadError, PluginSpec, Registry, RuleReference, RuleRoute, Scores, SearchPath,
};
use rejoinder_rules::{Pack, PackError, Route, Rule};
use rejoinder_score::{ComparisonBasis, MeasuredCuts};

use super::Engine;
use super::asks::PluginAsks;
use super::facts::{self, FactPlan};
use super::launcher::{built_in, launcher};
use super::packs::{PackInfo, languages_of};
use crate::config::{Candidates, Config, EffectiveConfig, PluginConfig};
use crate::error::{ConfigError, ScanError};
use crate::score_role::ScoreRole;

impl Engine {
    /// Loads rules and plugins. A plugin that is to run in a process of its own runs in this program, started once more with
    /// the argument `plugin-host`.
    ///
    /// # Errors
    /// If a pack or plugin cannot be found, is invalid, or refuses its config.
    pub fn build(config: Config) -> Result<Self, ScanError> {
        Self::assemble(config, Vec::new(), None)
    }

    /// Builds an engine as [`Self::build`] does, with packs behind those of the config, such as a rule that no file holds yet.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_with(config: Config, more: Vec<Pack>) -> Result<Self, ScanError> {
        Self::assemble(config, more, None)
    }

    /// Builds an engine as [`Self::build`] does; an error about a plugin names the place in the config file.
    ///
    /// # Errors
    /// If a pack or plugin cannot be found, is invalid, or refuses its config.
    pub fn of(effective: &EffectiveConfig) -> Result<Self, ScanError> {
        Self::assemble(effective.config.clone(), Vec::new(), Some(effective))
    }

    fn assemble(
        mut config: Config,
        more: Vec<Pack>,
        effective: Option<&EffectiveConfig>,
    ) -> Result<Self, ScanError> {
        let refused = Refusal(effective);
        config.name_shipped();
        let mut packs = Pack::load(&config.rules.packs)?;
        packs.extend(more.iter().cloned());
        let infos = packs
            .iter()
            .map(|p| PackInfo {
                name: p.name.clone(),
                version: p.content.version.clone(),
                file: p.file.clone(),
                hash: p.hash.clone(),
                lang: languages_of(p),
            })
            .collect();
        let rules = Pack::in_force(packs, &config.rules.disable)?;
        let load =
            |config: &Config| registry_of(config, rules.rules()).map_err(|error| refused.plugin(&error));
        let given = config.clone();
        let mut registry = load(&config)?;
        if config.scores() && scorer_of(&registry).is_none() {
            config.plugins.push(PluginConfig::shipped_score());
            registry = load(&config)?;
        }
        for (entry, loaded) in config.plugins.iter_mut().zip(registry.plugins()) {
            if let Some(file) = loaded.scores().and_then(Scores::model_file) {
                entry.config["model"] = file.display().to_string().into();
            }
            for file in loaded.files() {
                if let Some(place) = entry.config.pointer_mut(&file.pointer) {
                    *place = file.path.display().to_string().into();
                }
            }
        }
        // Plugins are told of the rules that give hits, as in the results; facts are asked for rules that only serve others, too.
        let wrong_facts = facts::errors(rules.with_serving(), &registry);
        if !wrong_facts.is_empty() {
            return Err(PackError::Invalid(wrong_facts).into());
        }
        let candidates = |(place, why): (usize, String)| {
            refused.key(
                place,
                "candidates",
                &format!("the plugin `{}`: {why}", registry.plugins()[place].name()),
            )
        };
        let PluginAsks { turns, selectors } =
            PluginAsks::of(&config.plugins, &registry).map_err(candidates)?;
        let rules = rules.compile(selectors);
        let facts = FactPlan::of(&rules, &registry);
        let scorer = scorer_of(&registry);
        let scores = scorer.and_then(|scorer| registry.plugins()[scorer].scores());
        let model = scores.and_then(Scores::model).unwrap_or(rejoinder_plugin_scorer::DEFAULT_MODEL);
        let wrong = |why| ConfigError::new(format!("the model of the score: {why}"));
        let measured = ComparisonBasis::of_model(model).map_err(wrong)?;
        // A cut belongs to the score that answers just what is asked.
        let own = scores.filter(|scores| scores.purpose() == Some(config.purpose)).and_then(Scores::model);
        let shipped = own.map(MeasuredCuts::of_model).transpose().map_err(wrong)?;
        let role = ScoreRole::of(&config, shipped.as_ref())?;
        let cuts = role.cuts(&config);
        let shipped = shipped.unwrap_or_default();
        if let Some(place) = scorer.filter(|_| cuts.is_some())
            && config.plugins[place].candidates == Some(Candidates::Rules)
        {
            let why =
                "its score decides about every later turn: leave `candidates` out, or the cut".to_owned();
            return Err(candidates((place, why)).into());
        }
        let asks_about_all = false;
        Ok(Self {
            config,
            rules,
            packs: infos,
            registry,
            measured,
            role,
            shipped,
            cuts,
            given,
            more,
            scorer,
            asked: turns,
            facts,
            asks_about_all,
        })
    }
}

/// The plugins of a config, which are told of these rules.
fn registry_of(config: &Config, rules: &[Rule]) -> Result<Registry, LoadError> {
    let built_in = built_in();
    let context = LoadContext {
        search: SearchPath::new(config.plugin_dirs.clone()),
        built_in: &built_in,
        rules: rules.iter().map(reference).collect(),
        launcher: launcher(),
    };
    let spec = |plugin: &PluginConfig| plugin.spec(config.purpose, config.folder.as_deref());
    let specs: Vec<PluginSpec> = config.plugins.iter().map(spec).collect();
    Registry::load(&specs, &context)
}

/// What is wrong with the conditions of rules on facts, and with the facts that their tests give, by what the plugins of a config declare.
///
/// # Errors
/// If a plugin cannot be found, is invalid, or refuses its config.
pub fn fact_problems(effective: &EffectiveConfig, rules: &[Rule]) -> Result<Vec<Diagnostic>, ConfigError> {
    let mut config = effective.config.clone();
    config.name_shipped();
    let registry = registry_of(&config, rules).map_err(|error| Refusal(Some(effective)).plugin(&error))?;
    Ok(facts::problems(rules, &registry, true))
}

/// The place of the plugin that scores: the last one that declares calibrated probabilities.
fn scorer_of(registry: &Registry) -> Option<usize> {
    registry.plugins().iter().rposition(|plugin| plugin.scores().is_some())
}

/// A rule as plugins see it.
fn reference(rule: &Rule) -> RuleReference {
    let route = match rule.route {
        Route::Accept => RuleRoute::Accept,
        Route::Reject => RuleRoute::Reject,
        Route::Escalate => RuleRoute::Escalate,
        Route::Score => RuleRoute::Score,
    };
    RuleReference { id: rule.id.clone(), category: rule.category, route }
}

/// Says what is wrong with a plugin, at its place in the config file where there is one.
struct Refusal<'e>(Option<&'e EffectiveConfig>);

impl Refusal<'_> {
    fn plugin(&self, error: &LoadError) -> ConfigError {
        let missing = error.cause.is_about_the_file().then_some(error.plugin);
        let said = match self.0 {
            Some(effective) => effective.about_plugin(error),
            None => ConfigError::new(error.to_string()),
        };
        said.missing_library(missing)
    }

    fn key(&self, plugin: usize, key: &str, message: &str) -> ConfigError {
        match self.0 {
            Some(effective) => effective.about_plugin_key(plugin, key, message),
            None => ConfigError::new(message),
        }
    }
}
