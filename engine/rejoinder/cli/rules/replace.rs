//! Rule files that are written over.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use rejoinder_ledger::part;
use tempfile::NamedTempFile;

/// Writes a text as the rule file `path`, whole or not at all. Of a file that is there the mode stays, and so does a link to it.
///
/// # Errors
/// If the file is read-only, or cannot be written.
pub(super) fn write_rule_file(path: &Path, text: &str) -> io::Result<()> {
    let path = match path.canonicalize() {
        Ok(path) => path,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return part::write(path, text.as_bytes()),
        Err(e) => return Err(e),
    };
    let mode = fs::metadata(&path)?.permissions();
    if mode.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let mut file = NamedTempFile::with_prefix_in(".rules-", folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(mode)?;
    file.as_file().sync_all()?;
    file.persist(&path).map(|_| ()).map_err(|error| error.error)
}
