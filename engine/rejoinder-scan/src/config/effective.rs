//! The config in force, and where each value comes from: flags over environment over file over defaults.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use rejoinder_core::diagnostic::did_you_mean;
use rejoinder_host::LoadError;
use serde_json::Value;

use super::file::FileChoice;
use super::keys::{self, PREFIX};
use super::origin::origins_in_file;
use super::{Config, ConfigText, KeyProblem, ValueOrigin, found};
use crate::error::{ConfigError, ConfigHint};

/// Variables with the prefix that are no keys of the config: of the plugin host, and of this repository's tests.
const OTHER_VARIABLES: [&str; 6] = [
    "REJOINDER_PLUGIN_PATH",
    "REJOINDER_CORPUS",
    "REJOINDER_LLAMA_SERVER",
    "REJOINDER_TINY_MIXTRAL",
    "REJOINDER_SMOLLM2",
    "REJOINDER_PYTHON",
];
/// The prefix of further variables of tests.
const TEST_PREFIX: &str = "REJOINDER_TEST_";

/// A config with the origin of its values.
#[derive(Clone, Debug, Default)]
pub struct EffectiveConfig {
    /// The config in force.
    pub config: Config,
    /// By key, the origins of the values that are not defaults.
    origins: BTreeMap<String, ValueOrigin>,
    /// The file, if there is one.
    text: Option<ConfigText>,
}

impl EffectiveConfig {
    /// The config of a file that the user named, or the default, under the environment's.
    ///
    /// # Errors
    /// If the file or a variable holds a value that cannot be used, or a variable is no key.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::read(file, FileChoice::Named)
    }

    /// The config of a file that was found, and that nobody named, under the environment's. It may be part of a folder that
    /// somebody else made: it runs no code of that folder, writes no file, reads only what lies in the folder, and asks no judge
    /// with a key or on another machine.
    ///
    /// # Errors
    /// As [`Self::load`], and if the file says what it must not; with file, line and column.
    pub fn load_found(file: &Path) -> Result<Self, ConfigError> {
        let effective = Self::read(Some(file), FileChoice::Found)?;
        if let (Some(text), ValueOrigin::File(..)) = (&effective.text, effective.origin("judge.base-url")) {
            found::check_key(&effective.config).map_err(|problem| problem.in_file(text))?;
        }
        Ok(effective)
    }

    fn read(file: Option<&Path>, choice: FileChoice) -> Result<Self, ConfigError> {
        let mut effective = Self::default();
        if let Some(path) = file {
            let (config, text) = Config::load(path, choice)?;
            effective = Self { config, origins: origins_in_file(&text), text: Some(text) };
        }
        effective.apply(std::env::vars_os())?;
        Ok(effective)
    }

    /// A config that was written down, under the environment's.
    ///
    /// # Errors
    /// If a variable holds a value that cannot be used, or is no key.
    pub fn over(config: Config) -> Result<Self, ConfigError> {
        let mut effective = Self { config, origins: BTreeMap::new(), text: None };
        effective.apply(std::env::vars_os())?;
        Ok(effective)
    }

    /// Why a plugin of this config was not loaded, with the place in the file where there is one.
    pub fn about_plugin(&self, error: &LoadError) -> ConfigError {
        match &self.text {
            Some(text) => text.about_plugin(error),
            None => ConfigError::new(error.to_string()),
        }
    }

    /// What is wrong with a key of a plugin of this config, with the place in the file where there is one.
    pub(crate) fn about_plugin_key(&self, plugin: usize, key: &str, message: &str) -> ConfigError {
        match &self.text {
            Some(text) => text.about_plugin_key(plugin, key, message),
            None => ConfigError::new(message),
        }
    }

    /// The file, as it was named or found.
    pub fn file(&self) -> Option<&str> {
        self.text.as_ref().map(|text| text.name.as_str())
    }

    /// Where the value of a key comes from.
    fn origin(&self, key: &str) -> ValueOrigin {
        self.origins.get(key).cloned().unwrap_or_default()
    }

    /// Where the config names the plugin in a place of the list in force.
    pub fn plugin_origin(&self, place: usize) -> ValueOrigin {
        let said = ["path", "name"].map(|key| self.origin(&format!("plugin[{place}].{key}")));
        said.into_iter().find(|origin| *origin != ValueOrigin::default()).unwrap_or_default()
    }

    /// Notes that a flag set a key.
    pub fn set_by_flag(&mut self, key: impl Into<String>, flag: &'static str) {
        self.origins.insert(key.into(), ValueOrigin::Flag(flag));
    }

    /// All values by key, each with its origin.
    pub fn values(&self) -> Vec<(String, Value, ValueOrigin)> {
        let values = self.config.values().into_iter();
        values
            .map(|(key, value)| {
                let origin = self.origin(&key);
                (key, value, origin)
            })
            .collect()
    }

    fn apply(&mut self, variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), ConfigError> {
        let keys = keys::keys();
        let mut unknown = Vec::new();
        let mut ours: Vec<(String, OsString)> = variables
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        ours.sort();
        for (variable, value) in ours {
            let Some(key) = keys.iter().find(|k| k.variable == variable) else {
                unknown.push(variable);
                continue;
            };
            let wrong =
                |why: &dyn fmt::Display| ConfigError::new(format!("{variable} ({}): {why}", key.name));
            let text = value.into_string().map_err(|_| wrong(&"the value is not UTF-8"))?;
            let value = match () {
                () if text.is_empty() && key.is_optional => Value::Null,
                () if key.is_text => Value::String(text),
                () => serde_json::from_str(&text)
                    .map_err(|_| wrong(&format!("`{}` is no number or truth value", text.escape_debug())))?,
            };
            let mut all = serde_json::to_value(&self.config).expect("a config is plain data");
            *all.pointer_mut(&key.pointer).expect("a config writes all its keys") = value;
            self.config = serde_json::from_value(all).map_err(|e| wrong(&e))?;
            self.origins.insert(key.name.clone(), ValueOrigin::Environment(variable));
        }
        // Of all together: one may be what another needs.
        self.config.check().map_err(|KeyProblem { pointer, message: why, .. }| {
            let key = keys.iter().find(|k| k.pointer == pointer && self.origins.contains_key(&k.name));
            let of = key.map_or_else(String::new, |k| format!("{} ({}): ", k.variable, k.name));
            ConfigError::new(format!("{of}{why}"))
        })?;
        if let Some(replies) = &mut self.config.judge.replies {
            // One of the file is absolute by now; the environment's is relative to where the command runs.
            *replies = std::path::absolute(&*replies).unwrap_or_else(|_| replies.clone());
        }
        let is_other = |name: &String| {
            OTHER_VARIABLES.contains(&name.as_str())
                || name.starts_with(TEST_PREFIX)
                || self.config.judge.api_key_env.as_ref() == Some(name)
        };
        match unknown.into_iter().find(|name| !is_other(name)) {
            None => Ok(()),
            Some(name) => {
                let known: Vec<&str> = keys.iter().map(|k| k.variable.as_str()).collect();
                let fact =
                    format!("the environment variable {} names no key of the config", name.escape_debug());
                match Some(did_you_mean(&name, &known)).filter(|help| help.starts_with("did you mean")) {
                    Some(help) => Err(ConfigError::new(format!("{fact}; {help}"))),
                    None => Err(ConfigError::new(fact).with_hint(Some(ConfigHint::KnownKeys))),
                }
            }
        }
    }
}

