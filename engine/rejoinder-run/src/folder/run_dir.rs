//! A run's directory: what was run (the manifest), how far it is (the ledger), and what came out (the parts).

use std::fs;
use std::path::{Path, PathBuf};

use rejoinder_core::RecordId;
use rejoinder_judge::ServerCapabilities;
use rejoinder_ledger::{Ledger, part};
use rejoinder_read::InputFile;
use rejoinder_scan::{Config, Engine};
use serde::de::DeserializeOwned;

use super::error::FolderError;
use super::layout::{self, LayoutError};
use super::lock::{self, Lock};
use super::manifest::{FORMAT, Manifest};
use crate::error::RunError;
use crate::forgetting;
use crate::gathering::{GatheringError, SampledVerb};
use crate::shards;

/// File of the turns that the judge was asked about before the scan.
pub(crate) const ASKED: &str = "asked.json";
/// File of the model that a run has learned.
pub(crate) const MODEL: &str = "model.rjm";
/// File of the sample of a calibration that was gathered over a data set.
pub(crate) const SAMPLE: &str = "calibration.sample";
pub(crate) const MANIFEST: &str = "manifest.json";
/// What the manifest of a run is called whose removal has begun.
pub(crate) const REMOVED: &str = "manifest.json.removed";
pub(crate) const LEDGER: &str = "ledger.sqlite";
/// File of the run's own replies.
pub(crate) const REPLIES: &str = "replies.sqlite";
/// Folder of the copy of standard input.
pub(crate) const INPUT: &str = "input";
/// What the ledger calls the id of its run.
pub(super) const RUN_FACT: &str = "run";
/// A run directory.
pub struct RunDir {
    /// The path of the directory.
    pub path: PathBuf,
    /// What the run is made of.
    pub manifest: Manifest,
    /// The ledger, which says how far the run is.
    pub ledger: Ledger,
    /// The lock, where the run was opened to change it.
    pub(super) lock: Option<Lock>,
}

