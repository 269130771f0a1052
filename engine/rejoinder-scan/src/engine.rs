//! Rules and plugins, assembled as a config says: all that decides about a turn before the judge does.

use rejoinder_cascade::{Ballot, Ground, Standing, decide};
use rejoinder_core::{Category, Conversation, Hit, Verdict, Vote};
use rejoinder_host::{Launcher, LoadError, PluginSpec, Registry, SearchPath, Surroundings};
use rejoinder_read::language::{self, UNDETERMINED};
use rejoinder_rules::{Pack, Route, RuleSet};
use rejoinder_score::{Evidence, Example, Measured, Model, Scratch, conversation_hash};

use crate::config::{Config, Effective, OtherLanguages, PluginConfig};
use crate::error::{ConfigError, ScanError};
use crate::scanned::{Part, Scanned, ScannedConversation, ScannedTurn};

/// The plugins that are linked in; a library of the same name that is found wins.
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
    /// How the config, or the pack that extends it, names it.
    pub name: String,
    /// The author's version; empty if there is none.
    pub version: String,
    /// Where it was read from.
    pub file: String,
    /// blake3 hash of its text.
    pub hash: String,
    /// The languages that it is for, as ISO 639 codes; empty where it does not say.
    pub lang: Vec<&'static str>,
}

/// The model behind the score, where it is one that this engine can read and train further.
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
        scanned: &Scanned<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
    ) -> Option<Example> {
        let model = self.model()?;
        let rules = scanned.rule_ids(engine, turn);
        let evidence = Evidence { rules: &rules, prior: turn.prior, votes: &[] };
        Some(scratch.example(model, &conversation.record.conversation, turn.message_index, &evidence))
    }

    /// Whether the model was trained on a conversation: its scores of that one say nothing about others.
    pub fn was_trained_on(&self, conversation: &Conversation<'_>) -> bool {
        self.0.as_ref().is_some_and(|model| model.was_trained_on(conversation_hash(conversation)))
    }
}

/// What decides about turns; immutable and shared by all workers.
pub struct Engine {
    /// The config it was built from.
    pub config: Config,
    /// The compiled rules.
    pub rules: RuleSet,
    /// Where the rules came from.
    pub packs: Vec<PackInfo>,
    /// The loaded plugins.
    pub registry: Registry,
    /// What the score was measured on, and with it the accept rules: by the scorer's model, or the shipped one.
    pub measured: Measured,
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

    /// As [`Self::build`]; what is wrong with a plugin is shown where the config says it.
    ///
    /// # Errors
    /// As there.
    pub fn of(effective: &Effective) -> Result<Self, ScanError> {
        Self::assemble(effective.config.clone(), &|error| effective.about_plugin(error))
    }

    fn assemble(config: Config, refused: &dyn Fn(&LoadError) -> ConfigError) -> Result<Self, ScanError> {
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
        let specs: Vec<PluginSpec> =
            config.plugins.iter().map(|plugin| plugin.spec(config.purpose)).collect();
        let rule_ids = rules.rules().iter().map(|r| r.id.clone()).collect();
        let built_in = built_in();
        let surroundings = Surroundings {
            search: SearchPath::new(config.plugin_dirs.clone()),
            built_in: &built_in,
            rule_ids,
            launcher: launcher(),
        };
        let registry = Registry::load(&specs, &surroundings).map_err(|error| refused(&error))?;
        let scorer = config.plugins.iter().find(|plugin| plugin.is_scorer());
        let measured = rejoinder_plugin_scorer::measured(scorer.and_then(PluginConfig::model))
            .map_err(ConfigError::new)?;
        Ok(Self { config, rules, packs: infos, registry, measured })
    }

    /// Whether some rule other than a reject rule marked the turn with these hits.
    pub fn is_candidate(&self, hits: &[Hit]) -> bool {
        hits.iter().any(|h| matches!(self.rules.rule(h.rule).route, Route::Accept | Route::Escalate))
    }

    /// Whether the plugins are asked about a turn: about candidates, and about every later turn where their score decides.
    pub fn asks_plugins(&self, is_candidate: bool) -> bool {
        is_candidate || self.config.cascade.cuts().is_some()
    }

    /// The learned score: the probability, by the last plugin that gives probabilities, that the turn holds what is
    /// wanted; and the likeliest category.
    pub fn score(&self, votes: &[Vote]) -> Option<(f32, Category)> {
        let probs = Self::probabilities(votes)?;
        let index = votes.iter().rposition(|vote| vote.probs.is_some())?;
        let purpose = self.config.purpose;
        // The shipped scorer answers just what is wanted, which ranks turns better than a sum of categories.
        let own = votes[index].score.filter(|_| self.config.plugins[index].is_scorer());
        Some((own.unwrap_or_else(|| purpose.probability(probs)), purpose.likeliest(probs)))
    }

