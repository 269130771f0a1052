//! The tried rule, put into a file.

use std::collections::{BTreeSet, HashSet};
use std::io::ErrorKind;
use std::path::Path;

use rejoinder_authoring::trial::{KeepError, RuleDraft, keep};
use rejoinder_core::diagnostic::{Diagnostic, quoted_list};
use rejoinder_report::shell::word;
use rejoinder_rules::{Pack, PackIdentity, Rule, toml_string};
use rejoinder_scan::Config;

use super::super::replace::write_rule_file;
use crate::cli::terminal::remark;
use crate::failure::{Exit, Failure};

/// Checks that a rule may be put into a file of this name.
///
/// # Errors
/// If the other commands would take the name for that of a shipped pack.
pub(super) fn check_target(path: &Path) -> Result<(), Failure> {
    let is_shipped = Pack::shipped().any(|shipped| path.as_os_str() == shipped);
    if !is_shipped {
        return Ok(());
    }
    let name = path.display();
    Err(Failure::usage(format!(
        "--write {name}: `{name}` is a shipped pack, which stands inside the program: name a file by its path, such as ./{name}.toml"
    )))
}

/// Puts a draft, which has made the rule `tried`, behind what a file holds, or into a new file, and says where.
///
/// # Errors
/// If the file has mistakes, or cannot be read or written, or the rule builds on rules that the file does not bring.
pub(super) fn write(
    draft: &RuleDraft,
    tried: &Rule,
    words: &str,
    path: &Path,
    config: &Config,
) -> Result<(), Failure> {
    let name = path.display().to_string();
    let before = match std::fs::read_to_string(path) {
        Ok(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(Failure::io(format!("cannot read {name}"), &e)),
    };
    let in_force = Pack::load(&config.pack_names())?;
    let extends = not_brought(tried, &name, before.as_deref(), &in_force);
    let is_foreign = |pack: &String| !Pack::shipped().any(|shipped| shipped == pack);
    if (before.is_some() && !extends.is_empty()) || extends.iter().any(is_foreign) {
        let packs: Vec<String> = extends.iter().map(|pack| toml_string(pack)).collect();
        return Err(Failure::usage(format!(
            "the rule is not written: it builds on rules of {}, which {name} does not extend; write extends = [{}] below its `format` (a \
             rule file by its path from there), or write the rule into the file that holds the others",
            quoted_list(&extends.iter().map(String::as_str).collect::<Vec<_>>()),
            packs.join(", ")
        )));
    }
    let taken: HashSet<String> =
        in_force.into_iter().flat_map(|pack| pack.content.rules).map(|rule| rule.id).collect();
    let extends: Vec<String> = extends.into_iter().collect();
    let kept =
        keep(draft, words, tried.route, &name, before.as_deref(), &extends, &taken).map_err(|error| {
            let (what, errors) = match error {
                KeepError::Broken(errors) => ("has mistakes, and stays as it is", errors),
                KeepError::Breaks(errors) => ("stays as it is: with the rule it would have mistakes", errors),
            };
            let found: Vec<String> = errors.iter().map(Diagnostic::to_string).collect();
            Failure::new(Exit::Invalid, format!("{name} {what}\n{}", found.join("\n\n")))
        })?;
    write_rule_file(path, &kept.text).map_err(|e| Failure::io(format!("cannot write {name}"), &e))?;
    let file = word(path);
    remark(&format!(
        "{name}:{}: rule {} is written, with two tests to fill in; then: rejoinder rules test {file}",
        kept.line, kept.id
    ));
    Ok(())
}

/// The packs in force with rules on which a rule builds, and which a file does not bring by itself: as it would extend them.
fn not_brought(rule: &Rule, name: &str, text: Option<&str>, in_force: &[Pack]) -> BTreeSet<String> {
    let own = text.map(|text| Pack::with_extended(Pack::new(name, name, text), &[])).unwrap_or_default();
    let brings = |id: &str| own.iter().flat_map(|pack| &pack.content.rules).any(|rule| rule.id == id);
    let named = rule.builds_on().flat_map(|(_, named)| named).filter(|named| !brings(&named.id));
    let holds = |pack: &&Pack, id: &str| pack.content.rules.iter().any(|rule| rule.id == id);
    named.filter_map(|named| in_force.iter().find(|pack| holds(pack, &named.id))).map(extension).collect()
}

/// The name by which a file may extend a pack.
fn extension(pack: &Pack) -> String {
    match pack.identity() {
        PackIdentity::Shipped(name) => (*name).to_owned(),
        _ => pack.file.clone(),
    }
}