impl Config {
    /// All values by key, `judge.base-url` or `plugin[0].name`, sorted; `null` is unset.
    pub fn values(&self) -> Vec<(String, Value)> {
        let mut all = serde_json::to_value(self).expect("a config is plain data");
        for plugin in all["plugin"].as_array_mut().into_iter().flatten() {
            for key in ["candidates", "python"] {
                // A config does not write these where they are unset; an index makes them null.
                let _ = &mut plugin[key];
            }
        }
        let mut values = Vec::new();
        flatten(all, String::new(), &mut values);
        values
    }

    /// What differs in `now` and decides about turns, in words. Judge and budget may change during a run's life, but
    /// not what is asked about (unit, window, turns that share a request), for which the waiting turns are written down.
    /// The isolation of a plugin, its interpreter, and the number of its failures that are borne may change, too.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let decides = |key: &str| match key.split_once('.') {
            Some(("judge", key)) => {
                // What a prompt shows of a question, and how many questions share it, is chosen when the judge is asked.
                matches!(key, "all" | "unit")
            }
            Some(("budget", _)) => false,
            Some((plugin, key)) if plugin.starts_with("plugin[") => {
                !matches!(key, "isolation" | "python" | "timeout" | "on-fault" | "max-faults")
            }
            _ => true,
        };
        self.compared(now, decides)
    }

    /// What differs in `now`, in words, whether anything depends on it or not.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        self.compared(now, |_| true)
    }

    /// What differs in `now` among the keys that `counts` says, in words.
    fn compared(&self, now: &Self, counts: impl Fn(&str) -> bool) -> Vec<String> {
        let of = |config: &Self| -> BTreeMap<String, Value> {
            config.values().into_iter().filter(|(key, _)| counts(key)).collect()
        };
        let (then, now) = (of(self), of(now));
        let keys: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        let show = |value: Option<&Value>| value.map_or_else(|| "not there".to_owned(), Value::to_string);
        keys.into_iter()
            .filter(|key| then.get(*key) != now.get(*key))
            .map(|key| format!("{key}: was {}, is {}", show(then.get(key)), show(now.get(key))))
            .collect()
    }
}

