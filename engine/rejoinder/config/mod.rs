//! The config file: what it may say, what holds where it is silent, and where it is wrong.

use std::path::{Path, PathBuf};

use rejoinder_core::Purpose;
use rejoinder_read::{Asked, Duplicates, Format, Mapping, Record, language};
use rejoinder_rules::Pack;
use rejoinder_rules::diagnostic::did_you_mean;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

mod cascade;
mod effective;
mod judge;
mod keys;
mod place;
mod plugin;

pub use cascade::CascadeSection;
pub use effective::{Effective, Origin};
pub use judge::{AnswerForm, BaseUrl, BudgetConfig, JudgeSection, UnitName};
pub use keys::schema;
pub use place::ConfigText;
pub use plugin::{Isolation, OnFault, PluginConfig};

/// The config format that this engine reads.
const FORMAT: u32 = 1;

/// Everything that decides what a run does. Paths are relative to the config file's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Format number of this file: 1.
    pub format: u32,
    /// What the feedback will be used for: `all`, `sft` (UR5), `kto` (UR2, UR3, UR5), or categories such as `["UR2", "UR5"]`.
    #[serde(default, rename = "for")]
    #[schemars(schema_with = "keys::purpose_schema")]
    pub purpose: Purpose,
    /// How records are read.
    #[serde(default)]
    pub input: InputConfig,
    /// Which rules are in force.
    #[serde(default)]
    pub rules: RulesConfig,
    /// Which plugins run, in this order.
    #[serde(default, rename = "plugin")]
    pub plugins: Vec<PluginConfig>,
    /// Folders searched for plugins that are given by name.
    #[serde(default)]
    pub plugin_dirs: Vec<PathBuf>,
    /// Between which learned scores the judge is asked.
    #[serde(default)]
    pub cascade: CascadeSection,
    /// Who is asked about undecided turns, and how.
    #[serde(default)]
    pub judge: JudgeSection,
    /// What asking may cost.
    #[serde(default)]
    pub budget: BudgetConfig,
    /// How the output is cut.
    #[serde(default)]
    pub output: OutputConfig,
}

/// `[input]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct InputConfig {
    /// The shape of the records, where it is not to be told by the content.
    #[schemars(schema_with = "keys::format_schema")]
    pub format: Option<Format>,
    /// Names of the keys in shapes that are not known.
    #[schemars(with = "keys::MappingSchema")]
    pub map: Mapping,
    /// Whether records that belong together are joined: calls that repeat what was said before, messages of one session,
    /// pieces of one conversation. Without it each record is read by itself, but for messages a record.
    pub join: bool,
    /// Conversations with fewer messages are left out; 4 is the paper's choice.
    pub min_messages: usize,
    /// Conversations in other languages are left out: ISO 639 codes or English names, and `und` for those that nobody
    /// can tell; empty = all are kept. The language is the corpus's word for it, else detected from what the user wrote.
    pub lang: Vec<String>,
    /// Whether conversations that stand in the input before are left out: `keep` leaves none out, `exact` those with the
    /// same roles and texts, `near` those that differ in case, punctuation and spacing only. Takes one more reading of
    /// the input, and some twenty bytes of memory a conversation.
    #[schemars(schema_with = "keys::duplicates_schema")]
    pub duplicates: Duplicates,
    /// Longer records are set aside.
    pub max_record_bytes: usize,
}

/// Why a conversation is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It has fewer messages than `min-messages`.
    TooShort,
    /// It is in none of the languages of `lang`.
    OtherLanguage,
}

impl InputConfig {
    /// How files are to be read.
    pub const fn asked(&self) -> Asked<'_> {
        Asked { format: self.format, mapping: &self.map, joins: self.join }
    }

    /// Whether the config leaves a conversation out, and why.
    pub fn leaves_out(&self, record: &Record<'_>) -> Option<LeftOut> {
        if record.conversation.messages.len() < self.min_messages {
            return Some(LeftOut::TooShort);
        }
        if self.lang.is_empty() {
            return None;
        }
        let own = language::of(record);
        let is_wanted = self.lang.iter().any(|wanted| language_code(wanted) == Some(own));
        (!is_wanted).then_some(LeftOut::OtherLanguage)
    }

    /// That it can be: else the key at fault, as a JSON pointer, and the message.
    ///
    /// # Errors
    /// If it cannot.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        self.map.check().map_err(|message| ("/map", message))?;
        match self.lang.iter().find(|name| language_code(name).is_none()) {
            Some(name) => {
                let shown = name.escape_debug();
                Err((
                    "/lang",
                    format!("`{shown}` is no language: give ISO 639 codes, such as en or de, or und"),
                ))
            }
            None => Ok(()),
        }
    }
}

fn language_code(name: &str) -> Option<&'static str> {
    if name == language::UNDETERMINED { Some(language::UNDETERMINED) } else { language::code(name) }
}

impl Default for InputConfig {
    fn default() -> Self {
        Self {
            format: None,
            map: Mapping::default(),
            join: true,
            min_messages: 0,
            lang: Vec::new(),
            duplicates: Duplicates::Keep,
            max_record_bytes: 16 << 20,
        }
    }
}

/// `[rules]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RulesConfig {
    /// Shipped names or paths.
    pub packs: Vec<String>,
    /// Ids of rules that are not in force.
    pub disable: Vec<String>,
    /// What becomes of later turns in languages that no pack is for, where no rule without words marks them and no score
    /// ranks them: `pass-over` counts them as not looked at, `ask` lets them wait for the judge.
    pub other_languages: OtherLanguages,
}

