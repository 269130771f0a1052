//! Removing a run: nobody else works on it, nothing outside its folder is touched, and a kill leaves no half run that looks whole.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::losses::Losses;
use super::space::FolderSpace;
use crate::error::RunError;
use crate::folder::{LEDGER, LOCK_FILE, Lock, MANIFEST, REMOVED, REPLIES, RunDir, manifest_in, runs_beside};
use crate::status::{JobLook, RunLook};

/// A run that can be removed, and on which nobody else works meanwhile.
#[derive(Debug)]
pub struct Removal {
    /// The run's folder.
    pub path: PathBuf,
    /// What goes with the run that somebody has paid for.
    pub losses: Losses,
    /// What the folder takes.
    pub space: FolderSpace,
    lock: Lock,
}

/// Why a run is not removed.
#[derive(Debug)]
pub enum RemovalError {
    /// The path is a link, to this place.
    Link(PathBuf, PathBuf),
    /// The folder is no run.
    NoRun(PathBuf),
    /// The folder is a job of shards; each shard is a run.
    Job(PathBuf),
    /// What the run holds cannot be told; why.
    Unreadable(PathBuf, RunError),
    /// Other runs go on from the run, or keep their replies in it.
    Named {
        /// The run's folder.
        run: PathBuf,
        /// The other runs.
        by: Vec<PathBuf>,
    },
    /// The folder cannot be locked.
    Run(RunError),
    /// The folder cannot be removed; why.
    Io(PathBuf, io::Error),
}

impl fmt::Display for RemovalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(path, to) => write!(f, "{} is a link to {}", path.display(), to.display()),
            Self::NoRun(path) => write!(f, "{} is no run", path.display()),
            Self::Job(path) => write!(f, "{} is a job of shards", path.display()),
            Self::Unreadable(path, why) => {
                write!(f, "what {} holds cannot be told: {why}", path.display())
            }
            Self::Named { run, by } => {
                let by: Vec<String> = by.iter().map(|path| path.display().to_string()).collect();
                write!(f, "{} is what {} went on from, or takes replies from", run.display(), by.join(", "))
            }
            Self::Run(error) => error.fmt(f),
            Self::Io(path, error) => write!(f, "cannot remove {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for RemovalError {}

impl Removal {
    /// Takes a run's lock, and looks at what would go. With `force` also a run whose figures cannot be told, and one that others in the
    /// same folder go on from or keep their replies in.
    ///
    /// # Errors
    /// If the folder is no run, another process works on it, or `force` is wanted.
    pub fn of(path: &Path, force: bool) -> Result<Self, RemovalError> {
        // Without a slash at the end, which would follow a link; and a folder cannot be removed as `.`.
        let path: PathBuf = match path.file_name() {
            Some(_) => path.components().collect(),
            None => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        };
        if let Ok(to) = fs::read_link(&path) {
            return Err(RemovalError::Link(path, to));
        }
        let is_rest = RunDir::is_removed_in_part(&path);
        if JobLook::is_job(&path) {
            return Err(RemovalError::Job(path));
        }
        // Others call files of theirs so, too.
        let has_manifest =
            RunDir::is_run(&path) && [LEDGER, LOCK_FILE].iter().any(|file| path.join(file).exists());
        if !has_manifest && !is_rest {
            return Err(RemovalError::NoRun(path));
        }
        let lock = Lock::take(&path).map_err(RemovalError::Run)?;
        let losses = match RunLook::at(&path) {
            Ok(look) => Losses::of(&look),
            Err(_) if force || is_rest => Losses::default(),
            Err(why) => return Err(RemovalError::Unreadable(path, why)),
        };
        let by = named_by(&path);
        if !by.is_empty() && !force {
            return Err(RemovalError::Named { run: path, by });
        }
        let space = FolderSpace::of(&path);
        Ok(Self { path, losses, space, lock })
    }

    /// Removes the run. First the run loses its manifest's name, so that it is no run any more wherever a kill comes; last its folder
    /// goes.
    ///
    /// # Errors
    /// If something cannot be removed.
    pub fn remove(self) -> Result<(), RemovalError> {
        let Self { path, lock, .. } = self;
        let removed = (|| {
            let (manifest, rest) = (path.join(MANIFEST), path.join(REMOVED));
            if manifest.exists() {
                fs::rename(&manifest, &rest)?;
                File::open(&path)?.sync_all()?;
            }
            for entry in fs::read_dir(&path)? {
                let entry = entry?;
                if [OsStr::new(REMOVED), OsStr::new(LOCK_FILE)].contains(&&*entry.file_name()) {
                    continue;
                }
                // The kind of a link is that of a link: what it leads to stays.
                match entry.file_type()?.is_dir() {
                    true => fs::remove_dir_all(entry.path())?,
                    false => fs::remove_file(entry.path())?,
                }
            }
            fs::remove_file(&rest)?;
            fs::remove_file(path.join(LOCK_FILE))?;
            drop(lock);
            fs::remove_dir(&path)
        })();
        removed.map_err(|error| RemovalError::Io(path, error))
    }
}

/// The runs beside a run whose manifests say that they go on from it, or that its file of replies is theirs, too.
fn named_by(run: &Path) -> Vec<PathBuf> {
    let id = manifest_in(run).map(|manifest| manifest["id"].clone()).filter(Value::is_string);
    let replies = fs::canonicalize(run.join(REPLIES)).ok();
    let names = |other: &Value| {
        let kept = || fs::canonicalize(other["config"]["judge"]["replies"].as_str()?).ok();
        id.as_ref().is_some_and(|id| other["after"]["id"] == *id) || (replies.is_some() && kept() == replies)
    };
    runs_beside(&fs::canonicalize(run).unwrap_or_else(|_| run.to_owned()), names)
}
