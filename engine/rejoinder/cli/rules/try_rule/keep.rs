//! The tried rule, put into a file.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rejoinder_authoring::trial::{KeepError, RuleDraft, keep};
use rejoinder_core::diagnostic::Diagnostic;
use rejoinder_ledger::part;
use rejoinder_report::shell::word;
use rejoinder_rules::Pack;
use rejoinder_scan::Config;

use crate::cli::terminal::remark;
use crate::failure::{Exit, Failure};

/// Puts a draft behind what a file holds, or into a new file, and says where.
///
/// # Errors
/// If the file has mistakes, or cannot be read or written.
pub(super) fn write(
    draft: &RuleDraft,
    words: &str,
    route: &str,
    path: &Path,
    config: &Config,
) -> Result<(), Failure> {
    // A link stays one.
    let target: PathBuf = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = path.display().to_string();
    let before = match std::fs::read_to_string(&target) {
        Ok(text) => Some(text),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(Failure::io(format!("cannot read {name}"), &e)),
    };
    let in_force = Pack::load(&config.pack_names())?;
    let taken: HashSet<String> =
        in_force.into_iter().flat_map(|pack| pack.content.rules).map(|rule| rule.id).collect();
    let kept = keep(draft, words, route, &name, before.as_deref(), &taken).map_err(|error| {
        let (what, errors) = match error {
            KeepError::Broken(errors) => ("has mistakes, and stays as it is", errors),
            KeepError::Breaks(errors) => ("stays as it is: with the rule it would have mistakes", errors),
        };
        let found: Vec<String> = errors.iter().map(Diagnostic::to_string).collect();
        Failure::new(Exit::Invalid, format!("{name} {what}\n{}", found.join("\n\n")))
    })?;
    part::write(&target, kept.text.as_bytes())?;
    let file = word(path);
    remark(&format!(
        "{name}:{}: rule {} is written, with two tests to fill in; then: rejoinder rules test {file}",
        kept.line, kept.id
    ));
    Ok(())
}