/// What becomes of later turns in languages that no pack is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OtherLanguages {
    /// They are counted as not looked at.
    #[default]
    PassOver,
    /// They wait for the judge.
    Ask,
}

impl Default for RulesConfig {
    fn default() -> Self {
        Self {
            packs: Pack::shipped().map(str::to_owned).collect(),
            disable: Vec::new(),
            other_languages: OtherLanguages::default(),
        }
    }
}

/// `[output]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct OutputConfig {
    /// A part ends after this many mebibytes of input; what a kill can undo.
    pub part_mib: u64,
}

impl Default for OutputConfig {
    fn default() -> Self {
        Self { part_mib: 64 }
    }
}

impl Default for Config {
    /// What runs when no config is given: the shipped packs and the shipped plugins.
    fn default() -> Self {
        Self {
            format: FORMAT,
            purpose: Purpose::ALL,
            input: InputConfig::default(),
            rules: RulesConfig::default(),
            plugins: ["rephrase", "context"].map(PluginConfig::named).into(),
            plugin_dirs: Vec::new(),
            cascade: CascadeSection::default(),
            judge: JudgeSection::default(),
            budget: BudgetConfig::default(),
            output: OutputConfig::default(),
        }
    }
}

impl Config {
    /// Reads a config file; also gives its text.
    ///
    /// # Errors
    /// If it cannot be read, or says something that cannot be; with file, line and column.
    fn load(path: &Path) -> Result<(Self, ConfigText), Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure::invalid(format!("cannot read the config {}: {e}", path.display())))?;
        let text = ConfigText { name: path.display().to_string(), text };
        let mut config = Self::parse(&text)?;
        config.resolve_paths(path.parent().unwrap_or_else(|| Path::new("")));
        Ok((config, text))
    }

    fn parse(text: &ConfigText) -> Result<Self, Failure> {
        let config: Self = toml::from_str(&text.text).map_err(|e| {
            let (message, help) = explain(e.message().trim_end());
            text.at(e.span().unwrap_or(0..0), message, &help)
        })?;
        config.check().map_err(|(pointer, message)| text.about(&pointer, &message, ""))?;
        Ok(config)
    }

    /// That what flags made of it can be.
    ///
    /// # Errors
    /// If it cannot.
    pub fn check_flags(&self) -> Result<(), Failure> {
        self.check().map_err(|(_, message)| Failure::usage(message))
    }

    /// What the schema alone cannot say: the value at fault, as a JSON pointer, and the message.
    fn check(&self) -> Result<(), (String, String)> {
        let wrong = |pointer: &str, message: String| Err((pointer.to_owned(), message));
        if self.format != FORMAT {
            let message = format!("config format {} is not known; this engine reads {FORMAT}", self.format);
            return wrong("/format", message);
        }
        self.input.check().or_else(|(key, message)| wrong(&format!("/input{key}"), message))?;
        for (index, plugin) in self.plugins.iter().enumerate() {
            plugin.check().or_else(|(key, message)| wrong(&format!("/plugin/{index}{key}"), message))?;
        }
        self.cascade.check(self.purpose, !self.plugins.is_empty())?;
        self.judge.check().or_else(|(key, message)| wrong(&format!("/judge{key}"), message))?;
        self.budget.check(&self.judge).or_else(|(key, message)| wrong(&format!("/budget{key}"), message))?;
        if self.output.part_mib == 0 {
            return wrong("/output/part-mib", "`part-mib` must be at least 1".to_owned());
        }
        Ok(())
    }

    /// Lets every later turn be scored for a purpose, and none be cut: as is done to find the cuts.
    pub fn score_all_turns(&mut self, purpose: Purpose) {
        self.purpose = purpose;
        self.cascade = CascadeSection { reject_below: Some(0.0), ..CascadeSection::default() };
        self.add_scorer();
    }

    /// Names the shipped scorer, where it is not named yet.
    pub fn add_scorer(&mut self) {
        if !self.plugins.iter().any(PluginConfig::is_scorer) {
            self.plugins.push(PluginConfig::scorer());
        }
    }

    /// Finds the scorer's model in `folder`, if the config does not say where it is.
    pub fn resolve_model(&mut self, folder: &Path) {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        for model in self.plugins.iter_mut().filter_map(PluginConfig::model_mut) {
            *model = folder.join(model.as_str().unwrap_or_default()).display().to_string().into();
        }
    }

    fn resolve_paths(&mut self, folder: &Path) {
        self.resolve_model(folder);
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let resolve = |path: &mut PathBuf| *path = folder.join(&*path);
        self.plugins.iter_mut().filter_map(|p| p.path.as_mut()).for_each(resolve);
        self.plugin_dirs.iter_mut().for_each(resolve);
        self.judge.paths().for_each(resolve);
        for name in self.rules.packs.iter_mut().chain(&mut self.judge.prompt) {
            if name.contains(['/', '\\', '.']) {
                *name = folder.join(&*name).display().to_string();
            }
        }
    }
}

/// A parser's message, and as help the nearest of the names that it says it expected.
fn explain(message: &str) -> (&str, String) {
    let unknown = |m: &str| m.starts_with("unknown field") || m.starts_with("unknown variant");
    let Some((what, expected)) = message.split_once(", expected ").filter(|(what, _)| unknown(what)) else {
        return (message, String::new());
    };
    let quoted = |text| -> Vec<&str> { str::split(text, '`').skip(1).step_by(2).collect() };
    match quoted(what).first() {
        Some(given) => (what, did_you_mean(given, &quoted(expected))),
        None => (message, String::new()),
    }
}
