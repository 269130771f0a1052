//! What the run is made of: versions, hashes and config.

use rejoinder_run::folder::Manifest;
use schemars::JsonSchema;
use serde::Serialize;

use super::cut::cut_text;
use super::left_out::file_name;

/// Files in a list.
const FILES: usize = 100;
/// Units of a name.
const TEXT_UNITS: usize = 200;
/// Units of the config.
const CONFIG_UNITS: usize = 12_000;

/// What the run is made of.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Origin {
    /// The run's id.
    pub run_id: String,
    /// The version of the engine that began the run.
    pub engine: String,
    /// Hash of the config in force (blake3).
    pub config_hash: String,
    /// The config in force, as TOML; absent in an anonymous report, since a config holds paths and addresses.
    pub config: Option<String>,
    /// Hash of all rules in force (blake3).
    pub rules_hash: String,
    /// The rule files.
    pub rules: Vec<RuleFile>,
    /// The plugins.
    pub plugins: Vec<PluginVersion>,
    /// The input files, at most a hundred.
    pub inputs: Vec<InputRow>,
    /// Input files that have no row.
    pub further_inputs: u64,
}

/// A rule file in force.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleFile {
    /// The pack.
    pub pack: String,
    /// The author's version; empty if there is none.
    pub version: String,
    /// blake3 hash of the file's text.
    pub hash: String,
}

/// A plugin in force.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PluginVersion {
    /// The plugin's name.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// Changes with version, library and configuration.
    pub identity: String,
}

/// An input file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InputRow {
    /// The file's name, without its folder; a number in an anonymous report.
    pub name: String,
    /// The size in bytes, as stored.
    pub size: u64,
    /// blake3 hash of the stored bytes.
    pub hash: String,
}

impl Origin {
    pub(super) fn of(manifest: &Manifest, anonymous: bool) -> Self {
        let text = |text: &str| cut_text(text, TEXT_UNITS);
        let config = toml::to_string(&manifest.config).ok().filter(|_| !anonymous);
        let inputs = manifest.inputs.iter().zip(1..).take(FILES).map(|(input, number)| InputRow {
            name: match anonymous {
                true => format!("input file {number}"),
                false => file_name(&input.path),
            },
            size: input.size,
            hash: input.hash.clone(),
        });
        Self {
            run_id: manifest.id.clone(),
            engine: text(&manifest.engine),
            config_hash: manifest.config_hash(),
            config: config
                .map(|config| {
                    // A config has a key a line: its lines are what is read.
                    config
                        .lines()
                        .take(400)
                        .map(|line| cut_text(line, TEXT_UNITS))
                        .collect::<Vec<_>>()
                        .join("\n")
                })
                .map(|config| config.chars().take(CONFIG_UNITS).collect()),
            rules_hash: manifest.rules_hash.clone(),
            rules: manifest
                .rules
                .iter()
                .take(FILES)
                .map(|rules| RuleFile {
                    pack: match anonymous {
                        true => file_name(std::path::Path::new(&rules.pack)),
                        false => text(&rules.pack),
                    },
                    version: text(&rules.version),
                    hash: rules.hash.clone(),
                })
                .collect(),
            plugins: manifest
                .plugins
                .iter()
                .map(|plugin| PluginVersion {
                    name: text(&plugin.name),
                    version: text(&plugin.version),
                    identity: text(&plugin.identity),
                })
                .collect(),
            inputs: inputs.collect(),
            further_inputs: manifest.inputs.len().saturating_sub(FILES) as u64,
        }
    }
}
