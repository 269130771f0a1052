//! A job: what is run in shards, and where the input is cut. Whoever comes first makes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rejoinder_ledger::part;
use rejoinder_read::InputFile;
use rejoinder_scan::{Config, Engine};
use serde::{Deserialize, Serialize};

use super::cuts::{Cut, cuts};
use super::error::ShardError;
use super::number::ShardNumber;
use super::run_shard::RunShard;
use crate::error::RunError;
use crate::folder::{FolderError, Lock, LockHolder, Manifest, RunDir, absolute, describe, fitted};

/// Name of the file in the job's folder.
pub(crate) const FILE: &str = "job.json";
/// Name of the lock that is held while the job is made.
const LOCK: &str = "job.lock";
/// Name of the folder of all shards in the job's folder.
pub(crate) const SHARDS: &str = "shards";
/// Version of the file.
const FORMAT: u32 = 1;
/// How long a process waits before it looks again whether another one has made the job.
const PAUSE: Duration = Duration::from_millis(100);

/// A job of shards.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The folder of the job.
    #[serde(skip)]
    pub folder: PathBuf,
    format: u32,
    /// The number of shards.
    pub shards: u32,
    /// The config as it was given, before anybody looked at the input.
    asked: Config,
    /// Where each shard's range begins, and where the last one ends.
    cuts: Vec<Cut>,
    /// What the run over the whole input is made of.
    pub manifest: Manifest,
}

/// What a job is to run.
pub struct JobPlan<'a> {
    /// The engine of the config, which has not looked at the input.
    pub engine: Engine,
    /// The input.
    pub files: &'a [PathBuf],
    /// The number of shards.
    pub shards: u32,
}

