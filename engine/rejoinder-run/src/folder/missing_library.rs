//! A plugin's library that is not on this machine, or is another one: which one the run was begun with, and how to bring it.

use std::path::Path;

use rejoinder_scan::ScanError;

use super::manifest::Manifest;

impl Manifest {
    /// An error of an engine that was to go on with what was begun in `folder`: where a plugin's library is missing, the error also
    /// says which library that was, and how to bring it here.
    pub fn naming_the_library(&self, folder: &Path, error: ScanError) -> ScanError {
        let ScanError::Config(wrong) = error else { return error };
        let missing = wrong.missing_library;
        let Some((entry, asked)) =
            missing.and_then(|place| self.plugins.get(place).zip(self.config.plugins.get(place)))
        else {
            return ScanError::Config(wrong);
        };
        let folder = folder.display();
        let begun = format!("{folder} was begun with plugin `{}` {}", entry.name, entry.version);
        let more = if entry.hash.is_empty() {
            format!("{begun}, linked into the program that began it: go on with a program that has it")
        } else {
            let bring = match &asked.path {
                Some(_) => "copy that file to where it is looked for".to_owned(),
                None => "copy that file into one of the folders where it is looked for, or name the folder that holds it: \
                         REJOINDER_PLUGIN_PATH=FOLDER"
                    .to_owned(),
            };
            format!(
                "{begun}, there in {} (blake3 {})\nto go on, {bring}; `rejoinder plugin inspect FILE` prints the hash of a file",
                entry.origin, entry.hash
            )
        };
        ScanError::Config(wrong.and(&more))
    }
}
