//! `run --after`: a run that goes on with an earlier one.

use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_run::RunDir;
use rejoinder_run::nights::{self, NightError};
use rejoinder_scan::Engine;
use rejoinder_scan::config::EffectiveConfig;

use super::args::INPUT;
use super::settings::{ConfigFileArgs, ConfigFlags, put_flags};
use super::terminal::remark;
use super::{InputRoot, files, find_input};
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::thousands;
use rejoinder_report::summary::{file_changes, rewritten_files};

/// Which earlier run a run goes on with.
#[derive(Debug, Args)]
#[command(next_help_heading = INPUT)]
pub(super) struct AfterArgs {
    /// Go on with an earlier run: nothing is paid for twice
    ///
    /// Its input is read once more, and INPUT is what has come in since: files that it knows by their content are not taken twice, and
    /// a file that was written to since takes its old place. Replies, judge, cut, learned score, budget and config are its own, whichever
    /// version of rejoinder it was made by. No config file but one that is named is used.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["no_config", "shard"])]
    after: Option<PathBuf>,
    /// Folder where the earlier run's input files lie now
    #[arg(long, value_name = "DIR", requires = "after")]
    input_root: Option<PathBuf>,
}

impl AfterArgs {
    /// The earlier run, which nobody else works on meanwhile, if one is named.
    ///
    /// # Errors
    /// If there is no such run, another process works on it, or its input is not where the flags say.
    pub(super) fn earlier(&self) -> Result<Option<RunDir>, Failure> {
        let Some(path) = &self.after else { return Ok(None) };
        let root = InputRoot { input_root: self.input_root.clone() };
        find_input(&root, RunDir::open_to_change(path)?.whole()?).map(Some)
    }
}

/// The config of a run that goes on with an earlier one: the earlier run's, or that of a file that is named, under the flags, with what the
/// earlier run has found out.
///
/// # Errors
/// If file, environment or flags say what cannot be used.
pub(super) fn config_after(
    earlier: &RunDir,
    file: &ConfigFileArgs,
    flags: &[&dyn ConfigFlags],
) -> Result<EffectiveConfig, Failure> {
    let mut config = match file.named() {
        Some(file) => EffectiveConfig::load(Some(file))?,
        None => EffectiveConfig::over(earlier.manifest.config.clone())?,
    };
    put_flags(&mut config, flags)?;
    nights::keep_findings(earlier, &mut config.config)?;
    Ok(config)
}

/// Makes the folder of a run that goes on with an earlier one, and the engine that a config asks for; tells what is new.
///
/// # Errors
/// If something is wrong with engine or inputs, or nothing is new; then there is no folder.
pub(super) fn begin(
    earlier: &RunDir,
    effective: &EffectiveConfig,
    inputs: &[String],
    out: Option<&Path>,
) -> Result<(RunDir, Engine), Failure> {
    if inputs.iter().any(|input| input == "-") {
        return Err(Failure::usage(
            "--after knows files by their content, and standard input (-) is none: write it into a file first",
        ));
    }
    let further = if inputs.is_empty() { Vec::new() } else { files(inputs)? };
    let (run, engine) = nights::begin_after(earlier, Engine::of(effective)?, &further, out)?;
    if let Some(after) = &run.manifest.after {
        remark(&format!("going on with {}; {}", earlier.path.display(), file_changes(&after.files)));
        rewritten_files(&run.manifest).iter().for_each(|says| remark(says));
        after.changes.iter().for_each(|change| remark(&format!("since then: {change}")));
    }
    Ok((run, engine))
}

impl From<NightError> for Failure {
    fn from(error: NightError) -> Self {
        let fact = error.to_string();
        let anew = |replies: &Path| {
            format!(
                "begin a run without --after; with `replies = {:?}` under [judge] it pays for nothing twice",
                replies.display().to_string()
            )
        };
        match error {
            NightError::NothingNew { waiting: 0, .. } => Self::new(Exit::Nothing, fact),
            NightError::NothingNew { earlier, waiting } => Self::new(
                Exit::Nothing,
                format!(
                    "{fact}\n{} of its turns wait for the judge: rejoinder judge {}",
                    thousands(waiting),
                    earlier.display()
                ),
            ),
            NightError::InputGone { replies, .. } => Self::new(
                Exit::Io,
                format!(
                    "{fact}\nif it was moved, say where it lies now: --input-root DIR. If it is gone for good, {}",
                    anew(&replies)
                ),
            ),
            NightError::InputChanged { file, .. } => Self::invalid(format!(
                "{fact}\nto read it as it is now, name it among the inputs: {}",
                file.display()
            )),
            NightError::OtherRecall { replies, .. } => Self::usage(format!("{fact}: {}", anew(&replies))),
        }
    }
}