    /// The learned probabilities of none, UR1, …, UR5: those of the last plugin that gives any.
    pub fn probabilities(votes: &[Vote]) -> Option<&[f32; 6]> {
        votes.iter().rev().find_map(|vote| vote.probs.as_ref())
    }

    /// The model behind the score, read from its file; none where nothing scores.
    ///
    /// # Errors
    /// If the model cannot be read.
    pub fn score_model(&self) -> Result<ScoreModel, ScanError> {
        let scorer = self.config.plugins.iter().find(|plugin| plugin.is_scorer());
        let model = scorer.map(|scorer| rejoinder_plugin_scorer::load(scorer.model()));
        Ok(model.transpose().map(ScoreModel).map_err(ConfigError::new)?)
    }

    /// Decides a turn of a conversation in a language by the rules' hits and the plugins' votes: as [`Self::decide`], unless
    /// no pack is for the language and nothing else spoke.
    pub fn ground(&self, language: &str, hits: &[Hit], votes: &[Vote]) -> Ground {
        match self.decide(hits, votes) {
            Ground::Unmarked if !self.reads(language) => match self.config.rules.other_languages {
                OtherLanguages::PassOver => Ground::NotLookedAt,
                OtherLanguages::Ask => Ground::AskedUnread,
            },
            ground => ground,
        }
    }

    /// Decides a turn as [`Self::ground`] would if a rule or a plugin were not in force.
    pub fn ground_without(&self, part: Part, language: &str, hits: &[Hit], votes: &[Vote]) -> Ground {
        match part {
            Part::Rule(rule) => {
                let others: Vec<Hit> = hits.iter().filter(|hit| hit.rule != rule).copied().collect();
                // Of a turn that would be no candidate the plugins would not be asked.
                let votes = if self.asks_plugins(self.is_candidate(&others)) { votes } else { &[] };
                self.ground(language, &others, votes)
            }
            Part::Plugin(plugin) => {
                // A vote's place says whose it is.
                let silent =
                    |(place, vote): (usize, &Vote)| if place == plugin { Vote::default() } else { *vote };
                let votes: Vec<Vote> = votes.iter().enumerate().map(silent).collect();
                self.ground(language, hits, &votes)
            }
        }
    }

    /// Whether a pack in force is for a language, or there is no knowing: no pack says which it is for, or the language is
    /// not determined.
    pub fn reads(&self, language: &str) -> bool {
        is_read(language, self.packs.iter().map(|pack| pack.lang.as_slice()))
    }

    /// Decides by the rules' hits and the plugins' votes on a turn, unless the judge is asked about all.
    fn decide(&self, hits: &[Hit], votes: &[Vote]) -> Ground {
        if self.config.judge.all {
            return Ground::AskedAnyway;
        }
        let score = self.config.cascade.cuts().zip(self.score(votes));
        let standing = score.map(|(cuts, (score, likeliest))| cuts.standing(f64::from(score), likeliest));
        self.settle(hits, votes, standing)
    }

    /// Decides a turn as [`Self::decide`], its score standing where it is said to.
    pub fn settle(&self, hits: &[Hit], votes: &[Vote], score: Option<Standing>) -> Ground {
        let mut ballot = Ballot::default();
        for hit in hits {
            let rule = self.rules.rule(hit.rule);
            ballot.cast(match (rule.route, rule.category) {
                (Route::Accept, Some(category)) => Verdict::Accept(category),
                (Route::Reject, _) => Verdict::Reject,
                (Route::Escalate, _) => Verdict::Escalate,
                _ => Verdict::Abstain,
            });
        }
        for vote in votes {
            if vote.faulted {
                ballot.fault();
            } else {
                ballot.cast(vote.verdict);
            }
        }
        decide(&ballot, self.is_candidate(hits), score)
    }
}

/// The languages that a pack is for, as ISO 639 codes; empty where it does not say.
pub fn languages_of(pack: &Pack) -> Vec<&'static str> {
    pack.content.lang.iter().filter_map(|name| language::code(name)).collect()
}

/// Whether one of some packs is for a language, or there is no knowing; `packs` gives the languages of each.
pub fn is_read<'p, L: AsRef<str> + 'p>(language: &str, packs: impl Iterator<Item = &'p [L]>) -> bool {
    let mut says = false;
    let mut is_among = false;
    for lang in packs {
        says |= !lang.is_empty();
        is_among |= lang.iter().any(|code| code.as_ref() == language);
    }
    is_among || !says || language == UNDETERMINED
}

/// This program once more, as the host of one plugin.
pub fn launcher() -> Launcher {
    let program = std::env::current_exe().unwrap_or_else(|_| "rejoinder".into());
    Launcher { program, args: vec!["plugin-host".to_owned()] }
}
