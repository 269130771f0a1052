//! What rules are measured on: chat logs under a config, or a run with its own config and the answers of its judge; and who says what the
//! turns hold.

use std::collections::HashSet;
use std::path::Path;

use rejoinder_authoring::change::{AnswerSource, JudgeAnswers};
use rejoinder_core::{Purpose, RecordId};
use rejoinder_export::labels::selection::TurnSelection;
use rejoinder_read::InputFile;
use rejoinder_report::numbers::counted;
use rejoinder_run::folder::fitted;
use rejoinder_run::guards::KnownAnswers;
use rejoinder_run::judging::Judge;
use rejoinder_run::labels::LabelReader;
use rejoinder_run::{RunDir, RunError};
use rejoinder_scan::config::{EffectiveConfig, RulesConfig};
use rejoinder_scan::{Config, Engine};

use crate::cli::label_args::{LabelArgs, label_reader};
use crate::cli::settings::{ConfigFileArgs, ConfigFlags, effective_config};
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
    /// The judge by whose form and prices asking is reckoned.
    pub judge: Judge,
    origin: Origin,
    /// What the run's judge has answered; `None` where it has answered nothing.
    answers: Option<JudgeAnswers>,
}

/// Where the config comes from.
enum Origin {
    Run(Box<RunDir>),
    File(Box<EffectiveConfig>),
}

/// Who says what the turns hold.
pub(super) struct MeasuredLabels<'i> {
    reader: LabelReader,
    judge: Option<&'i JudgeAnswers>,
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
        flags: &[&dyn ConfigFlags],
        purpose: Option<Purpose>,
    ) -> Result<Self, Failure> {
        if inputs.iter().any(|input| input == "-") {
            return Err(Failure::usage(
                "standard input cannot be read here: rules are measured on files, which are read more than once; put the chats into a file",
            ));
        }
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
            return Self::of_run(run, root, purpose);
        }
        let mut effective = effective_config(file, flags)?;
        if let Some(purpose) = purpose {
            effective.config.purpose = purpose;
            effective.set_by_flag("for", "--for");
        }
        effective.config.check_flags().map_err(|why| Failure::usage(why.to_string()))?;
        let files = described(inputs, &effective.config.input)?;
        let judge = Judge::expected(&effective.config.judge, None)?;
        Ok(Self {
            config: effective.config.clone(),
            files,
            asked_before: HashSet::new(),
            judge,
            origin: Origin::File(Box::new(effective)),
            answers: None,
        })
    }

    fn of_run(name: &str, root: &InputRoot, purpose: Option<Purpose>) -> Result<Self, Failure> {
        let run = find_input(root, RunDir::open(Path::new(name))?.whole()?)?;
        let mut config = run.config();
        if let Some(purpose) = purpose {
            config.purpose = purpose;
        }
        let answers = Some(JudgeAnswers::of(name, &run)?).filter(|answers| !answers.is_empty());
        Ok(Self {
            config,
            files: run.manifest.inputs.clone(),
            asked_before: run.asked()?,
            judge: Judge::expected(&run.manifest.config.judge, run.manifest.judge.as_ref())?,
            origin: Origin::Run(Box::new(run)),
            answers,
        })
    }

    /// The engine as a run over the files has it; where a run is measured, the score takes the part that it took there.
    ///
    /// # Errors
    /// If a file cannot be read, or the config cannot be followed on such files.
    pub(super) fn fitted(&self, engine: Engine) -> Result<Engine, Failure> {
        Ok(match &self.origin {
            Origin::Run(run) => engine.deciding_as(&run.manifest.score).map_err(RunError::from)?,
            Origin::File(_) => fitted(engine, &self.files)?.0,
        })
    }

    /// The engine with the rules that are in force.
    ///
    /// # Errors
    /// As [`Self::engine_with`], and if the run's rules or plugins are not what they were.
    pub(super) fn engine(&self) -> Result<Engine, Failure> {
        match &self.origin {
            Origin::Run(run) => Ok(run.engine()?),
            Origin::File(_) => self.engine_with(self.config.rules.clone()),
        }
    }

    /// The engine with other rules; an error about a plugin names the place in the config file.
    ///
    /// # Errors
    /// As [`Self::fitted`], and if a pack or plugin cannot be used.
    pub(super) fn engine_with(&self, rules: RulesConfig) -> Result<Engine, Failure> {
        let config = Config { rules, ..self.config.clone() };
        let engine = match &self.origin {
            Origin::Run(_) => Engine::build(config)?,
            Origin::File(effective) => {
                let mut effective = effective.clone();
                effective.config = config;
                Engine::of(&effective)?
            }
        };
        self.fitted(engine)
    }

    /// Who says what the turns hold.
    ///
    /// # Errors
    /// If a file of labels cannot be used.
    pub(super) fn labels(&self, args: &LabelArgs, by_flag: bool) -> Result<MeasuredLabels<'_>, Failure> {
        Ok(MeasuredLabels { reader: label_reader(args, by_flag)?, judge: self.answers.as_ref() })
    }
}

impl MeasuredLabels<'_> {
    /// The answers: those of people, where the command line asks for labels, else those of the run's judge.
    pub(super) fn source(&self) -> Option<AnswerSource<'_>> {
        match self.reader.reads {
            true => Some(AnswerSource::Labels(&self.reader)),
            false => self.judge.map(AnswerSource::Judge),
        }
    }

    /// The reader, whose filters say which records count, whoever says what they hold.
    pub(super) const fn filters(&self) -> &LabelReader {
        &self.reader
    }

    /// Which records count, in words; `None` if all do.
    pub(super) fn part(&self) -> Option<String> {
        Some(self.reader.part()).filter(|part| !part.is_empty())
    }

    /// What a command ends with where no later turn counts because of the filters; `None` where some does, or nothing is filtered.
    pub(super) fn nothing_left(&self, turns: u64) -> Option<Failure> {
        let part = self.part().filter(|_| turns == 0)?;
        Some(Failure::usage(format!(
            "no record with a later turn is left: --where and --except ask for records with {part}. `rejoinder inspect INPUT` shows the \
             input's columns"
        )))
    }

    /// Both answers, which guards choose from; `by_own_rules`: the rules are those by which the run chose what its judge was asked about.
    pub(super) fn known(&self, by_own_rules: bool) -> KnownAnswers<'_> {
        let is_about_all = self.judge.is_some_and(|judge| judge.is_about_all);
        let asked = match by_own_rules || is_about_all {
            true => TurnSelection::Independent,
            false => TurnSelection::Chosen,
        };
        KnownAnswers { reader: &self.reader, judged: self.judge.map(JudgeAnswers::all), asked }
    }

    /// Who says it, and of which turns, in words.
    pub(super) fn words(&self) -> Option<[String; 2]> {
        Some(match self.source()? {
            AnswerSource::Labels(reader) => {
                let part = reader.part();
                let of = if part.is_empty() { String::new() } else { format!(" with {part}") };
                ["labels".to_owned(), format!("all labelled turns{of}")]
            }
            AnswerSource::Judge(judge) => {
                let of = match judge.is_about_all {
                    true => "every turn of the run".to_owned(),
                    false => format!(
                        "{} that waited for the judge in this run, or that its audit drew: no sample of the rest",
                        counted(judge.len() as u64, "turn")
                    ),
                };
                ["the run's judge".to_owned(), of]
            }
        })
    }
}