impl RunDir {
    /// Opens a run to read it, beside whoever works on it.
    ///
    /// # Errors
    /// If there is none, it was written by an engine with another layout, its ledger is another run's, a file of a
    /// committed part is not what was written, the folder was gathered over a data set and holds no conversations, or conversations of
    /// the run are only half forgotten.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        Self::open_with(path, None)?.with_conversations()?.not_half_forgotten()
    }

    /// Opens a run to change it; nobody else does until it is dropped.
    ///
    /// # Errors
    /// As [`Self::open`], and if another process works on the run, or the run is a shard of a job that is merged.
    pub fn open_to_change(path: &Path) -> Result<Self, RunError> {
        Self::open_to_forget(path)?.not_half_forgotten()
    }

    /// Opens a run as [`Self::open_to_change`] does, also where conversations of it are only half forgotten: to go on with that.
    ///
    /// # Errors
    /// As [`Self::open_to_change`], but for conversations that are half forgotten.
    pub fn open_to_forget(path: &Path) -> Result<Self, RunError> {
        Self::open_locked(path)?.with_conversations()
    }

    /// Opens a run as [`Self::open_to_change`] does, for a verb that takes also what was gathered over a data set.
    ///
    /// # Errors
    /// As [`Self::open_to_change`], or if the folder was gathered for another verb.
    pub fn open_sampled(path: &Path, verb: SampledVerb) -> Result<Self, RunError> {
        let run = Self::open_locked(path)?.whole()?.not_half_forgotten()?;
        match &run.manifest.gathered {
            Some(from) if from.terms.goal.verb() != verb => Err(from.other_verb(path, verb).into()),
            _ => Ok(run),
        }
    }

    /// The run itself, if it is no shard of a job: for what takes the whole input.
    ///
    /// # Errors
    /// If the run is a shard.
    pub fn whole(self) -> Result<Self, RunError> {
        match self.manifest.shard {
            None => Ok(self),
            Some(_) => Err(FolderError::IsShard(self.path).into()),
        }
    }

    fn open_locked(path: &Path) -> Result<Self, RunError> {
        // A folder that is no run gets no lock.
        let lock = if Self::is_run(path) { Some(Lock::take(path)?) } else { None };
        let run = Self::open_with(path, lock)?;
        match run.job_folder() {
            Some(job) if Self::is_run(&job) => Err(FolderError::Merged { shard: run.path, job }.into()),
            _ => Ok(run),
        }
    }

    /// The run itself, if all that was to be forgotten of it is: what is half forgotten may be taken up again by whoever reads the run.
    fn not_half_forgotten(self) -> Result<Self, RunError> {
        match forgetting::is_under_way(&self)? {
            false => Ok(self),
            true => Err(FolderError::HalfForgotten(self.path).into()),
        }
    }

    /// The run itself, if it has read conversations.
    fn with_conversations(self) -> Result<Self, RunError> {
        self.check_conversations().map(|()| self)
    }

    /// Refuses a folder that was gathered over a data set, and holds no conversations.
    ///
    /// # Errors
    /// If the folder is such a folder.
    pub(crate) fn check_conversations(&self) -> Result<(), RunError> {
        match &self.manifest.gathered {
            None => Ok(()),
            Some(from) => {
                let (folder, from) = (self.path.clone(), Box::new(from.clone()));
                Err(GatheringError::NoConversations { folder, from }.into())
            }
        }
    }

    /// Opens a run to look at its figures, beside whoever works on it. Nothing in its folder changes, and nothing is checked of the
    /// files of its parts.
    ///
    /// # Errors
    /// If there is none, a process begins one, it was written by an engine with another layout, or its ledger is another run's.
    pub fn open_to_look(path: &Path) -> Result<Self, RunError> {
        let manifest = read_manifest(path).map_err(|error| match (error, lock::holder_at_work(path)) {
            (RunError::Folder(FolderError::NotBegun(folder)), Some(holder)) => {
                FolderError::Beginning { folder, holder }.into()
            }
            (error, _) => error,
        })?;
        Self::with_ledger(path, manifest, Ledger::open_to_look(&path.join(LEDGER))?, None)
    }

    fn open_with(path: &Path, lock: Option<Lock>) -> Result<Self, RunError> {
        let manifest = read_manifest(path)?;
        let run = Self::with_ledger(path, manifest, Ledger::open(&path.join(LEDGER))?, lock)?;
        run.check_sizes()?;
        Ok(run)
    }

    fn with_ledger(
        path: &Path,
        manifest: Manifest,
        ledger: Ledger,
        lock: Option<Lock>,
    ) -> Result<Self, RunError> {
        match ledger.get(RUN_FACT)?.as_deref() == Some(&manifest.id) {
            true => Ok(Self { path: path.to_owned(), manifest, ledger, lock }),
            false => Err(FolderError::ForeignLedger(path.join(LEDGER)).into()),
        }
    }

    /// Whether the run was opened to change it.
    pub(crate) const fn is_open_to_change(&self) -> bool {
        self.lock.is_some()
    }

    /// Whether `path` is a run directory.
    pub fn is_run(path: &Path) -> bool {
        path.join(MANIFEST).is_file()
    }

    /// Whether `path` is what is left of a run whose removal was killed.
    pub fn is_removed_in_part(path: &Path) -> bool {
        path.join(REMOVED).is_file()
    }

    /// The file of the run's own replies, which is there where the config names no other and the judge was asked.
    pub(crate) fn own_replies(&self) -> PathBuf {
        self.path.join(REPLIES)
    }

    /// The input files, if all are there.
    fn input(&self) -> Result<&[InputFile], RunError> {
        match self.manifest.inputs.iter().find(|input| !input.current_path().exists()) {
            None => Ok(&self.manifest.inputs),
            Some(gone) => Err(FolderError::InputGone(gone.current_path().to_owned()).into()),
        }
    }

    /// The input files, if all hold what they did when the run began: other texts must not be put beside the feedback.
    ///
    /// # Errors
    /// If one is not there, or holds something else.
    pub fn unchanged_input(&self) -> Result<&[InputFile], RunError> {
        let now = self.input_now()?;
        self.refuse(self.manifest.changed_inputs(&now))?;
        Ok(&self.manifest.inputs)
    }

    fn input_now(&self) -> Result<Vec<InputFile>, RunError> {
        let asked = self.manifest.config.input.asked();
        let shard = self.manifest.shard.as_ref();
        let described = |(number, file): (u32, &InputFile)| {
            let path = file.current_path();
            if shard.is_none_or(|shard| shard.touches(number)) {
                return Ok(InputFile::describe_as(path, asked)?.0);
            }
            // Whole files are read by the shards that they belong to.
            let found = path.metadata();
            let size = found.map_err(|e| RunError::io(format!("cannot read {}", path.display()), &e))?.len();
            Ok(InputFile { size, ..file.clone() })
        };
        (0..).zip(self.input()?).map(described).collect()
    }

    /// Looks for the input files under `root` from now on. The copy of standard input lies in the run's folder.
    ///
    /// # Errors
    /// If one is not there, or holds something else than it did.
    pub fn look_under(&mut self, root: &Path) -> Result<(), RunError> {
        if self.manifest.stdin {
            return Ok(());
        }
        for input in &mut self.manifest.inputs {
            let found = input.find_under(root);
            input.moved_to = Some(found.map_err(|why| FolderError::InputNotUnder(why.to_string()))?);
        }
        Ok(())
    }

    /// The engine of this run, built anew.
    ///
    /// # Errors
    /// If rules, plugins or inputs are not what they were; the message lists the changes.
    pub fn engine(&self) -> Result<Engine, RunError> {
        let engine = self.built()?;
        self.check_engine(&engine)?;
        Ok(engine)
    }

    /// The engine of this run as the config says, whatever it is made of now.
    fn built(&self) -> Result<Engine, RunError> {
        let built = Engine::in_role(self.config(), &self.manifest.score);
        Ok(built.map_err(|error| self.manifest.naming_the_library(&self.path, error))?)
    }

    /// Refuses an engine, or inputs, that are not those that the run was begun with.
    ///
    /// # Errors
    /// If rules, plugins or inputs are not what they were; the message lists the changes.
    pub(crate) fn check_engine(&self, engine: &Engine) -> Result<(), RunError> {
        let now = Manifest::new(engine, self.input_now()?, self.manifest.stdin);
        self.refuse(self.manifest.changes(&now))
    }

    /// The config of this run, with the paths of what lies in its folder.
    pub fn config(&self) -> Config {
        let mut config = self.manifest.config.clone();
        let folder = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        config.folder = Some(folder);
        config
    }

    /// Puts a config in force for the rest of the run: only what [`Config::changes`] does not name may differ from the
    /// config that the run began with.
    ///
    /// # Errors
    /// If something else does; the message lists the changes. If the manifest cannot be written.
    pub fn adopt(&mut self, config: Config) -> Result<(), RunError> {
        self.refuse(self.manifest.config.changes(&config))?;
        self.write_config(config)
    }

    /// Puts another judge or budget in force, whatever else `config` says: the manifest keeps the latest.
    ///
    /// # Errors
    /// If the unit differs from that of the questions in the spool, or the manifest cannot be written.
    pub fn set_judge(&mut self, config: &Config) -> Result<(), RunError> {
        let then = &self.manifest.config;
        let as_spooled = Config { judge: config.judge.clone(), ..then.clone() };
        let changes = then.changes(&as_spooled);
        if !changes.is_empty() {
            return Err(FolderError::SpooledOtherwise(changes).into());
        }
        let (judge, budget) = (config.judge.clone(), config.budget.clone());
        self.write_config(Config { judge, budget, ..then.clone() })
    }

    /// Puts in force what the run has found out for itself: the `cut` from which on the judge is asked (`None`: about every
    /// turn), the place of the plugin that scores by the kept model, if one does, and the turns (sorted) that the judge was
    /// asked about to find the cut.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn settle(
        &mut self,
        cut: Option<f64>,
        learner: Option<usize>,
        asked: &[RecordId],
    ) -> Result<Engine, RunError> {
        self.keep_asked(asked)?;
        let config = &mut self.manifest.config;
        config.cascade.reject_below = Some(cut.unwrap_or(0.0));
        config.judge.all = cut.is_none();
        if let Some(plugin) = learner.and_then(|place| config.plugins.get_mut(place)) {
            plugin.set_model(Path::new(MODEL));
        }
        let engine = self.built()?;
        let now = Manifest::new(&engine, self.input_now()?, self.manifest.stdin);
        if let Some(place) = learner
            && let (Some(then), Some(now)) = (self.manifest.plugins.get_mut(place), now.plugins.get(place))
        {
            // The learned model is another one than the run began with.
            then.identity.clone_from(&now.identity);
        }
        self.refuse(self.manifest.changes(&now))?;
        self.manifest.plugins = now.plugins;
        self.manifest.score = engine.role.clone();
        self.write_manifest()?;
        Ok(engine)
    }

    fn write_config(&mut self, config: Config) -> Result<(), RunError> {
        if config == self.manifest.config {
            return Ok(());
        }
        self.manifest.config = config;
        self.write_manifest()
    }

    /// Keeps what was found out about the judge.
    ///
    /// # Errors
    /// If the manifest cannot be written.
    pub fn set_findings(&mut self, findings: ServerCapabilities) -> Result<(), RunError> {
        self.manifest.judge = Some(findings);
        self.write_manifest()
    }

    pub(crate) fn write_manifest(&self) -> Result<(), RunError> {
        let mut json = serde_json::to_vec_pretty(&self.manifest).expect("a manifest is plain data");
        json.push(b'\n');
        part::write(&self.path.join(MANIFEST), &json).map_err(RunError::from)
    }

    fn refuse(&self, changes: Vec<String>) -> Result<(), RunError> {
        match changes.is_empty() {
            true => Ok(()),
            false => Err(FolderError::Changed { folder: self.path.clone(), changes }.into()),
        }
    }
}

