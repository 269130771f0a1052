//! The config in force: the file, the environment, and the flags that many verbs take.

use std::path::PathBuf;

use clap::Args;
use rejoinder_read::{Duplicates, Format};
use rejoinder_scan::Engine;
use rejoinder_scan::config::{EffectiveConfig, UnitName};

use super::absolute;
use crate::failure::Failure;

/// What flags may set in the config.
#[derive(Debug, Args)]
pub(super) struct SettingsArgs {
    /// Config file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Shape of the records, such as openai, sharegpt or langfuse; `inspect --why` names all [default: told by the content]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Read every record by itself: join no calls of a session, no pieces, nothing that repeats
    #[arg(long)]
    no_join: bool,
    /// Names a key of the input's shape: id, messages, role, content, or roles.NAME
    #[arg(long, value_name = "KEY=NAME")]
    map: Vec<String>,
    /// Leave out conversations in other languages: ISO 639 codes, such as en,de, and und
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    lang: Vec<String>,
    /// Leave out conversations that stand in the input before: exact, or near (but for case, punctuation, spacing)
    #[arg(long, value_name = "KIND", value_parser = ["keep", "exact", "near"])]
    duplicates: Option<String>,
    /// Leave out conversations with fewer messages (4 = the paper's choice)
    #[arg(long, value_name = "N")]
    min_messages: Option<usize>,
    /// Folder to search for plugins given by name; may be repeated
    #[arg(long, value_name = "DIR")]
    plugin_dir: Vec<PathBuf>,
    /// Greatest number of HTTP requests to the judge
    #[arg(long, value_name = "N")]
    calls: Option<u64>,
    /// Ask the judge about every conversation, whole, whatever rules and plugins say: the paper's method, to compare with
    #[arg(long)]
    judge_all: bool,
}

/// Rules and plugins as the config in force has them.
pub(super) fn build_engine(args: &SettingsArgs) -> Result<Engine, Failure> {
    Ok(Engine::of(&effective_config(args)?)?)
}

/// The config in force, with the origin of each value: the file's, or the default, under the environment, under the
/// flags.
pub(super) fn effective_config(args: &SettingsArgs) -> Result<EffectiveConfig, Failure> {
    let mut config = EffectiveConfig::load(args.config.as_deref())?;
    for entry in &args.map {
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
    }
    if let Some(format) = args.format {
        config.config.input.format = Some(format);
        config.set_by_flag("input.format", "--format");
    }
    if args.no_join {
        config.config.input.join = false;
        config.set_by_flag("input.join", "--no-join");
    }
    if !args.lang.is_empty() {
        config.config.input.lang.clone_from(&args.lang);
        config.set_by_flag("input.lang", "--lang");
    }
    if let Some(kind) = &args.duplicates {
        config.config.input.duplicates = match kind.as_str() {
            "exact" => Duplicates::Exact,
            "near" => Duplicates::Near,
            _ => Duplicates::Keep,
        };
        config.set_by_flag("input.duplicates", "--duplicates");
    }
    if let Some(messages) = args.min_messages {
        config.config.input.min_messages = messages;
        config.set_by_flag("input.min-messages", "--min-messages");
    }
    if let Some(calls) = args.calls {
        config.config.budget.calls = Some(calls);
        config.set_by_flag("budget.calls", "--calls");
    }
    if args.judge_all {
        config.config.judge.all = true;
        config.config.judge.unit = UnitName::Conversation;
        config.set_by_flag("judge.all", "--judge-all");
        config.set_by_flag("judge.unit", "--judge-all");
    }
    for dir in &args.plugin_dir {
        config.config.plugin_dirs.push(absolute(dir)?);
        config.set_by_flag("plugin-dirs", "--plugin-dir");
    }
    config.config.input.check().map_err(|problem| Failure::usage(problem.message))?;
    Ok(config)
}