fn flatten(value: Value, key: String, values: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                let inner = if key.is_empty() { name } else { format!("{key}.{name}") };
                flatten(field, inner, values);
            }
        }
        Value::Array(items) if items.first().is_some_and(Value::is_object) => {
            for (index, item) in items.into_iter().enumerate() {
                flatten(item, format!("{key}[{index}]"), values);
            }
        }
        leaf => values.push((key, leaf)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(variables: &[(&str, &str)]) -> Result<EffectiveConfig, ConfigError> {
        let mut effective = EffectiveConfig::default();
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        effective.apply(variables).map(|()| effective)
    }

    #[test]
    fn every_variable_sets_its_key_and_the_origin_says_so() {
        for key in keys::keys() {
            let value = match key.name.as_str() {
                "for" => "kto",
                "cascade.accept-unlike" | "cascade.score" => "true",
                "cascade.without-judge" => "false",
                "cascade.assumed-recall" | "cascade.precision" => "0.8",
                name if name.starts_with("cascade.") => "0.5",
                "input.format" => "oasst",
                "input.duplicates" => "near",
                "rules.other-languages" => "ask",
                "judge.base-url" => "http://localhost/v1",
                "judge.unit" => "conversation",
                "judge.answer" => "json",
                "judge.replies" | "judge.tokenizer" => "/tmp/file",
                "judge.constraint" => "grammar",
                "judge.span" => "ask",
                _ if key.is_text => "some-text",
                "judge.all" => "true",
                "input.join" => "false",
                _ => "7",
            };
            // A limit needs a price.
            let prices = ["INPUT", "GPU_SECONDS_INPUT"].map(|name| format!("REJOINDER_JUDGE_PRICE_{name}"));
            let mut variables = vec![(key.variable.as_str(), value)];
            variables.extend(prices.iter().map(|name| (name.as_str(), "7")));
            // And a purpose a score that decides.
            variables.push(("REJOINDER_CASCADE_RECALL", "0.5"));
            let effective = applied(&variables).unwrap();
            let (_, found, origin) =
                effective.values().into_iter().find(|(name, ..)| *name == key.name).unwrap();
            let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            let found = found.strip_suffix(".0").unwrap_or(&found).to_owned();
            assert_eq!((found.as_str(), origin), (value, ValueOrigin::Environment(key.variable.clone())));
            assert_ne!(effective.config, Config::default(), "{}", key.name);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_variable_and_the_reason() {
        for (name, value, expected) in [
            ("REJOINDER_BUDGET_CALLS", "many", "REJOINDER_BUDGET_CALLS (budget.calls): `many` is no number"),
            ("REJOINDER_BUDGET_CALLS", "-1", "invalid value"),
            ("REJOINDER_JUDGE_UNIT", "trun", "unknown variant"),
            ("REJOINDER_JUDGE_BASE_URL", "ftp://x", "begins with http"),
            ("REJOINDER_OUTPUT_PART_MIB", "0", "at least 1"),
            ("REJOINDER_JUDGE_MODLE", "x", "did you mean `REJOINDER_JUDGE_MODEL`?"),
            ("REJOINDER_FROBNICATE", "x", "names no key of the config"),
            ("REJOINDER_FORMAT", "1", "names no key of the config"),
        ] {
            let error = applied(&[(name, value)]).map(|e| e.config).unwrap_err().to_string();
            assert!(error.contains(expected), "{name}={value}: {error}");
        }
    }

    #[test]
    fn a_variable_unlike_all_keys_hints_at_the_list_of_keys() {
        let hint = |name| applied(&[(name, "x")]).map(|e| e.config).unwrap_err().hint;
        assert_eq!(hint("REJOINDER_FROBNICATE"), Some(ConfigHint::KnownKeys));
        assert_eq!(hint("REJOINDER_JUDGE_MODLE"), None, "the message names the key");
    }

    #[test]
    fn what_is_no_hash_of_a_library_hints_at_the_hash() {
        let text = "format = 1\n[[plugin]]\nname = \"a\"\nblake3 = \"x\"\n";
        let error = Config::from_toml(text).unwrap_err();
        assert_eq!(error.hint, Some(ConfigHint::LibraryHash));
        assert!(error.to_string().contains("the config:4:"), "{error}");
    }

    #[test]
    fn variables_that_are_not_the_configs_are_left_alone() {
        let others = [
            ("REJOINDER_PLUGIN_PATH", "x"),
            ("REJOINDER_TEST_SEED", "x"),
            ("REJOINDER_KEY", "secret"),
            ("REJOINDER_JUDGE_API_KEY_ENV", "REJOINDER_KEY"),
            ("PATH", "x"),
        ];
        assert_eq!(applied(&others).unwrap().config.judge.api_key_env.as_deref(), Some("REJOINDER_KEY"));
        assert_eq!(applied(&[("REJOINDER_BUDGET_CALLS", "")]).unwrap().config, Config::default());
    }
}
