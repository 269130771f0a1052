//! The input of a run that goes on with an earlier one: the earlier run's files in their order, so that ids stay, then what is new.
//! Files are known by their content, whatever their names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rejoinder_read::InputFile;
use rejoinder_read::input::Growth;
use rejoinder_scan::config::InputConfig;
use serde::{Deserialize, Serialize};

use super::earlier_run::last_night;
use super::error::NightError;
use crate::error::RunError;
use crate::folder::{RunDir, absolute};

/// What has become of the input files of an earlier run, and how many have come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileChanges {
    /// Files that hold what they did.
    pub known: u64,
    /// Files to which something was added at the end.
    pub grown: u64,
    /// Files that hold something else under the same path.
    pub rewritten: u64,
    /// Files that the earlier run has not read.
    pub added: u64,
}

impl FileChanges {
    /// Whether all files hold what they did, and there is no other.
    pub const fn is_none(&self) -> bool {
        self.grown + self.rewritten + self.added == 0
    }
}

/// The input of a run that goes on with an earlier one.
pub(super) struct NightInputs {
    /// The files.
    pub(super) files: Vec<InputFile>,
    /// What is new in them.
    pub(super) changes: FileChanges,
    /// The places of files whose ids mean something else than before.
    pub(super) rewritten: Vec<u32>,
}

impl NightInputs {
    /// The input of a run over the input of an earlier one and further files.
    ///
    /// # Errors
    /// If a file cannot be read, or a file of the earlier run is gone, or holds something else and is not among the further files.
    pub(super) fn of(earlier: &RunDir, further: &[PathBuf], config: &InputConfig) -> Result<Self, RunError> {
        let inputs = &earlier.manifest.inputs;
        let night = last_night(inputs) + 1;
        let marks = &earlier.manifest.forgotten_marks;
        let mut further = described(further, config)?;
        let mut merged = Self { files: Vec::new(), changes: FileChanges::default(), rewritten: Vec::new() };
        for (shard, then) in (0..).zip(inputs) {
            let path = absolute(then.current_path())?;
            let is_same = |file: &InputFile| is_same_content(file, then);
            let now = match further.iter().position(is_same) {
                Some(place) => {
                    let same = further.remove(place);
                    let may_stay = same.path != path && path.exists();
                    let old = may_stay.then(|| describe(&path, config)).transpose()?;
                    old.filter(is_same).unwrap_or(same)
                }
                None => match further.iter().position(|file| file.path == path) {
                    Some(place) => further.remove(place),
                    None => unchanged(earlier, then, &path, config)?,
                },
            };
            let (file, changes) = match is_same(&now) {
                true => (as_before(then, now), &mut merged.changes.known),
                false => match now.grown_from(then, &config.map)? {
                    Some(from) => {
                        let mut file = as_before(then, now);
                        file.growth.push(Growth { night, from });
                        file.forgotten_marks.extend(marks);
                        (file, &mut merged.changes.grown)
                    }
                    None => {
                        merged.rewritten.push(shard);
                        (came_in(now, night, marks), &mut merged.changes.rewritten)
                    }
                },
            };
            *changes += 1;
            merged.files.push(file);
        }
        merged.changes.added = further.len() as u64;
        merged.files.extend(further.into_iter().map(|file| came_in(file, night, marks)));
        Ok(merged)
    }
}

/// A file that came in in a night, without what was forgotten before.
fn came_in(file: InputFile, night: u32, marks: &BTreeSet<u64>) -> InputFile {
    InputFile { night, forgotten_marks: marks.clone(), ..file }
}

/// A file as it was described before, but for what has changed.
fn as_before(then: &InputFile, now: InputFile) -> InputFile {
    let InputFile { path, moved_to, size, hash, format, container, reading, .. } = now;
    InputFile { path, moved_to, size, hash, format, container, reading, ..then.clone() }
}

fn is_same_content(one: &InputFile, other: &InputFile) -> bool {
    (one.size, &one.hash) == (other.size, &other.hash)
}

/// Files as they are now, each content once.
fn described(files: &[PathBuf], config: &InputConfig) -> Result<Vec<InputFile>, RunError> {
    let mut described: Vec<InputFile> = Vec::new();
    for file in files {
        let now = describe(&absolute(file)?, config)?;
        if !described.iter().any(|known| is_same_content(known, &now)) {
            described.push(now);
        }
    }
    Ok(described)
}

fn describe(path: &Path, config: &InputConfig) -> Result<InputFile, RunError> {
    Ok(InputFile::describe_as(path, config.asked())?.0)
}

/// A file of an earlier run, which must hold what it did.
fn unchanged(
    earlier: &RunDir,
    then: &InputFile,
    path: &Path,
    config: &InputConfig,
) -> Result<InputFile, RunError> {
    let (replies, earlier, file) = (absolute(&earlier.reply_file())?, earlier.path.clone(), path.to_owned());
    if !path.exists() {
        return Err(NightError::InputGone { earlier, file, replies }.into());
    }
    let now = describe(path, config)?;
    match is_same_content(&now, then) {
        true => Ok(now),
        false => Err(NightError::InputChanged { earlier, file }.into()),
    }
}
