//! The files of a run's parts: written whole, sealed in the ledger, and checked when they are read.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rejoinder_ledger::{PartRow, part};
use rejoinder_read::Position;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::FolderError;
use super::run_dir::{RunDir, from_json};
use crate::error::RunError;
use crate::lines::retained;
use crate::stats::{ScanCounts, ScanStats};

/// Facts of the ledger that say what a file of a part was when it was written begin so; the file's path in the run follows.
const SEAL: &str = "seal:";

/// The size and the hash that a file had when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileSeal {
    size: u64,
    /// blake3.
    hash: String,
}

/// The kinds of files that a part may have, each in a folder of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// Feedback that was accepted here.
    Parts,
    /// Turns that wait for the judge.
    Spool,
    /// Feedback that the judge found.
    Judged,
    /// Records that were set aside.
    Quarantine,
    /// Failures of plugins.
    Faults,
    /// What each chunk of a shard adds to the part.
    Seams,
}

impl PartKind {
    /// The kinds that the scan writes.
    pub const SCAN: [Self; 4] = [Self::Parts, Self::Spool, Self::Quarantine, Self::Faults];

    /// Name of the folder.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Parts => "parts",
            Self::Spool => "spool",
            Self::Judged => "judged",
            Self::Quarantine => "quarantine",
            Self::Faults => "faults",
            Self::Seams => "seams",
        }
    }
}

/// Where in the input a committed part ends, and the next one begins.
///
/// # Errors
/// If the ledger's row does not say it.
pub(crate) fn end_of_part(part: &PartRow) -> Result<Position, RunError> {
    let end = serde_json::from_str(&part.end);
    end.map_err(|e| RunError::io("a part of the ledger has no readable end", &e))
}

impl RunDir {
    /// Checks that each file of a committed part is there, with the size that was written.
    pub(crate) fn check_sizes(&self) -> Result<(), RunError> {
        let committed = self.ledger.parts()?.len() as u64;
        for (name, json) in self.ledger.facts(SEAL)? {
            let seal: FileSeal = from_json(&json)?;
            let name = &name[SEAL.len()..];
            // Whoever asks the judge writes these anew, and what is not committed is removed.
            let is_judged = name.starts_with(PartKind::Judged.folder());
            // Names of parts are as long as their numbers need, and at least five digits: by number, not by letters.
            let is_committed = part::index(name).is_some_and(|index| index < committed);
            if !is_committed || (is_judged && self.lock.is_some()) {
                continue;
            }
            let file = self.path.join(name);
            let size = file.metadata().map(|found| found.len()).ok();
            if size != Some(seal.size) {
                let what = match size {
                    None => "is missing".to_owned(),
                    Some(size) => format!("has {size} bytes, and {} were written", seal.size),
                };
                return Err(lost(&file, &what, is_judged, &self.path));
            }
        }
        Ok(())
    }

    /// The path of the file of one kind in part `index`.
    pub fn part_file(&self, kind: PartKind, index: u64) -> PathBuf {
        self.path.join(kind.folder()).join(part::name(index))
    }

