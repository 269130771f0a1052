//! Rule files beside the packs in force.

use std::collections::HashSet;

use rejoinder_rules::Pack;
use rejoinder_scan::config::RulesConfig;

use super::files::unusable;
use crate::failure::Failure;

/// Puts rule files in force beside the packs of a config. A file takes the place of those that share a rule's id with it, as another
/// version of them.
///
/// # Errors
/// If a file or a pack cannot be read.
pub(super) fn put_beside(rules: &mut RulesConfig, files: &[String]) -> Result<(), Failure> {
    if files.is_empty() {
        return Ok(());
    }
    let given = Pack::load(files).map_err(unusable)?;
    let ids: HashSet<&str> =
        given.iter().flat_map(|pack| &pack.content.rules).map(|rule| rule.id.as_str()).collect();
    let mut kept = Vec::new();
    for name in &rules.packs {
        let packs = Pack::named(name).map_err(unusable)?;
        let is_old = |pack: &Pack| pack.content.rules.iter().any(|rule| ids.contains(rule.id.as_str()));
        match packs.iter().any(is_old) {
            false => kept.push(name.clone()),
            // Of a folder the other files stay.
            true => kept.extend(packs.iter().filter(|pack| !is_old(pack)).map(|pack| pack.file.clone())),
        }
    }
    kept.extend_from_slice(files);
    rules.packs = kept;
    Ok(())
}
