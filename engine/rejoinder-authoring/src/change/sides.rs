//! Which rules are in force before and after a change.

use std::collections::HashSet;
use std::path::Path;

use rejoinder_rules::{Pack, PackError};
use rejoinder_scan::Config;
use rejoinder_scan::config::RulesConfig;

/// The name that stands for no rules at all.
pub const NO_RULES: &str = "none";

/// The rules in force on one side of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct SideRules {
    /// What was named: a rule file, a folder, a shipped pack, or [`NO_RULES`].
    pub name: String,
    /// Whether the name stands for no rules.
    pub is_none: bool,
    /// The section of the config that puts the rules in force.
    pub section: RulesConfig,
    /// Rules of `disable` that this side does not have.
    pub not_to_disable: Vec<String>,
}

/// The rules in force on both sides of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSides {
    /// Before the change.
    pub before: SideRules,
    /// After the change.
    pub after: SideRules,
    /// Packs of the config that are in force on both sides.
    pub beside: Vec<String>,
    /// Packs of the config that are in force on no side, since they share a rule with what was named.
    pub replaced: Vec<String>,
}

impl RuleSides {
    /// The rules in force where `old` or `new` takes its place among the packs of a config: beside them stand those packs that share no
    /// rule with them.
    ///
    /// # Errors
    /// If there is no such pack, or a file cannot be read.
    pub fn of(config: &Config, old: &str, new: &str) -> Result<Self, PackError> {
        let (own_old, own_new) = (ids(old)?, ids(new)?);
        let (mut beside, mut replaced) = (Vec::new(), Vec::new());
        let mut place = None;
        for pack in files_of(&config.pack_names())? {
            let shares = ids(&pack)?.iter().any(|id| own_old.contains(id) || own_new.contains(id));
            if shares {
                place.get_or_insert(beside.len());
                replaced.push(pack);
            } else {
                beside.push(pack);
            }
        }
        let side = |name: &str| -> Result<SideRules, PackError> {
            let is_none = name == NO_RULES;
            let mut packs = beside.clone();
            if !is_none {
                packs.insert(place.unwrap_or(packs.len()), name.to_owned());
            }
            let mut in_force = HashSet::new();
            for pack in Pack::load(&packs)? {
                in_force.extend(pack.content.rules.into_iter().map(|rule| rule.id));
            }
            let (disable, not_to_disable): (Vec<String>, Vec<String>) =
                config.rules.disable.iter().cloned().partition(|id| in_force.contains(id));
            let section = RulesConfig { packs, disable, ..config.rules.clone() };
            Ok(SideRules { name: name.to_owned(), is_none, section, not_to_disable })
        };
        Ok(Self { before: side(old)?, after: side(new)?, beside, replaced })
    }
}

impl SideRules {
    /// A config with the rules of this side.
    pub fn config(&self, config: &Config) -> Config {
        Config { rules: self.section.clone(), ..config.clone() }
    }
}

/// The ids of the rules that a name stands for, with the packs that these extend.
fn ids(name: &str) -> Result<HashSet<String>, PackError> {
    if name == NO_RULES {
        return Ok(HashSet::new());
    }
    let packs = Pack::load(&[name.to_owned()])?;
    Ok(packs.into_iter().flat_map(|pack| pack.content.rules).map(|rule| rule.id).collect())
}

/// The packs, with the files of a folder in its place.
fn files_of(packs: &[String]) -> Result<Vec<String>, PackError> {
    let mut files = Vec::new();
    for name in packs {
        let folder = Path::new(name);
        match folder.is_dir() && Pack::shipped().all(|shipped| shipped != name) {
            true => files.extend(Pack::files_in(folder)?.iter().map(|file| file.display().to_string())),
            false => files.push(name.clone()),
        }
    }
    Ok(files)
}
