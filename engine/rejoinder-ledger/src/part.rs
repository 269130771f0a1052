//! Output files that exist whole or not at all: temporary file, fsync, rename, fsync of the folder.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` as the file `path`, atomically and durably. An existing file is replaced.
///
/// # Errors
/// If the folder is missing or full, or the file cannot be written; the error names the path.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// Writes the file `path` as [`write()`] does, with what `content` writes: for content that should not be held in memory.
///
/// # Errors
/// If `content` fails, the folder is missing or full, or the file cannot be written; the error names the path.
pub fn write_with(
    path: &Path,
    content: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> io::Result<()> {
    let named = |e: io::Error| io::Error::new(e.kind(), format!("cannot write {}: {e}", path.display()));
    // A bare name has an empty parent.
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let temporary = temporary(folder, path);
    let written = (|| {
        let mut file = BufWriter::new(File::create(&temporary)?);
        content(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(folder)
    })();
    written.map_err(|e| {
        // Nothing half-written should stay behind. If the file cannot be removed, the first error is the one to report.
        let _ = fs::remove_file(&temporary);
        named(e)
    })
}

fn temporary(folder: &Path, path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    folder.join(name)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// The number of the part file that a path names; `None` where the path names no part file.
pub fn index(path: &str) -> Option<u64> {
    path.rsplit('/').next()?.strip_prefix("part-")?.strip_suffix(".jsonl")?.parse().ok()
}

/// The name of the file of part `index`, such as `part-00042.jsonl`.
pub fn name(index: u64) -> String {
    format!("part-{index:05}.jsonl")
}
