//! Rule files beside the packs in force.

use std::collections::HashSet;

use rejoinder_rules::Pack;
use rejoinder_scan::config::RulesConfig;

use super::files::unusable;
use crate::failure::Failure;

/// Puts rule files in force beside the packs of a config. A file takes the place of packs that share a rule's id with it: it is another
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
        let mut rules = packs.iter().flat_map(|pack| &pack.content.rules);
        if !rules.any(|rule| ids.contains(rule.id.as_str())) {
            kept.push(name.clone());
        }
    }
    kept.extend_from_slice(files);
    rules.packs = kept;
    Ok(())
}
