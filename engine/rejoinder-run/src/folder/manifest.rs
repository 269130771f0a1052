//! What a run is made of: rules, plugins, inputs and config, by content.

use std::collections::BTreeSet;
use std::path::Path;

use rejoinder_host::LibraryOrigin;
use rejoinder_judge::ServerCapabilities;
use rejoinder_read::InputFile;
use rejoinder_scan::config::CascadeSection;
use rejoinder_scan::{Config, Engine, ScoreRole, SetAside};
use rejoinder_score::Reference;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::run_dir::MODEL;
use crate::gathering::GatheredFrom;
use crate::nights::EarlierRun;
use crate::shards::RunShard;

/// Version of the run directory's layout.
pub const FORMAT: u32 = 5;

/// What a run is made of: the same manifest, the same output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this layout.
    pub format: u32,
    /// The id of the run; the run's ledger says the same.
    pub id: String,
    /// Version of the engine.
    pub engine: String,
    /// Hash of all rules in force.
    pub rules_hash: String,
    /// The rule files.
    pub rules: Vec<RulesEntry>,
    /// The plugins.
    pub plugins: Vec<PluginEntry>,
    /// The input files.
    pub inputs: Vec<InputFile>,
    /// Whether the input was standard input; `inputs` then names the copy.
    pub stdin: bool,
    /// The data set that counts and sample were gathered from, where the run read no input itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gathered: Option<GatheredFrom>,
    /// The earlier run that this one goes on with, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<EarlierRun>,
    /// The part of the input that the run is about, where the run is a shard of a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<RunShard>,
    /// The effective config.
    pub config: Config,
    /// What the score and the accept rules were measured on.
    #[serde(default)]
    pub measured_on: Reference,
    /// The `accept-at` that is not in force, since the corpus is unlike what the score was measured on.
    #[serde(default)]
    pub accept_at_set_aside: Option<f64>,
    /// The part that the learned score takes in decisions.
    pub score: ScoreRole,
    /// What was found out about the judge, once the judge was asked.
    pub judge: Option<ServerCapabilities>,
    /// Conversations of this run that were forgotten; nothing here tells which ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<ForgottenCount>,
    /// Marks of conversations that were forgotten in this run and in those that it goes on with, which tell nothing of the
    /// conversations: a run that goes on with this one does not take them in again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub forgotten_marks: BTreeSet<u64>,
}

/// That conversations were removed from a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgottenCount {
    /// The day, such as `2026-11-30`.
    pub on: String,
    /// The number of conversations.
    pub conversations: u64,
    /// The number of their turns that were accepted, or waited for the judge at first.
    pub turns: u64,
}

/// A rule file in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesEntry {
    /// The name of the pack in the config, or in the pack that extends it.
    pub pack: String,
    /// The author's version; empty if there is none.
    pub version: String,
    /// The file that the pack was read from.
    pub file: String,
    /// blake3 hash of the file's text.
    pub hash: String,
    /// The languages that the pack is for, as ISO 639 codes; empty where the pack does not say.
    #[serde(default)]
    pub lang: Vec<String>,
}

/// A plugin in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginEntry {
    /// The plugin's name.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// The library, or `linked in`.
    pub origin: String,
    /// blake3 hash of the library; empty for one that is linked in.
    pub hash: String,
    /// Changes with version, library and configuration; names the plugin in records.
    pub identity: String,
    /// The plugin's configuration.
    pub config: Value,
}

impl PluginEntry {
    /// The version, the library's hash and where the library lies, in words.
    fn library(&self) -> String {
        let Self { version, origin, hash, .. } = self;
        if hash.is_empty() {
            format!("{version} ({origin})")
        } else {
            format!("{version} (blake3 {hash}, {origin})")
        }
    }

    /// What differs in the plugin `now`, in words; `None` if it says the same of the same turns.
    fn change(&self, now: Option<&Self>) -> Option<String> {
        let Some(now) = now else { return Some(format!("was {}, is not there", self.library())) };
        if (&self.version, &self.hash) != (&now.version, &now.hash) {
            return Some(format!("was {}, is {}", self.library(), now.library()));
        }
        let what = match self.config == now.config {
            true => "a file that its configuration names has other content",
            false => "its configuration, or a file that it names, is another",
        };
        (self.identity != now.identity)
            .then(|| format!("{what} (identity: was {}, is {})", self.identity, now.identity))
    }
}

impl Manifest {
    /// A hash of the effective config, in hex: the same config, the same hash.
    pub fn config_hash(&self) -> String {
        let config = serde_json::to_vec_pretty(&self.config).expect("the manifest was written as JSON");
        blake3::hash(&config).to_hex().to_string()
    }

    /// An id that no other run has.
    pub(crate) fn new_id() -> String {
        format!("{:032x}", fastrand::u128(..))
    }

