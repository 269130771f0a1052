//! `rejoinder plugin`: the plugin author's workbench, from a template to figures on a corpus.

mod bench;
pub(super) mod check;
mod config;
mod effect;
mod inspect;
mod list;
mod new;
mod verb;

use config::plugin_config;
pub(super) use verb::{PluginArgs, main};
