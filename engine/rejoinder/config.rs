//! The config file: what it may say, what holds where it is silent, and where it is wrong.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rejoinder_data::Mapping;
use rejoinder_judge::{ApiKey, JudgeConfig, Unit, prompt::Window};
use rejoinder_rules::Pack;
use rejoinder_rules::diagnostic::did_you_mean;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

mod effective;
mod keys;
mod place;
mod plugin;

pub use effective::{Effective, Origin};
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
    /// Names of the keys in shapes that are not known.
    #[schemars(with = "keys::MappingSchema")]
    pub map: Mapping,
    /// Conversations with fewer messages are left out; 4 is the paper's choice.
    pub min_messages: usize,
    /// Longer records are set aside.
    pub max_record_bytes: usize,
}

impl Default for InputConfig {
    fn default() -> Self {
        Self { map: Mapping::default(), min_messages: 0, max_record_bytes: 16 << 20 }
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
}

impl Default for RulesConfig {
    fn default() -> Self {
        Self { packs: Pack::shipped().map(str::to_owned).collect(), disable: Vec::new() }
    }
}

/// `[judge]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JudgeSection {
    /// Base URL of an OpenAI-compatible server, such as `http://127.0.0.1:8000/v1`; without it nobody is asked.
    pub base_url: Option<String>,
    /// Model name sent to the server.
    pub model: String,
    /// Name of the environment variable that holds the key.
    pub api_key_env: Option<String>,
    /// What one request is about.
    pub unit: UnitName,
    /// The form of the answer.
    pub answer: AnswerForm,
    /// Whether the server is asked to hold the answer to a JSON schema (turn unit only).
    pub json_schema: bool,
    /// Requests in flight at once.
    pub max_in_flight: usize,
    /// Longest answer, in tokens.
    pub max_tokens: u32,
    /// Longest wait for an answer.
    pub timeout_seconds: u64,
    /// Attempts after the first one.
    pub max_retries: u32,
    /// Earlier messages shown with a turn.
    pub window_messages: usize,
    /// Longest excerpt of one of them.
    pub window_bytes: usize,
    /// Where replies are kept; by default in the run directory. Runs may share the file.
    pub replies: Option<PathBuf>,
}

impl Default for JudgeSection {
    fn default() -> Self {
        let window = Window::default();
        Self {
            base_url: None,
            model: "mistralai/Mixtral-8x7B-Instruct-v0.1".to_owned(),
            api_key_env: None,
            unit: UnitName::Turn,
            answer: AnswerForm::Auto,
            json_schema: true,
            max_in_flight: 16,
            max_tokens: 256,
            timeout_seconds: 120,
            max_retries: 4,
            window_messages: window.messages,
            window_bytes: window.max_bytes_per_message,
            replies: None,
        }
    }
}

/// What one request is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitName {
    /// One later turn with a short window.
    #[default]
    Turn,
    /// A whole conversation, as in the paper.
    Conversation,
}

/// The form of the judge's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerForm {
    /// The best form there is; today `json`.
    #[default]
    Auto,
    /// The paper's JSON objects.
    Json,
}

/// `[budget]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct BudgetConfig {
    /// Greatest number of HTTP attempts over the whole life of a run.
    pub calls: Option<u64>,
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
            input: InputConfig::default(),
            rules: RulesConfig::default(),
            plugins: ["rephrase", "context"].map(PluginConfig::named).into(),
            plugin_dirs: Vec::new(),
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

    /// What the schema alone cannot say: the value at fault, as a JSON pointer, and the message.
    fn check(&self) -> Result<(), (String, String)> {
        let wrong = |pointer: &str, message: String| Err((pointer.to_owned(), message));
        if self.format != FORMAT {
            let message = format!("config format {} is not known; this engine reads {FORMAT}", self.format);
            return wrong("/format", message);
        }
        self.input.map.check().or_else(|message| wrong("/input/map", message))?;
        for (index, plugin) in self.plugins.iter().enumerate() {
            plugin.check().or_else(|(key, message)| wrong(&format!("/plugin/{index}{key}"), message))?;
        }
        let is_http = |url: &String| url.starts_with("http://") || url.starts_with("https://");
        if self.judge.base_url.as_ref().is_some_and(|url| !is_http(url)) {
            return wrong("/judge/base-url", "`base-url` begins with http:// or https://".to_owned());
        }
        for (pointer, value) in [
            ("/judge/max-in-flight", self.judge.max_in_flight as u64),
            ("/judge/max-tokens", u64::from(self.judge.max_tokens)),
            ("/judge/timeout-seconds", self.judge.timeout_seconds),
            ("/output/part-mib", self.output.part_mib),
        ] {
            if value == 0 {
                let key = pointer.rsplit('/').next().unwrap_or_default();
                return wrong(pointer, format!("`{key}` must be at least 1"));
            }
        }
        Ok(())
    }

    fn resolve_paths(&mut self, folder: &Path) {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let resolve = |path: &mut PathBuf| *path = folder.join(&*path);
        self.plugins.iter_mut().filter_map(|p| p.path.as_mut()).for_each(resolve);
        self.plugin_dirs.iter_mut().for_each(resolve);
        self.judge.replies.iter_mut().for_each(resolve);
        for pack in &mut self.rules.packs {
            if pack.contains(['/', '\\', '.']) {
                *pack = folder.join(&*pack).display().to_string();
            }
        }
    }

    /// The window that turn prompts show.
    pub fn window(&self) -> Window {
        Window { messages: self.judge.window_messages, max_bytes_per_message: self.judge.window_bytes }
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

impl JudgeSection {
    /// What one request is about.
    pub const fn unit(&self) -> Unit {
        match self.unit {
            UnitName::Turn => Unit::Turn,
            UnitName::Conversation => Unit::Conversation,
        }
    }

    /// The client's settings, with the key from the environment; `None` where no judge is configured.
    ///
    /// # Errors
    /// If the named environment variable is not set.
    pub fn client(&self) -> Result<Option<JudgeConfig>, Failure> {
        let Some(mut client) = self.client_without_key() else { return Ok(None) };
        if let Some(name) = &self.api_key_env {
            let key = std::env::var(name).map_err(|_| {
                Failure::invalid(format!(
                    "[judge] api-key-env names `{name}`, which is not set in the environment"
                ))
            })?;
            client.api_key = Some(ApiKey::new(key));
        }
        Ok(Some(client))
    }

    /// The client's settings without a key: enough to find the replies that are stored already.
    pub fn client_without_key(&self) -> Option<JudgeConfig> {
        Some(JudgeConfig {
            base_url: self.base_url.clone()?,
            model: self.model.clone(),
            api_key: None,
            unit: self.unit(),
            max_in_flight: self.max_in_flight,
            max_tokens: self.max_tokens,
            timeout: Duration::from_secs(self.timeout_seconds),
            max_retries: self.max_retries,
            json_schema: self.json_schema,
        })
    }
}
