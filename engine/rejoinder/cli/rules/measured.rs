//! What rules are measured on: chat logs under a config, or a run with its own config and the answers of its judge; and who says what the
//! turns hold.

use std::collections::HashSet;
use std::path::Path;

use rejoinder_authoring::change::{AnswerSource, JudgeAnswers};
use rejoinder_core::{Purpose, RecordId};
use rejoinder_read::InputFile;
use rejoinder_report::numbers::counted;
use rejoinder_run::RunDir;
use rejoinder_run::labels::LabelReader;
use rejoinder_scan::Config;

use crate::cli::label_args::{LabelArgs, label_reader};
use crate::cli::settings::{
    ConfigFileArgs, ConfigFlags, PluginFolderArgs, ReadingArgs, ScoreArgs, effective_config,
};
use crate::cli::{InputRoot, described, find_input};
use crate::failure::Failure;

/// What rules are measured on.
pub(super) struct MeasuredInput {
    /// The config in force.
    pub config: Config,
    /// The files.
    pub files: Vec<InputFile>,
    /// Turns that the run's judge was asked about before any scan.
    pub asked_before: HashSet<RecordId>,
    /// The run's judge, if it has answered.
    judge: Option<JudgeAnswers>,
}

/// Who says what the turns hold.
pub(super) enum MeasuredLabels {
    People(LabelReader),
    Judge(JudgeAnswers),
    Nobody,
}

impl MeasuredInput {
    /// The run that is named, or the chat logs under the config that the flags say.
    ///
    /// # Errors
    /// If the input cannot be read, the config cannot be used, or a run is named beside something else.
    pub(super) fn of(
        inputs: &[String],
        root: &InputRoot,
        file: &ConfigFileArgs,
        (reading, plugins, score): (&ReadingArgs, &PluginFolderArgs, &ScoreArgs),
        purpose: Option<Purpose>,
    ) -> Result<Self, Failure> {
        if let Some(run) = inputs.iter().find(|input| RunDir::is_run(Path::new(input))) {
            if inputs.len() > 1 {
                return Err(Failure::usage(format!(
                    "{run} is a run, and is measured alone: name nothing beside it"
                )));
            }
            if file.named().is_some() {
                return Err(Failure::usage(format!(
                    "{run} is a run, which brings its own config: leave --config out"
                )));
            }
            let opened = find_input(root, RunDir::open(Path::new(run))?.whole()?)?;
            let (mut config, asked_before) = (opened.config(), opened.asked()?);
            let files = opened.manifest.inputs.clone();
            if let Some(purpose) = purpose {
                config.purpose = purpose;
            }
            let judge = Some(JudgeAnswers::of(run, opened)?).filter(|answers| !answers.is_empty());
            return Ok(Self { config, files, asked_before, judge });
        }
        let flags: [&dyn ConfigFlags; 3] = [reading, plugins, score];
        let mut effective = effective_config(file, &flags)?;
        if let Some(purpose) = purpose {
            effective.config.purpose = purpose;
            effective.set_by_flag("for", "--for");
        }
        effective.config.check_flags().map_err(|why| Failure::usage(why.to_string()))?;
        let files = described(inputs, &effective.config.input)?;
        Ok(Self { config: effective.config, files, asked_before: HashSet::new(), judge: None })
    }

    /// Who says what the turns hold: people, where the command line asks for labels, else the run's judge.
    ///
    /// # Errors
    /// If a file of labels cannot be used.
    pub(super) fn labels(&self, args: &LabelArgs, by_flag: bool) -> Result<MeasuredLabels, Failure> {
        let reader = label_reader(args, by_flag)?;
        Ok(match (reader.reads, &self.judge) {
            (true, _) => MeasuredLabels::People(reader),
            (false, Some(judge)) => MeasuredLabels::Judge(judge.clone()),
            (false, None) => MeasuredLabels::Nobody,
        })
    }
}

impl MeasuredLabels {
    /// The answers.
    pub(super) fn source(&self) -> Option<AnswerSource<'_>> {
        match self {
            Self::People(reader) => Some(AnswerSource::Labels(reader)),
            Self::Judge(judge) => Some(AnswerSource::Judge(judge)),
            Self::Nobody => None,
        }
    }

    /// Who says it, and of which turns, in words.
    pub(super) fn words(&self) -> Option<[String; 2]> {
        match self {
            Self::People(reader) => {
                let part = reader.part();
                let of = if part.is_empty() { String::new() } else { format!(" with {part}") };
                Some(["labels".to_owned(), format!("all labelled turns{of}")])
            }
            Self::Judge(judge) => {
                let of = match judge.is_about_all {
                    true => "every turn of the run".to_owned(),
                    false => format!(
                        "{} that waited for the judge in this run, or that its audit drew: no sample of the rest",
                        counted(judge.len() as u64, "turn")
                    ),
                };
                Some(["the run's judge".to_owned(), of])
            }
            Self::Nobody => None,
        }
    }
}
