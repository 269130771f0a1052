//! `[[plugin]]`: which plugins run, where, and what their failures lead to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rejoinder_core::Purpose;
use rejoinder_host as host;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ALL_OTHERS, KeyProblem};
use crate::engine::built_in;
use crate::error::ConfigHint;

/// `[[plugin]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PluginConfig {
    /// Name of a shipped plugin, or of a library in the search path; `*` stands for the shipped plugins that are not named
    /// otherwise.
    #[serde(default)]
    pub name: Option<String>,
    /// The library itself, or a file of Python; the library's prefix and suffix on this platform may be left out.
    #[serde(default)]
    pub path: Option<PathBuf>,
    /// blake3 hash of the library, in hex; any other library is refused.
    #[serde(default)]
    pub blake3: Option<String>,
    /// Which later turns it is asked about; without it, those that it wishes for itself. A plugin without a wish is asked about the
    /// turns that some rule marked, and about every later turn where a score decides.
    // Not written where it is unset: manifests from before there was such a key keep the hash of their config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Candidates>,
    /// Handed to the plugin, whose schema it must fit.
    #[serde(default = "empty_table")]
    pub config: serde_json::Value,
    /// The interpreter of a plugin in Python: a program of `$PATH`, or a path. By default that of `$VIRTUAL_ENV`, else `python3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<PathBuf>,
    /// Where it runs. By default in the run's own process; a plugin in Python always in processes of its own.
    #[serde(default)]
    pub isolation: Option<Isolation>,
    /// How long loading the library, starting the plugin, and each call (up to 256 turns) may take, such as `5s` or `500ms`;
    /// needs processes of its own. By default 30s for a call, and 120s for loading and for starting.
    #[serde(default)]
    pub timeout: Option<String>,
    /// What its failure on a turn leads to.
    #[serde(default)]
    pub on_fault: OnFault,
    /// More faults than this stop the run.
    #[serde(default = "default_max_faults")]
    pub max_faults: u32,
}

/// The shipped plugins that run where a config names none, in this order.
const SHIPPED: [&str; 2] = ["rephrase", "context"];
const SHIPPED_SCORE: &str = "scorer";

/// Whether a text can name a plugin, and is no way into a folder.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

fn empty_table() -> serde_json::Value {
    serde_json::json!({})
}

const fn default_max_faults() -> u32 {
    16
}

/// Which later turns a plugin is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Candidates {
    /// Those that some rule other than a reject rule marked.
    Rules,
    /// All.
    All,
}

/// Where a plugin runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// In this process.
    None,
    /// In a child process for each thread, which may crash or hang.
    Process,
}

/// What a plugin's failure on a turn leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFault {
    /// The turn waits for the judge.
    #[default]
    Escalate,
    /// The run stops; it can be resumed.
    Abort,
}

