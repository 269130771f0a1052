//! The files that a command line names.

use std::path::{Path, PathBuf};

use rejoinder_read::{InputFile, input};
use rejoinder_run::RunDir;
use rejoinder_scan::config::InputConfig;

use super::InputRoot;
use super::terminal::remark;
use crate::failure::Failure;

/// The path from the root of the file system on.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|e| Failure::io(format!("cannot use {}", path.display()), &e))
}

/// The files that paths, folders and globs stand for; says what is left out of folders.
pub(super) fn files(inputs: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let found = input::find(inputs)?;
    found.left_out_note().iter().for_each(|text| remark(text));
    Ok(found.files)
}

/// The input files behind paths, folders and globs, as they are now.
pub(super) fn described(inputs: &[String], config: &InputConfig) -> Result<Vec<InputFile>, Failure> {
    describe(&files(inputs)?, config)
}

/// The input files behind paths, folders and globs, as they are now; what is left out of folders is said by whoever reads them
/// again.
pub(super) fn described_silently(inputs: &[String], config: &InputConfig) -> Result<Vec<InputFile>, Failure> {
    describe(&input::find(inputs)?.files, config)
}

fn describe(files: &[PathBuf], config: &InputConfig) -> Result<Vec<InputFile>, Failure> {
    let describe = |file: &PathBuf| InputFile::describe_as(file, config.asked()).map(|(file, _)| file);
    Ok(files.iter().map(describe).collect::<Result<_, _>>()?)
}

/// A run whose input is looked for where a flag says that it lies now.
///
/// # Errors
/// If the input is not there.
pub(super) fn find_input(root: &InputRoot, mut run: RunDir) -> Result<RunDir, Failure> {
    root.input_root.iter().try_for_each(|root| run.look_under(root))?;
    Ok(run)
}
