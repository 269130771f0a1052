//! Rules and plugins, assembled as a config says: all that decides about a turn before the judge does.

use std::path::Path;
use std::sync::OnceLock;

use rejoinder_cascade::{Cuts, DecisionReason, ScoreBand, TurnVerdicts, decide};
use rejoinder_core::{Category, Conversation, Hit, Verdict, Vote};
use rejoinder_host::{Launcher, LoadContext, LoadError, PluginSpec, Registry, Scores, SearchPath};
use rejoinder_read::language::{self, UNDETERMINED};
use rejoinder_rules::{Pack, Route, RuleSet};
use rejoinder_score::{ComparisonBasis, Evidence, Example, MeasuredCuts, Model, Scratch, conversation_hash};

use crate::config::{Config, EffectiveConfig, OtherLanguages, PluginConfig};
use crate::error::{ConfigError, ScanError};
use crate::scanned_batch::{ScannedBatch, ScannedConversation, ScannedTurn, Voter};
use crate::score_role::ScoreRole;

/// The plugins that are linked in; a library of the same name in the search path takes the place of a linked plugin.
pub fn built_in() -> Vec<&'static rejoinder_plugin_abi::Plugin> {
    vec![
        &rejoinder_plugin_rephrase::PLUGIN,
        &rejoinder_plugin_context::PLUGIN,
        &rejoinder_plugin_scorer::PLUGIN,
    ]
}

/// A pack in force.
#[derive(Clone, Debug)]
pub struct PackInfo {
    /// The name of the pack in the config, or in the pack that extends it.
    pub name: String,
    /// The author's version; empty if there is none.
    pub version: String,
    /// The file that the pack was read from.
    pub file: String,
    /// blake3 hash of the file's text.
    pub hash: String,
    /// The languages that the pack is for, as ISO 639 codes; empty where the pack does not say.
    pub lang: Vec<&'static str>,
}

/// The model behind the score, where this engine can read the model and train it further.
pub struct ScoreModel(Option<Model>);

impl ScoreModel {
    /// The model, where the score is one of this engine's.
    pub fn model(&self) -> Option<&Model> {
        self.0.as_ref()
    }

    /// What the model can learn from a scanned turn; `scratch` has begun the turn's conversation.
    pub fn example(
        &self,
        engine: &Engine,
        scratch: &mut Scratch,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
    ) -> Option<Example> {
        let model = self.model()?;
        let rules = scanned.rule_ids(engine, turn);
        let evidence = Evidence { rules: &rules, prior: turn.prior };
        Some(scratch.example(model, &conversation.record.conversation, turn.message_index, &evidence))
    }

    /// Whether the model was trained on a conversation: the scores of such a conversation say nothing about others.
    pub fn was_trained_on(&self, conversation: &Conversation<'_>) -> bool {
        self.0.as_ref().is_some_and(|model| model.was_trained_on(conversation_hash(conversation)))
    }
}

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
    /// The place of the plugin that scores.
    scorer: Option<usize>,
    /// Whether the plugins are asked about every later turn, score or not.
    asks_about_all: bool,
}

impl Engine {
    /// Loads rules and plugins. A plugin that is to run in a process of its own runs in this program, started once more with
    /// the argument `plugin-host`.
    ///
    /// # Errors
    /// If a pack or plugin cannot be found, is invalid, or refuses its config.
    pub fn build(config: Config) -> Result<Self, ScanError> {
        Self::assemble(config, &|error| ConfigError::new(error.to_string()))
    }

    /// Builds an engine as [`Self::build`] does; an error about a plugin names the place in the config file.
    ///
    /// # Errors
    /// If a pack or plugin cannot be found, is invalid, or refuses its config.
    pub fn of(effective: &EffectiveConfig) -> Result<Self, ScanError> {
        Self::assemble(effective.config.clone(), &|error| effective.about_plugin(error))
    }

