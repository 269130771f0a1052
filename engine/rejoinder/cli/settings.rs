//! The config in force: the file, the environment, and the flags that many verbs take, in groups, so that a verb offers those that
//! it uses.

use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_read::{Duplicates, Format};
use rejoinder_scan::config::{EffectiveConfig, FOUND_CONFIG, UnitName};

use super::absolute;
use super::terminal::remark;
use crate::failure::Failure;

/// Which config file is used.
#[derive(Debug, Args)]
#[command(next_help_heading = "Config")]
pub(super) struct ConfigFileArgs {
    /// Config file [default: rejoinder.toml in this folder, if there]
    ///
    /// A rejoinder.toml that lies in the current folder is used where no file is named. Since somebody else may have put it there, it
    /// loads no plugin by its path, writes no file, reads only what lies in its folder, and asks no judge with a key or on another
    /// machine, unless it is named.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Use no config file
    #[arg(long, conflicts_with = "config")]
    no_config: bool,
}

impl ConfigFileArgs {
    /// Whether the command line says which config is used, or that none is.
    pub(super) const fn is_said(&self) -> bool {
        self.config.is_some() || self.no_config
    }

    /// The file that the user named.
    pub(super) fn named(&self) -> Option<&Path> {
        self.config.as_deref()
    }
}

/// How records are read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct ReadingArgs {
    /// Shape of the records [default: told by their content]
    ///
    /// Such as openai, sharegpt or langfuse; `rejoinder inspect --why` names all.
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Read every record by itself
    ///
    /// Calls of a session, pieces of a conversation and what repeats are not joined then.
    #[arg(long)]
    no_join: bool,
    /// Name a key of an unknown shape
    ///
    /// KEY is id, messages, role, content, or roles.NAME, such as messages=payload.history or roles.caller=user. May be repeated.
    #[arg(long, value_name = "KEY=NAME")]
    map: Vec<String>,
    /// Leave out other languages than these, such as en,de,und
    ///
    /// ISO 639 codes; und stands for those that cannot be told.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    lang: Vec<String>,
    /// Leave out what stands before: exact, near, or keep all
    ///
    /// Near is the same but for case, punctuation and spacing.
    #[arg(long, value_name = "KIND", value_parser = ["keep", "exact", "near"], hide_possible_values = true)]
    duplicates: Option<String>,
    /// Leave out conversations with fewer messages
    ///
    /// 4 is the paper's choice.
    #[arg(long, value_name = "N")]
    min_messages: Option<usize>,
}

/// Where plugins are looked for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Config")]
pub(super) struct PluginFolderArgs {
    /// Folder to search for plugins given by name; repeatable
    #[arg(long, value_name = "DIR")]
    plugin_dir: Vec<PathBuf>,
}

/// What the judge is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judge")]
pub(super) struct AskingArgs {
    /// Greatest number of HTTP requests to the judge
    #[arg(long, value_name = "N")]
    calls: Option<u64>,
    #[command(flatten)]
    scope: AskingScopeArgs,
}

/// About what the judge is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judge")]
pub(super) struct AskingScopeArgs {
    /// Ask about every conversation, whole: the paper's method
    ///
    /// Whatever rules and plugins say, to compare with.
    #[arg(long)]
    judge_all: bool,
}

/// What part the learned score takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Score")]
pub(super) struct ScoreArgs {
    /// Recall of the cut that ships with the score [default: 0.9]
    ///
    /// 0.8, 0.9 or 0.95: so much feedback the cut kept on the labels that it was measured on. Of other dialogues that is an assumption.
    #[arg(long, value_name = "SHARE")]
    assumed_recall: Option<f64>,
    /// Leave the learned score out: rules and plugins alone
    #[arg(long, conflicts_with_all = ["assumed_recall", "without_judge"])]
    no_score: bool,
    /// Ask nobody: what the score is sure of is accepted
    ///
    /// All that neither rules nor the score accept is rejected.
    #[arg(long, conflicts_with = "assumed_recall")]
    without_judge: bool,
    /// Share of what the score accepts that is right [default: 0.85]
    ///
    /// 0.8, 0.85, 0.9 or 0.95, on the labels that the score was measured on.
    #[arg(long, value_name = "SHARE", requires = "without_judge")]
    precision: Option<f64>,
}

/// A group of flags that set keys of the config.
pub(super) trait ConfigFlags {
    /// Puts what the flags say over a config.
    ///
    /// # Errors
    /// If a flag's value cannot be used.
    fn put_over(&self, config: &mut EffectiveConfig) -> Result<(), Failure>;
}

/// The config in force, with the origin of each value: the file's, or the default, under the environment, under the flags. Tells
/// the user first of all which file nobody named, and what it switches off.
///
/// # Errors
/// If file, environment or flags say what cannot be used.
pub(super) fn effective_config(
    file: &ConfigFileArgs,
    flags: &[&dyn ConfigFlags],
) -> Result<EffectiveConfig, Failure> {
    let mut config = match found_config(file.is_said()) {
        Some(found) => {
            let config = EffectiveConfig::load_found(found)?;
            tell_found();
            config
        }
        None => EffectiveConfig::load(file.config.as_deref())?,
    };
    let mut off = config.config.switched_off();
    off.keep_absent(&config.config.rules.packs);
    if let Some(name) = config.file().filter(|_| !off.is_empty()) {
        remark(&format!("{name} switches off: {off}"));
    }
    put_flags(&mut config, flags)?;
    Ok(config)
}