    /// Writes a file of part `index`; without bytes there is no file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_part(&self, kind: PartKind, index: u64, bytes: &[u8]) -> Result<(), RunError> {
        let file = self.part_file(kind, index);
        let failed = |e: std::io::Error| RunError::from(e);
        let sealed = format!("{SEAL}{}/{}", kind.folder(), part::name(index));
        // A kill before the new seal leaves none, not one that does not fit.
        self.ledger.remove(&sealed)?;
        if bytes.is_empty() {
            return match fs::remove_file(&file) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed(e)),
                _ => Ok(()),
            };
        }
        fs::create_dir_all(self.path.join(kind.folder())).map_err(failed)?;
        part::write(&file, bytes).map_err(failed)?;
        let seal = FileSeal { size: bytes.len() as u64, hash: blake3::hash(bytes).to_hex().to_string() };
        Ok(self.ledger.put(&sealed, &serde_json::to_string(&seal).expect("a seal is plain data"))?)
    }

    /// Takes rows out of the file of one kind in part `index`: those lines stay, byte for byte, for which `stays` holds. Returns the
    /// number of rows that were taken out.
    ///
    /// # Errors
    /// If the file is not what was written, or cannot be written, or `stays` fails.
    pub(crate) fn retain_rows(
        &self,
        kind: PartKind,
        index: u64,
        stays: impl Fn(&[u8]) -> Result<bool, RunError>,
    ) -> Result<u64, RunError> {
        let file = self.part_file(kind, index);
        if !file.exists() {
            return Ok(0);
        }
        self.check_content(kind, index)?;
        let bytes =
            fs::read(&file).map_err(|e| RunError::io(format!("cannot read {}", file.display()), &e))?;
        let (kept, removed) = retained(&bytes, stays)?;
        if removed > 0 {
            self.write_part(kind, index, &kept)?;
        }
        Ok(removed)
    }

    /// The rows of one kind in part `index`, read one at a time; none if there is no file.
    pub fn rows<T: DeserializeOwned>(
        &self,
        kind: PartKind,
        index: u64,
    ) -> impl Iterator<Item = Result<T, RunError>> {
        let file = self.part_file(kind, index);
        let broken = move |line: usize, why: &dyn std::fmt::Display| {
            RunError::Io(format!("{}:{}: {why}", file.display(), line + 1))
        };
        let whole = self.check_content(kind, index);
        let is_whole = whole.is_ok();
        let lines = fs::File::open(self.part_file(kind, index)).ok().filter(|_| is_whole);
        let lines = lines.into_iter().flat_map(|file| BufReader::new(file).lines()).enumerate();
        let rows = lines.map(move |(number, line)| {
            let line = line.map_err(|e| broken(number, &e))?;
            serde_json::from_str(&line).map_err(|e| broken(number, &e))
        });
        whole.err().map(Err).into_iter().chain(rows)
    }

    /// The bytes of the file of one kind in part `index`; none if there is no file.
    ///
    /// # Errors
    /// If the file cannot be read, or does not hold what was written.
    pub(crate) fn part_bytes(&self, kind: PartKind, index: u64) -> Result<Vec<u8>, RunError> {
        self.check_content(kind, index)?;
        let file = self.part_file(kind, index);
        match fs::read(&file) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(|e| RunError::io(format!("cannot read {}", file.display()), &e)),
        }
    }

    /// Checks that a file of a part holds what was written, where the file has a seal.
    fn check_content(&self, kind: PartKind, index: u64) -> Result<(), RunError> {
        let sealed = format!("{SEAL}{}/{}", kind.folder(), part::name(index));
        let Some(json) = self.ledger.get(&sealed)? else { return Ok(()) };
        let seal: FileSeal = from_json(&json)?;
        let file = self.part_file(kind, index);
        let is_judged = kind == PartKind::Judged;
        let mut hasher = blake3::Hasher::new();
        let read = fs::File::open(&file).and_then(|file| hasher.update_reader(file).map(drop));
        read.map_err(|e| lost(&file, &format!("cannot be read ({e})"), is_judged, &self.path))?;
        match hasher.finalize().to_hex().as_str() == seal.hash {
            true => Ok(()),
            false => Err(lost(&file, "is not what was written", is_judged, &self.path)),
        }
    }

    /// Where each committed part ends in the input, by its index.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(crate) fn ends_of_parts(&self) -> Result<Vec<(u64, Position)>, RunError> {
        self.ledger.parts()?.iter().map(|part| Ok((part.index, end_of_part(part)?))).collect()
    }

    /// The committed parts: index, and the numbers of each.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn parts(&self) -> Result<Vec<(u64, ScanStats)>, RunError> {
        let parts = self.ledger.parts()?;
        parts.into_iter().map(|p| Ok((p.index, from_json::<ScanCounts>(&p.summary)?.stats))).collect()
    }
}

/// The error that a file of a part does not hold what was written.
fn lost(file: &Path, what: &str, is_judged: bool, run: &Path) -> RunError {
    let (folder, file, what) = (run.to_owned(), file.to_owned(), what.to_owned());
    FolderError::Lost { folder, file, what, is_judged }.into()
}