/// The manifest of a run's folder, with the place of its input now.
fn read_manifest(path: &Path) -> Result<Manifest, RunError> {
    let file = path.join(MANIFEST);
    let text = fs::read_to_string(&file).map_err(|e| match path.join(lock::FILE).is_file() {
        _ if RunDir::is_removed_in_part(path) => FolderError::RemovedInPart(path.to_owned()),
        _ if path.join(shards::JOB).is_file() => FolderError::NotMerged(path.to_owned()),
        true => FolderError::NotBegun(path.to_owned()),
        false => {
            let why = format!("cannot read {}: {e}", file.display());
            FolderError::NoRun { folder: path.to_owned(), why }
        }
    })?;
    let mut manifest = layout::read(&text).map_err(|error| match error {
        LayoutError::Unusable(e) => FolderError::Manifest { file: file.clone(), why: e.to_string() },
        LayoutError::Unknown(format) => {
            FolderError::Layout { folder: path.to_owned(), format, known: FORMAT }
        }
    })?;
    if manifest.stdin {
        // The copy lies in the run's folder, wherever that is now.
        for input in &mut manifest.inputs {
            input.moved_to = input.path.file_name().map(|name| path.join(INPUT).join(name));
        }
    }
    Ok(manifest)
}

pub(crate) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, RunError> {
    serde_json::from_str(json).map_err(|e| RunError::io("the ledger holds something unreadable", &e))
}