    fn assemble(mut config: Config, refused: &dyn Fn(&LoadError) -> ConfigError) -> Result<Self, ScanError> {
        config.name_shipped();
        let packs = Pack::load(&config.rules.packs)?;
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
        let rules = Pack::compile(packs, &config.rules.disable)?;
        let rule_ids = rules.rules().iter().map(|r| r.id.clone()).collect();
        let built_in = built_in();
        let context = LoadContext {
            search: SearchPath::new(config.plugin_dirs.clone()),
            built_in: &built_in,
            rule_ids,
            launcher: launcher(),
        };
        let load = |config: &Config| {
            let spec = |plugin: &PluginConfig| plugin.spec(config.purpose, config.folder.as_deref());
            let specs: Vec<PluginSpec> = config.plugins.iter().map(spec).collect();
            Registry::load(&specs, &context).map_err(|error| refused(&error))
        };
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
        }
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
            scorer,
            asks_about_all,
        })
    }

    /// The config as it was given, without the scorer that the engine brings; the names of shipped packs are there for `*`.
    pub const fn given(&self) -> &Config {
        &self.given
    }

    /// Whether some rule other than a reject rule marked the turn with these hits.
    pub fn is_candidate(&self, hits: &[Hit]) -> bool {
        hits.iter().any(|h| matches!(self.rules.rule(h.rule).route, Route::Accept | Route::Escalate))
    }

    /// Whether the plugins are asked about a turn: about candidates, and about every later turn where their score decides.
    pub fn asks_plugins(&self, is_candidate: bool) -> bool {
        is_candidate || self.asks_about_all || self.cuts.is_some()
    }

    /// The same engine, whose plugins are asked about every later turn: what they settle is known then as where a score decides.
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
        Self::build(config)
    }

    /// Decides a turn of a conversation in a language by the rules' hits and the plugins' votes. A turn in a language that no
    /// pack is for, and that no rule or plugin spoke about, is not looked at, or waits for the judge, as the config says; a cut that
    /// ships with the score lets more of such turns wait, and rejects none.
    pub fn ground(&self, language: &str, hits: &[Hit], votes: &[Vote]) -> DecisionReason {
        self.heeding_language(self.decide(hits, votes), self.role.is_assumed(), language, hits)
    }

    /// The decision about a turn once its language is heeded; `is_assumed` says whether a cut that ships has decided.
    pub(crate) fn heeding_language(
        &self,
        decided: DecisionReason,
        is_assumed: bool,
        language: &str,
        hits: &[Hit],
    ) -> DecisionReason {
        let is_unmarked = match decided {
            DecisionReason::Unmarked => true,
            DecisionReason::LowScore => is_assumed && !self.is_candidate(hits),
            _ => false,
        };
        match self.config.rules.other_languages {
            _ if !is_unmarked || self.reads(language) => decided,
            OtherLanguages::PassOver => DecisionReason::NotLookedAt,
            OtherLanguages::Ask => DecisionReason::AskedUnread,
        }
    }

    /// Decides a turn as [`Self::ground`] would if a rule or a plugin were not in force.
    pub fn ground_without(
        &self,
        part: Voter,
        language: &str,
        hits: &[Hit],
        votes: &[Vote],
    ) -> DecisionReason {
        match part {
            Voter::Rule(rule) => {
                let others: Vec<Hit> = hits.iter().filter(|hit| hit.rule != rule).copied().collect();
                // Of a turn that would be no candidate the plugins would not be asked.
                let votes = if self.asks_plugins(self.is_candidate(&others)) { votes } else { &[] };
                self.ground(language, &others, votes)
            }
            Voter::Plugin(plugin) => {
                // A vote's place says whose it is.
                let silent =
                    |(place, vote): (usize, &Vote)| if place == plugin { Vote::default() } else { *vote };
                let votes: Vec<Vote> = votes.iter().enumerate().map(silent).collect();
                self.ground(language, hits, &votes)
            }
        }
    }

    /// Whether a pack in force is for a language; also true where nobody can know: no pack names its languages, or the
    /// language is not determined.
    pub fn reads(&self, language: &str) -> bool {
        is_read(language, self.packs.iter().map(|pack| pack.lang.as_slice()))
    }

    /// Decides by the rules' hits and the plugins' votes on a turn, unless the judge is asked about all.
    fn decide(&self, hits: &[Hit], votes: &[Vote]) -> DecisionReason {
        if self.config.judge.all {
            return DecisionReason::AskedAnyway;
        }
        self.settle(hits, votes, self.band(votes))
    }

    /// The band of a turn's score by the votes on it; none where no score decides.
    pub fn band(&self, votes: &[Vote]) -> Option<ScoreBand> {
        let (cuts, (score, likeliest)) = self.cuts.zip(self.score(votes))?;
        Some(cuts.band(f64::from(score), likeliest))
    }

    /// Decides a turn by the rules' hits, the plugins' votes and the band of the score, whatever the config says of asking.
    pub fn settle(&self, hits: &[Hit], votes: &[Vote], score: Option<ScoreBand>) -> DecisionReason {
        let mut verdicts = TurnVerdicts::default();
        for hit in hits {
            let rule = self.rules.rule(hit.rule);
            verdicts.add(match (rule.route, rule.category) {
                (Route::Accept, Some(category)) => Verdict::Accept(category),
                (Route::Reject, _) => Verdict::Reject,
                (Route::Escalate, _) => Verdict::Escalate,
                _ => Verdict::Abstain,
            });
        }
        for vote in votes {
            if vote.is_fault() {
                verdicts.add_fault();
            } else {
                verdicts.add(vote.verdict);
            }
        }
        decide(&verdicts, self.is_candidate(hits), score)
    }
}

/// The place of the plugin that scores: the last one that declares calibrated probabilities.
fn scorer_of(registry: &Registry) -> Option<usize> {
    registry.plugins().iter().rposition(|plugin| plugin.scores().is_some())
}

/// The languages that a pack is for, as ISO 639 codes; empty where the pack does not say.
pub fn languages_of(pack: &Pack) -> Vec<&'static str> {
    pack.content.lang.iter().filter_map(|name| language::code(name)).collect()
}

/// Whether one of some packs is for a language; also true where nobody can know: no pack names its languages, or the
/// language is not determined. `packs` gives the languages of each pack.
pub fn is_read<'p, L: AsRef<str> + 'p>(language: &str, packs: impl Iterator<Item = &'p [L]>) -> bool {
    let mut says = false;
    let mut is_among = false;
    for lang in packs {
        says |= !lang.is_empty();
        is_among |= lang.iter().any(|code| code.as_ref() == language);
    }
    is_among || !says || language == UNDETERMINED
}

static LAUNCHER: OnceLock<Launcher> = OnceLock::new();

/// Says how this program is started as the host of one plugin, where its executable file alone does not do it: an interpreter, say, that
/// has loaded the engine as a library. The first call counts.
pub fn host_plugins_by(launcher: Launcher) {
    let _ = LAUNCHER.set(launcher);
}

/// This program once more, as the host of one plugin.
pub fn launcher() -> Launcher {
    if let Some(launcher) = LAUNCHER.get() {
        return launcher.clone();
    }
    let program = std::env::current_exe().unwrap_or_else(|_| "rejoinder".into());
    Launcher { program, args: vec!["plugin-host".to_owned()] }
}