    /// The manifest of a run of `engine` over `inputs`.
    pub fn new(engine: &Engine, inputs: Vec<InputFile>, stdin: bool) -> Self {
        Self {
            format: FORMAT,
            id: Self::new_id(),
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            rules_hash: engine.rules.hash().to_owned(),
            rules: engine
                .packs
                .iter()
                .map(|p| RulesEntry {
                    pack: p.name.clone(),
                    version: p.version.clone(),
                    file: p.file.clone(),
                    hash: p.hash.clone(),
                    lang: p.lang.iter().map(|&code| code.to_owned()).collect(),
                })
                .collect(),
            plugins: engine
                .registry
                .plugins()
                .iter()
                .map(|p| {
                    let (origin, hash) = match p.origin() {
                        LibraryOrigin::File { path, blake3 } => (path.display().to_string(), blake3.clone()),
                        LibraryOrigin::BuiltIn => ("linked in".to_owned(), String::new()),
                    };
                    PluginEntry {
                        name: p.name().to_owned(),
                        version: p.description().version.clone(),
                        origin,
                        hash,
                        identity: p.identity().to_owned(),
                        config: p.config().clone(),
                    }
                })
                .collect(),
            inputs,
            stdin,
            gathered: None,
            after: None,
            shard: None,
            config: engine.config.clone(),
            measured_on: engine.measured.on.clone(),
            accept_at_set_aside: None,
            score: engine.role.clone(),
            judge: None,
            removed: Vec::new(),
            forgotten_marks: BTreeSet::new(),
        }
    }

    /// Puts into a config that a run goes on with what the run was told at its beginning and has found out for itself: the cut
    /// and the learned score of a kept recall, an `accept-at` that is not in force, the score that ships with the engine
    /// where no plugin was named for it, and the whole paths of models.
    pub fn keep_findings(&self, config: &mut Config) {
        let kept = &self.config;
        if self.accept_at_set_aside.is_some() && config.cascade.accepts_from() == self.accept_at_set_aside {
            config.cascade.set_accept_at_aside();
        }
        if self.score == ScoreRole::SetAside(SetAside::OlderRun) && !config.cascade.is_told() {
            config.cascade.score = kept.cascade.score;
        }
        let is_told = config.cascade != CascadeSection::default();
        let goes_on =
            kept.cascade.recall.is_some() && (!is_told || config.cascade.recall == kept.cascade.recall);
        if goes_on {
            if !is_told {
                config.purpose = kept.purpose;
            }
            config.cascade = kept.cascade.clone();
            config.judge.all = kept.judge.all;
        }
        let folder = config.folder.clone().unwrap_or_default();
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        for (place, found) in kept.plugins.iter().enumerate() {
            let model = found.config.get("model").and_then(Value::as_str);
            match config.plugins.get_mut(place) {
                None if config.cascade.is_scored() => config.plugins.push(found.clone()),
                Some(plugin) if (&plugin.name, &plugin.path) == (&found.name, &found.path) => {
                    keep_paths(&folder, &mut plugin.config, &found.config);
                    if goes_on && model == Some(MODEL) {
                        plugin.set_model(Path::new(MODEL));
                    }
                }
                _ => {}
            }
        }
    }

    /// What differs in `now` from this manifest, in words; empty if a resumed run gives the same output.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let mut changes = self.changes_of_engine(now);
        changes.extend(self.changed_inputs(&now.inputs));
        changes
    }

    /// What differs in engine, rules and plugins in `now` from this manifest, in words.
    pub fn changes_of_engine(&self, now: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        let mut compare = |what: &str, then: &str, now: &str| {
            if then != now {
                changes.push(format!("{what}: was {then}, is {now}"));
            }
        };
        compare("engine", &self.engine, &now.engine);
        for entry in &self.rules {
            match now.rules.iter().find(|r| r.file == entry.file) {
                Some(new) => compare(&format!("rules {}", entry.file), &entry.hash, &new.hash),
                None => compare(&format!("rules {}", entry.file), "in force", "not in force"),
            }
        }
        compare("rules in force", &self.rules_hash, &now.rules_hash);
        if self.score.is_assumed() {
            // Another model of the same plugin may have other cuts.
            compare("cut that ships with the score", &to_json(&self.score), &to_json(&now.score));
        }
        for entry in &self.plugins {
            let new = now.plugins.iter().find(|p| p.name == entry.name);
            changes.extend(entry.change(new).map(|change| format!("plugin {}: {change}", entry.name)));
        }
        changes
    }

    /// What differs in the input files as they are `now`, in words.
    pub fn changed_inputs(&self, now: &[InputFile]) -> Vec<String> {
        let describe = |file: &InputFile| format!("{} bytes, hash {}", file.size, &file.hash[..12]);
        let change = |(then, new): (&InputFile, &InputFile)| {
            let (was, is) = (describe(then), describe(new));
            (was != is).then(|| format!("input {}: was {was}, is {is}", then.path.display()))
        };
        self.inputs.iter().zip(now).filter_map(change).collect()
    }
}

/// Takes over the whole paths of a plugin's kept config where a config names the same files, relative to its folder.
fn keep_paths(folder: &Path, named: &mut Value, kept: &Value) {
    match (named, kept) {
        (Value::String(named), Value::String(kept)) if folder.join(&*named) == Path::new(kept) => {
            named.clone_from(kept);
        }
        (Value::Object(named), Value::Object(kept)) => {
            for (key, named) in named {
                keep_paths(folder, named, kept.get(key).unwrap_or(&Value::Null));
            }
        }
        (Value::Array(named), Value::Array(kept)) => {
            named.iter_mut().zip(kept).for_each(|(named, kept)| keep_paths(folder, named, kept));
        }
        _ => {}
    }
}

fn to_json(role: &ScoreRole) -> String {
    serde_json::to_string(role).unwrap_or_default()
}
