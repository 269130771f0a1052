//! Where there are no signals of Unix: nobody is named.

use std::path::Path;

/// Of no effect here.
#[derive(Debug)]
pub struct CrashNote(());

impl CrashNote {
    /// Nothing here.
    pub fn in_file(_: &Path, _: &str) -> Self {
        Self(())
    }
}

/// Nothing here.
pub(crate) fn watch() {}

/// Nothing here.
pub fn name_plugins_that_end_the_process() {}