/// Puts flags over a config.
///
/// # Errors
/// If the flags say what cannot be used.
pub(super) fn put_flags(config: &mut EffectiveConfig, flags: &[&dyn ConfigFlags]) -> Result<(), Failure> {
    for group in flags {
        group.put_over(config)?;
    }
    config.config.input.check().map_err(|problem| Failure::usage(problem.message))
}

/// The config in the current folder, unless the command line says which is used.
pub(super) fn found_config(is_said: bool) -> Option<&'static Path> {
    let file = Path::new(FOUND_CONFIG);
    (!is_said && file.is_file()).then_some(file)
}

/// Tells the user that a config is used that nobody named.
pub(super) fn tell_found() {
    remark(&format!("config: {FOUND_CONFIG} in this folder (--no-config: without it)"));
}

impl ConfigFlags for ReadingArgs {
    fn put_over(&self, config: &mut EffectiveConfig) -> Result<(), Failure> {
        for entry in &self.map {
            set_mapping(config, entry)?;
        }
        if let Some(format) = self.format {
            config.config.input.format = Some(format);
            config.set_by_flag("input.format", "--format");
        }
        if self.no_join {
            config.config.input.join = false;
            config.set_by_flag("input.join", "--no-join");
        }
        if !self.lang.is_empty() {
            config.config.input.lang.clone_from(&self.lang);
            config.set_by_flag("input.lang", "--lang");
        }
        if let Some(kind) = &self.duplicates {
            config.config.input.duplicates = match kind.as_str() {
                "exact" => Duplicates::Exact,
                "near" => Duplicates::Near,
                _ => Duplicates::Keep,
            };
            config.set_by_flag("input.duplicates", "--duplicates");
        }
        if let Some(messages) = self.min_messages {
            config.config.input.min_messages = messages;
            config.set_by_flag("input.min-messages", "--min-messages");
        }
        Ok(())
    }
}

/// Names a key of the input's shape, as `KEY=NAME` says.
fn set_mapping(config: &mut EffectiveConfig, entry: &str) -> Result<(), Failure> {
    let (key, name) = entry.split_once('=').ok_or_else(|| {
        Failure::usage(format!("--map {entry}: expected KEY=NAME, such as messages=history"))
    })?;
    let map = &mut config.config.input.map;
    let name = name.to_owned();
    match key.split_once('.') {
        Some(("roles", source)) => {
            map.roles.insert(source.to_owned(), name);
        }
        _ => match key {
            "id" => map.id = Some(name),
            "messages" => map.messages = Some(name),
            "role" => map.role = Some(name),
            "content" => map.content = Some(name),
            _ => {
                return Err(Failure::usage(format!(
                    "--map {entry}: the keys are id, messages, role, content and roles.NAME"
                )));
            }
        },
    }
    config.set_by_flag(format!("input.map.{key}"), "--map");
    Ok(())
}

impl ConfigFlags for PluginFolderArgs {
    fn put_over(&self, config: &mut EffectiveConfig) -> Result<(), Failure> {
        for dir in &self.plugin_dir {
            config.config.plugin_dirs.push(absolute(dir)?);
            config.set_by_flag("plugin-dirs", "--plugin-dir");
        }
        Ok(())
    }
}

impl ConfigFlags for ScoreArgs {
    fn put_over(&self, config: &mut EffectiveConfig) -> Result<(), Failure> {
        if let Some(recall) = self.assumed_recall {
            config.config.cascade.assumed_recall = recall;
            config.set_by_flag("cascade.assumed-recall", "--assumed-recall");
        }
        if self.no_score {
            config.config.cascade.score = false;
            config.set_by_flag("cascade.score", "--no-score");
        }
        if self.without_judge {
            config.config.cascade.without_judge = true;
            config.set_by_flag("cascade.without-judge", "--without-judge");
        }
        if let Some(precision) = self.precision {
            config.config.cascade.precision = precision;
            config.set_by_flag("cascade.precision", "--precision");
        }
        config.config.check_flags().map_err(|why| Failure::usage(why.to_string()))
    }
}

impl ConfigFlags for AskingArgs {
    fn put_over(&self, config: &mut EffectiveConfig) -> Result<(), Failure> {
        if let Some(calls) = self.calls {
            config.config.budget.calls = Some(calls);
            config.set_by_flag("budget.calls", "--calls");
        }
        self.scope.put_over(config)
    }
}

impl ConfigFlags for AskingScopeArgs {
    fn put_over(&self, config: &mut EffectiveConfig) -> Result<(), Failure> {
        if self.judge_all {
            config.config.judge.all = true;
            config.config.judge.unit = UnitName::Conversation;
            config.set_by_flag("judge.all", "--judge-all");
            config.set_by_flag("judge.unit", "--judge-all");
        }
        Ok(())
    }
}