impl Job {
    /// Reads the job in a folder.
    ///
    /// # Errors
    /// If the folder holds none, what is left of a merged one that was removed, or a job that this engine cannot use.
    pub fn open(folder: &Path) -> Result<Self, RunError> {
        if RunDir::is_removed_in_part(folder) {
            return Err(FolderError::RemovedInPart(folder.to_owned()).into());
        }
        let file = folder.join(FILE);
        let text = match fs::read_to_string(&file) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(ShardError::NoJob(folder.to_owned()).into());
            }
            read => read.map_err(|e| RunError::io(format!("cannot read {}", file.display()), &e))?,
        };
        let unusable = |why: String| ShardError::Unusable { file: file.clone(), why };
        let job: Self = serde_json::from_str(&text).map_err(|e| unusable(e.to_string()))?;
        let is_sound = job.format == FORMAT && job.cuts.len() == job.shards as usize + 1;
        match is_sound {
            true => Ok(Self { folder: folder.to_owned(), ..job }),
            false => {
                Err(unusable(format!("it has format {}; this engine knows {FORMAT}", job.format)).into())
            }
        }
    }

    /// The job in a folder, which is made where there is none. While another process makes it, the job is waited for; `waits` is told
    /// once which process that is, as far as the lock tells.
    ///
    /// # Errors
    /// If the job was begun with another plan, the folder holds something else, or the input cannot be read.
    pub fn open_or_make(
        folder: &Path,
        plan: JobPlan<'_>,
        waits: &dyn Fn(Option<LockHolder>),
    ) -> Result<Self, RunError> {
        let file = folder.join(FILE);
        if !file.exists() {
            check_free(folder)?;
            fs::create_dir_all(folder)
                .map_err(|e| RunError::io(format!("cannot make {}", folder.display()), &e))?;
        }
        let mut has_told = false;
        while !file.exists() {
            match Lock::take_named(folder, LOCK) {
                // Another process may have made the job in between.
                Ok(lock) if !file.exists() => {
                    let made = Self::make(folder, plan);
                    drop(lock);
                    if made.is_err() {
                        // What is refused leaves no folder; one that holds something else stays.
                        let _ = fs::remove_file(folder.join(LOCK)).and_then(|()| fs::remove_dir(folder));
                    }
                    return made;
                }
                Ok(_) => {}
                Err(RunError::Folder(FolderError::Held { holder, .. })) => {
                    if !has_told {
                        waits(holder);
                        has_told = true;
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
        let job = Self::open(folder)?;
        let changes = job.changes(&plan)?;
        match changes.is_empty() {
            true => Ok(job),
            false => Err(ShardError::Different { folder: folder.to_owned(), changes }.into()),
        }
    }

    fn make(folder: &Path, plan: JobPlan<'_>) -> Result<Self, RunError> {
        let JobPlan { engine, files, shards } = plan;
        let asked = engine.given().clone();
        let inputs = describe(files, &asked.input)?;
        let (engine, accept_at_set_aside) = fitted(engine, &inputs)?;
        let manifest = Manifest { accept_at_set_aside, ..Manifest::new(&engine, inputs, false) };
        let cuts = cuts(&manifest.inputs, &asked.input, shards)?;
        let job = Self { folder: folder.to_owned(), format: FORMAT, shards, asked, cuts, manifest };
        let mut json = serde_json::to_vec_pretty(&job).expect("a job is plain data");
        json.push(b'\n');
        part::write(&folder.join(FILE), &json)?;
        Ok(job)
    }

    /// What differs in a plan from this job, in words.
    fn changes(&self, plan: &JobPlan<'_>) -> Result<Vec<String>, RunError> {
        let mut changes = Vec::new();
        if self.shards != plan.shards {
            changes.push(format!("shards: was {}, is {}", self.shards, plan.shards));
        }
        changes.extend(self.manifest.changes(&Manifest::new(&plan.engine, Vec::new(), false)));
        changes.extend(self.asked.differences(plan.engine.given()));
        changes.extend(changed_files(&self.manifest.inputs, plan.files)?);
        Ok(changes)
    }

    /// Refuses a job of another version of the engine, whose seams may be others.
    pub(super) fn check_engine(&self) -> Result<(), ShardError> {
        let (was, is) = (&self.manifest.engine, env!("CARGO_PKG_VERSION"));
        if was == is {
            return Ok(());
        }
        let changes = vec![format!("engine: was {was}, is {is}")];
        Err(ShardError::Different { folder: self.folder.clone(), changes })
    }

    /// Whether the shards are merged: the folder is that of a run.
    pub fn is_merged(&self) -> bool {
        RunDir::is_run(&self.folder)
    }

    /// The folder of a shard.
    pub fn shard_folder(&self, shard: ShardNumber) -> PathBuf {
        self.folder.join(SHARDS).join(shard.folder())
    }

    /// The part that a shard has.
    pub(super) fn part_of(&self, shard: ShardNumber) -> RunShard {
        let (job, place) = (self.manifest.id.clone(), shard.place());
        RunShard { job, shard, from: self.cuts[place], until: self.cuts[place + 1] }
    }
}

/// Refuses a folder that holds something else than the beginning of a job.
fn check_free(folder: &Path) -> Result<(), FolderError> {
    let folder = folder.to_owned();
    if folder.is_file() {
        return Err(FolderError::IsFile(folder));
    }
    if RunDir::is_run(&folder) {
        return Err(FolderError::HoldsRun(folder));
    }
    let is_of_beginning = |name: &str| name == LOCK || name.starts_with(FILE);
    let mut entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let is_free = entries.all(|entry| entry.file_name().to_str().is_some_and(is_of_beginning));
    // Another process may have made the job by now, and begun a shard.
    match is_free || folder.join(FILE).exists() {
        true => Ok(()),
        false => Err(FolderError::HoldsOther(folder)),
    }
}

/// What differs in the files that are named now from the job's inputs, by path and size, in words.
fn changed_files(inputs: &[InputFile], files: &[PathBuf]) -> Result<Vec<String>, RunError> {
    let files: Vec<PathBuf> = files.iter().map(|file| absolute(file)).collect::<Result<_, _>>()?;
    let mut changes = Vec::new();
    for input in inputs.iter().filter(|input| !files.contains(&input.path)) {
        changes.push(format!("input {}: was there, is not named", input.path.display()));
    }
    for file in &files {
        let size = || file.metadata().map_or(0, |found| found.len());
        match inputs.iter().find(|input| input.path == *file) {
            None => changes.push(format!("input {}: was not there, is named", file.display())),
            Some(input) if input.size != size() => {
                let (was, is) = (input.size, size());
                changes.push(format!("input {}: was {was} bytes, is {is} bytes", file.display()));
            }
            Some(_) => {}
        }
    }
    if changes.is_empty() && inputs.iter().map(|input| &input.path).ne(&files) {
        changes.push("inputs: are named in another order".to_owned());
    }
    Ok(changes)
}
