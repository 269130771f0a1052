//! How a run begins: its folder, its input, and its manifest, which is written last.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use rejoinder_ledger::Ledger;
use rejoinder_read::{InputFile, input};
use rejoinder_scan::config::InputConfig;
use rejoinder_scan::{Engine, profile_of_beginnings};

use super::beside::absolute;
use super::error::FolderError;
use super::lock::{self, Lock};
use super::manifest::Manifest;
use super::parts::PartKind;
use super::run_dir::{ASKED, INPUT, LEDGER, MANIFEST, MODEL, REPLIES, RUN_FACT, RunDir, SAMPLE};
use crate::error::RunError;
use crate::faults;
use crate::recall::audit;

/// The folder of a run that has not begun.
pub struct NewRunDir {
    /// The path of the folder.
    pub path: PathBuf,
    lock: Lock,
}

/// What a run reads.
pub enum RunInput<'a> {
    /// Files.
    Files(&'a [PathBuf]),
    /// A stream, which is copied into the run's folder: a stream cannot be read twice, and readers of the feedback want the
    /// dialogue beside it.
    Stream(&'a mut dyn Read),
}

/// Begins a run of an engine over an input, in the folder `out`, or in the first of `runs/0001`, `runs/0002`, … that is not
/// there; returns the engine as it is in force: where the corpus is unlike what its score was measured on, neither `accept-at` nor a
/// cut that ships with the score is.
///
/// # Errors
/// If the input cannot be read, the folder cannot be made, or the config cannot be followed on such a corpus.
pub fn begin(
    mut engine: Engine,
    input: RunInput<'_>,
    out: Option<&Path>,
) -> Result<(RunDir, Engine), RunError> {
    let mut described = Vec::new();
    let mut accept_at_set_aside = None;
    if let RunInput::Files(files) = input {
        described = describe(files, &engine.config.input)?;
        // What is refused is refused before there is a folder.
        (engine, accept_at_set_aside) = fitted(engine, &described)?;
    }
    let new = match out {
        Some(path) => RunDir::create(path)?,
        None => RunDir::create_numbered()?,
    };
    let is_stream = match input {
        RunInput::Files(_) => false,
        RunInput::Stream(stream) => {
            described.push(keep_stream(stream, &new.path, &engine.config.input)?);
            (engine, accept_at_set_aside) = fitted(engine, &described)?;
            true
        }
    };
    let manifest = Manifest { accept_at_set_aside, ..Manifest::new(&engine, described, is_stream) };
    Ok((RunDir::begin(new, manifest)?, engine))
}

/// The input files at some paths, as they are now.
pub(crate) fn describe(files: &[PathBuf], input: &InputConfig) -> Result<Vec<InputFile>, RunError> {
    let described = files.iter().map(|file| Ok(InputFile::describe_as(&absolute(file)?, input.asked())?.0));
    described.collect()
}

/// The engine for a corpus: where the corpus is unlike what its score was measured on, neither `accept-at` nor a cut that ships with the
/// score is in force. Also returns the `accept-at` that is not in force for that reason.
///
/// # Errors
/// If a file cannot be read, or the config cannot be followed on such a corpus.
pub fn fitted(engine: Engine, files: &[InputFile]) -> Result<(Engine, Option<f64>), RunError> {
    let mut engine = engine.for_corpus(files)?;
    if engine.config.cascade.accepts_by_score_alone() {
        let beginnings = profile_of_beginnings(&engine, files)?;
        if !engine.measured.on.differences(&beginnings).is_empty() {
            let set_aside = engine.set_accept_at_aside();
            return Ok((engine, set_aside));
        }
    }
    Ok((engine, None))
}

/// Copies a stream into a run's folder.
fn keep_stream(stream: &mut dyn Read, run: &Path, input: &InputConfig) -> Result<InputFile, RunError> {
    let failed = |path: &Path, e: &std::io::Error| {
        RunError::io(format!("cannot keep standard input in {}", path.display()), e)
    };
    let folder = std::path::absolute(run.join(INPUT)).map_err(|e| failed(run, &e))?;
    let path = folder.join("stdin.jsonl.zst");
    let kept = fs::create_dir(&folder).and_then(|()| input::keep_stream(stream, &path));
    kept.map_err(|e| failed(&path, &e))?;
    Ok(InputFile::describe_as(&path, input.asked())?.0)
}

impl NewRunDir {
    /// The folder of a job, for the run that its shards are merged into; nobody else works on the folder from now on. What is left of
    /// a merge that did not come to its end is removed. `None` where the shards are merged already.
    ///
    /// # Errors
    /// If another process works on the folder, or the folder cannot be written.
    pub(crate) fn of_job(path: &Path) -> Result<Option<Self>, RunError> {
        let lock = Lock::take(path)?;
        if RunDir::is_run(path) {
            return Ok(None);
        }
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        remove(entries.map(|entry| entry.path()).filter(|path| is_of_merge(path)))?;
        Ok(Some(Self { path: path.to_owned(), lock }))
    }
}

impl RunDir {
    /// Makes the directory of a new run, which nobody else works on from now on. What is left of a run that failed before
    /// it had begun is taken over; `path` must not hold anything else.
    ///
    /// # Errors
    /// If `path` does, another process works on the folder, or the folder cannot be written.
    pub fn create(path: &Path) -> Result<NewRunDir, RunError> {
        if path.is_file() {
            return Err(FolderError::IsFile(path.to_owned()).into());
        }
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let is_begun = names.iter().any(|name| name == MANIFEST);
        // Files of these names may be somebody's own where no run has begun.
        let has_lock = names.iter().any(|name| name == lock::FILE);
        let is_known = |name: &String| is_of_beginning(name) || (has_lock && is_filled_in(name));
        if !is_begun && !names.iter().all(is_known) {
            return Err(FolderError::HoldsOther(path.to_owned()).into());
        }
        fs::create_dir_all(path).map_err(|e| RunError::io(format!("cannot make {}", path.display()), &e))?;
        let lock = Lock::take(path)?;
        if Self::is_run(path) {
            return Err(FolderError::HoldsRun(path.to_owned()).into());
        }
        remove(names.iter().filter(|name| *name != lock::FILE).map(|name| path.join(name)))?;
        Ok(NewRunDir { path: path.to_owned(), lock })
    }

    /// Makes the first directory `runs/0001`, `runs/0002`, … that is not there yet.
    ///
    /// # Errors
    /// If no directory can be made.
    pub fn create_numbered() -> Result<NewRunDir, RunError> {
        let folder = Path::new("runs");
        fs::create_dir_all(folder).map_err(|e| RunError::io("cannot make the folder runs", &e))?;
        for number in 1_u32.. {
            let path = folder.join(format!("{number:04}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(NewRunDir { lock: Lock::take(&path)?, path }),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(RunError::io(format!("cannot make {}", path.display()), &e)),
            }
        }
        Err(FolderError::Full(folder.to_owned()).into())
    }

    /// Writes the manifest of a new run into its directory, last of all: a directory without one is no run.
    ///
    /// # Errors
    /// If the manifest cannot be written.
    pub fn begin(new: NewRunDir, manifest: Manifest) -> Result<Self, RunError> {
        Self::begin_with(new, manifest, |_| Ok(()))
    }

    /// Writes the manifest as [`Self::begin`] does, once `fill` has put in what the run has from its beginning.
    ///
    /// # Errors
    /// If `fill` fails, or the manifest cannot be written.
    pub(crate) fn begin_with(
        new: NewRunDir,
        manifest: Manifest,
        fill: impl FnOnce(&Self) -> Result<(), RunError>,
    ) -> Result<Self, RunError> {
        let NewRunDir { path, lock } = new;
        let ledger = Ledger::create(&path.join(LEDGER))?;
        ledger.put(RUN_FACT, &manifest.id)?;
        let run = Self { path, manifest, ledger, lock: Some(lock) };
        fill(&run)?;
        run.write_manifest()?;
        Ok(run)
    }
}

/// Whether a name is that of a file that stands there before the manifest in some runs: a sample that was gathered, or what is taken over
/// from an earlier run.
fn is_filled_in(name: &str) -> bool {
    [SAMPLE, audit::FILE, REPLIES, MODEL, ASKED].iter().any(|file| name.starts_with(file))
}

/// Removes files and folders.
fn remove(paths: impl Iterator<Item = PathBuf>) -> Result<(), RunError> {
    for path in paths {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|e| RunError::io(format!("cannot clean up {}", path.display()), &e))?;
    }
    Ok(())
}

/// Whether a path is that of a file or folder that a merge makes before the manifest.
fn is_of_merge(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_of_parts = PartKind::SCAN.into_iter().chain([PartKind::Judged]).any(|kind| name == kind.folder());
    is_of_parts
        || name == faults::FILE
        || [LEDGER, REPLIES, MANIFEST].iter().any(|file| name.starts_with(file))
}

/// Whether a name is that of a file or folder that a run has before its manifest.
fn is_of_beginning(name: &str) -> bool {
    name == lock::FILE || name == INPUT || name.starts_with(LEDGER) || name == "manifest.json.tmp"
}