impl PluginConfig {
    /// A plugin by its name, with defaults for all else.
    pub fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            path: None,
            blake3: None,
            candidates: None,
            config: empty_table(),
            python: None,
            isolation: None,
            timeout: None,
            on_fault: OnFault::Escalate,
            max_faults: default_max_faults(),
        }
    }

    /// Lets a plugin that scores use the model in a file.
    pub fn set_model(&mut self, file: &Path) {
        self.config["model"] = file.display().to_string().into();
    }

    /// Names of the shipped plugins that run where a config names none.
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        SHIPPED.into_iter()
    }

    /// The shipped plugins that run where a config names none.
    pub fn shipped() -> Vec<Self> {
        Self::shipped_names().map(Self::named).collect()
    }

    /// Whether the entry stands for the shipped plugins that are not named otherwise.
    pub(super) fn stands_for_others(&self) -> bool {
        self.name.as_deref() == Some(ALL_OTHERS)
    }

    /// The score that ships with the engine.
    pub fn shipped_score() -> Self {
        Self::named(SHIPPED_SCORE)
    }

    /// The plugin in a library, with defaults for all else.
    pub fn at(path: PathBuf) -> Self {
        Self { name: None, path: Some(path), ..Self::named("") }
    }

    /// Checks what the schema alone cannot say.
    pub(super) fn check(&self) -> Result<(), KeyProblem> {
        if self.name.is_none() && self.path.is_none() {
            return Err(KeyProblem::new("", "a plugin needs a `name` or a `path`"));
        }
        if self.stands_for_others() {
            let of_one = [
                ("path", self.path.is_some()),
                ("blake3", self.blake3.is_some()),
                ("config", self.config != empty_table()),
            ];
            if let Some((key, _)) = of_one.iter().find(|(_, is_given)| *is_given) {
                let message =
                    format!("`*` stands for several plugins, and `{key}` is for one: name that plugin");
                return Err(KeyProblem::new(format!("/{key}"), message));
            }
        } else if self.name.as_deref().is_some_and(|name| !is_name(name)) {
            let message = "a plugin's `name` has letters, digits, - and _ only; a file is named by `path`";
            return Err(KeyProblem::new("/name", message));
        }
        let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if self.blake3.as_ref().is_some_and(|pin| !is_hash(pin)) {
            let problem = KeyProblem::new("/blake3", "`blake3` is a hash of 64 hex digits");
            return Err(problem.with_hint(ConfigHint::LibraryHash));
        }
        let is_python = self.path.as_deref().is_some_and(host::is_python);
        if is_python && self.isolation == Some(Isolation::None) {
            let message = "a plugin in Python always has processes of its own: leave `isolation` out";
            return Err(KeyProblem::new("/isolation", message));
        }
        if self.python.is_some() && self.path.is_some() && !is_python {
            let message = "`python` is for a plugin in Python, whose `path` ends in .py";
            return Err(KeyProblem::new("/python", message));
        }
        if self.timeout.is_some() && !self.may_be_apart() {
            let message = "`timeout` needs isolation = \"process\": what hangs in the run's own process cannot be ended";
            return Err(KeyProblem::new("/timeout", message));
        }
        self.timeout().map(drop)
    }

    /// Whether the plugin may run in processes of its own. What a name stands for that is not linked in is seen when it is looked up.
    fn may_be_apart(&self) -> bool {
        match (self.isolation, &self.path) {
            (Some(isolation), _) => isolation == Isolation::Process,
            (None, Some(path)) => host::is_python(path),
            (None, None) => !self.stands_for_others() && !self.is_linked(),
        }
    }

    fn is_linked(&self) -> bool {
        let has_the_name = |plugin| host::describe(plugin).is_ok_and(|known| Some(known.name) == self.name);
        built_in().into_iter().any(has_the_name)
    }

    fn timeout(&self) -> Result<Option<Duration>, KeyProblem> {
        let Some(text) = &self.timeout else { return Ok(None) };
        let wrong = |message: String| Err(KeyProblem::new("/timeout", message));
        match humantime::parse_duration(text) {
            Ok(timeout) if !timeout.is_zero() => Ok(Some(timeout)),
            Ok(_) => wrong("`timeout` must be longer than nothing".to_owned()),
            Err(e) => wrong(format!("`timeout` is a time such as \"5s\" or \"500ms\", not \"{text}\": {e}")),
        }
    }

    /// What the host needs to load the plugin: a plugin that scores is told what the feedback is for, and takes the path of
    /// its model from `folder`.
    pub fn spec(&self, purpose: Purpose, folder: Option<&Path>) -> host::PluginSpec {
        host::PluginSpec {
            name: self.name.clone().unwrap_or_default(),
            path: self.path.clone(),
            blake3: self.blake3.clone(),
            config: self.config.clone(),
            purpose,
            folder: folder.map(Path::to_owned),
            python: self.python.clone(),
            isolation: match self.isolation {
                None => host::Isolation::Usual { timeout: self.timeout().unwrap_or_default() },
                Some(Isolation::None) => host::Isolation::None,
                Some(Isolation::Process) => {
                    host::Isolation::Process { timeout: self.timeout().unwrap_or_default() }
                }
            },
            on_fault: match self.on_fault {
                OnFault::Escalate => host::OnFault::Escalate,
                OnFault::Abort => host::OnFault::Abort,
            },
            max_faults: self.max_faults,
        }
    }
}
