//! The config file: the keys, the defaults, and the checks.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rejoinder_core::Purpose;
use rejoinder_core::diagnostic::did_you_mean;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BudgetConfig, CascadeSection, ConfigText, InputConfig, JudgeSection, KeyProblem, OutputConfig,
    PluginConfig, ReportConfig, RulesConfig, found, keys,
};
use crate::error::ConfigError;

/// The config format that this engine reads.
const FORMAT: u32 = 1;
/// Configs are written by people: longer ones are something else.
const MAX_BYTES: u64 = 16 << 20;

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
    /// Which plugins run, in this order; without it the shipped plugins `rephrase` and `context`, and none where it is `[]`.
    #[serde(default = "PluginConfig::shipped", rename = "plugin")]
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
    /// What the scan counts for the report.
    #[serde(default)]
    pub report: ReportConfig,
    /// The folder from which a plugin that scores takes the path of its model; the file itself does not say it.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

impl Default for Config {
    /// What runs when no config is given: the shipped packs and the shipped plugins.
    fn default() -> Self {
        Self {
            format: FORMAT,
            purpose: Purpose::ALL,
            input: InputConfig::default(),
            rules: RulesConfig::default(),
            plugins: PluginConfig::shipped(),
            plugin_dirs: Vec::new(),
            cascade: CascadeSection::default(),
            judge: JudgeSection::default(),
            budget: BudgetConfig::default(),
            output: OutputConfig::default(),
            report: ReportConfig::default(),
            folder: None,
        }
    }
}

impl Config {
    /// Reads a config file, which was named or found; also gives its text.
    ///
    /// # Errors
    /// If the file cannot be read, holds a value that cannot be used, or one that a config must not say that nobody named; with
    /// file, line and column.
    pub(super) fn load(path: &Path, choice: FileChoice) -> Result<(Self, ConfigText), ConfigError> {
        let text = read_bounded(path)
            .map_err(|e| ConfigError::new(format!("cannot read the config {}: {e}", path.display())))?;
        let mut text = ConfigText { name: path.display().to_string(), text, plugins: Vec::new() };
        let mut config = Self::parse(&text)?;
        // The parent of a bare name is empty, and no folder.
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = whole.parent().unwrap_or_else(|| Path::new(""));
        config.resolve_paths(folder);
        if choice == FileChoice::Found {
            found::check(&config, folder).map_err(|problem| problem.in_file(&text))?;
        }
        text.plugins = config.name_shipped();
        Ok((config, text))
    }

    /// Reads a config from a text; paths in it stay as they are.
    ///
    /// # Errors
    /// If the text holds a value that cannot be used; with line and column.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let name = "the config".to_owned();
        let mut config = Self::parse(&ConfigText { name, text: text.to_owned(), plugins: Vec::new() })?;
        config.name_shipped();
        Ok(config)
    }

    /// The config that a text says, with `*` where the text has it.
    fn parse(text: &ConfigText) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(&text.text).map_err(|e| {
            let (message, help) = explain(e.message().trim_end());
            text.at(e.span().unwrap_or(0..0), message, &help)
        })?;
        config.check_stars().and_then(|()| config.check()).map_err(|problem| problem.in_file(text))?;
        Ok(config)
    }

    /// Checks a config after flags have changed it.
    ///
    /// # Errors
    /// If a value cannot be used.
    pub fn check_flags(&self) -> Result<(), ConfigError> {
        self.check().map_err(|problem| ConfigError::new(problem.message))
    }

    /// Checks what the schema alone cannot say.
    pub(super) fn check(&self) -> Result<(), KeyProblem> {
        let wrong = |pointer: &str, message: &str| Err(KeyProblem::new(pointer, message));
        if self.format != FORMAT {
            let message = format!("config format {} is not known; this engine reads {FORMAT}", self.format);
            return wrong("/format", &message);
        }
        self.input.check().map_err(|problem| problem.under("/input"))?;
        for (index, plugin) in self.plugins.iter().enumerate() {
            plugin.check().map_err(|problem| problem.under(&format!("/plugin/{index}")))?;
        }
        self.cascade.check(self.purpose)?;
        if self.cascade.without_judge && self.judge.all {
            return wrong(
                "/cascade/without-judge",
                "`without-judge` asks nobody, and [judge] has `all = true`, which asks about everything: leave one out",
            );
        }
        self.judge.check().map_err(|problem| problem.under("/judge"))?;
        self.budget.check(&self.judge).map_err(|problem| problem.under("/budget"))?;
        self.report.check().map_err(|problem| problem.under("/report"))?;
        if self.output.part_mib == 0 {
            return wrong("/output/part-mib", "`part-mib` must be at least 1");
        }
        Ok(())
    }

    /// Whether a score may decide by this config: where the judge is asked about everything, only if a score is asked for.
    pub(crate) fn scores(&self) -> bool {
        if self.judge.all { self.cascade.is_told() } else { self.cascade.is_scored() }
    }

    /// Lets every later turn be scored for a purpose, without cuts: as is done to find the cuts.
    pub fn score_all_turns(&mut self, purpose: Purpose) {
        self.purpose = purpose;
        self.cascade = CascadeSection { reject_below: Some(0.0), ..CascadeSection::default() };
    }

    fn resolve_paths(&mut self, folder: &Path) {
        // Without the `.` of a `./mine.toml`.
        let resolved = |path: &Path| folder.join(path).components().collect::<PathBuf>();
        let resolve = |path: &mut PathBuf| *path = resolved(path);
        self.plugins.iter_mut().filter_map(|p| p.path.as_mut()).for_each(resolve);
        // One of `$PATH` is named without its folder.
        let in_folder = |path: &&mut PathBuf| path.components().count() > 1;
        self.plugins.iter_mut().filter_map(|p| p.python.as_mut()).filter(in_folder).for_each(resolve);
        self.plugin_dirs.iter_mut().for_each(resolve);
        self.judge.paths().for_each(resolve);
        for name in self.rules.packs.iter_mut().chain(&mut self.judge.prompt) {
            if name.contains(['/', '\\', '.']) {
                *name = resolved(Path::new(name)).display().to_string();
            }
        }
        self.folder = Some(folder.to_owned());
    }
}

/// How a config file came to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileChoice {
    /// The user named the file.
    Named,
    /// The file lay in the folder in which the program runs.
    Found,
}

fn read_bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    match read as u64 > MAX_BYTES {
        true => Err(io::Error::other(format!("it has more than {} MiB", MAX_BYTES >> 20))),
        false => Ok(text),
    }
}

/// A parser's message, and as help the nearest of the names that the parser expected.
fn explain(message: &str) -> (&str, String) {
    let unknown = |m: &str| m.starts_with("unknown field") || m.starts_with("unknown variant");
    if message == "missing field `format`" {
        return (message, "write `format = 1` as the first line".to_owned());
    }
    let Some((what, expected)) = message.split_once(", expected ").filter(|(what, _)| unknown(what)) else {
        return (message, String::new());
    };
    let quoted = |text| -> Vec<&str> { str::split(text, '`').skip(1).step_by(2).collect() };
    match quoted(what).first() {
        Some(given) => (what, did_you_mean(given, &quoted(expected))),
        None => (message, String::new()),
    }
}
