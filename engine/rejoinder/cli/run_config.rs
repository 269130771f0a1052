//! The config for the rest of a run: the run's own, or what takes its place.

use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_run::RunDir;
use rejoinder_scan::config::{BudgetConfig, Config, EffectiveConfig};

use super::args::{CONFIG, JUDGE};
use super::settings::{found_config, tell_found};
use crate::failure::Failure;

/// Who is asked about a run, and within which budget.
#[derive(Debug, Args)]
pub(super) struct RunJudgeArgs {
    /// Config file whose [judge] and [budget] take the run's place
    ///
    /// Without it, the run's own count. Where the run has no judge, a rejoinder.toml in the current folder that names one is used.
    #[arg(long, value_name = "FILE", help_heading = CONFIG)]
    config: Option<PathBuf>,
    /// Use no config file
    #[arg(long, conflicts_with = "config", help_heading = CONFIG)]
    no_config: bool,
    /// Greatest number of requests over the run's whole life
    #[arg(long, value_name = "N", help_heading = JUDGE)]
    calls: Option<u64>,
}

impl RunJudgeArgs {
    /// The config in force for the rest of a run.
    ///
    /// # Errors
    /// If a file or a variable says something that cannot be.
    pub(super) fn config_for(&self, run: &RunDir) -> Result<Config, Failure> {
        let mut config = config_for(run, self.config.as_deref(), None)?;
        if config.judge.base_url.is_none()
            && let Some(file) = found_config(self.config.is_some() || self.no_config)
        {
            let found = EffectiveConfig::load_found(file)?.config;
            if found.judge.base_url.is_some() {
                tell_found();
                config.judge = found.judge;
                // What bounds the run's spending is not lifted by a file that nobody named.
                if config.budget == BudgetConfig::default() {
                    config.budget = found.budget;
                }
            }
        }
        config.budget.calls = self.calls.or(config.budget.calls);
        Ok(config)
    }
}

/// The config in force for the rest of a run: the config of `file`, or else of the run, under the environment, and with so
/// many calls.
///
/// # Errors
/// If the file or a variable says something that cannot be.
pub(super) fn config_for(run: &RunDir, file: Option<&Path>, calls: Option<u64>) -> Result<Config, Failure> {
    let mut config = match file {
        Some(path) => EffectiveConfig::load(Some(path))?.config,
        None => EffectiveConfig::over(run.manifest.config.clone())?.config,
    };
    config.budget.calls = calls.or(config.budget.calls);
    Ok(config)
}
