//! Which packs of a config stand beside others.

use std::collections::HashSet;
use std::path::Path;

use rejoinder_rules::{Pack, PackError};
use rejoinder_scan::Config;
use rejoinder_scan::config::RulesConfig;

/// The packs of a config that stand beside rule files, folders or shipped packs that are named: those that share no rule with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacksBeside {
    /// The packs that stand beside what is named.
    pub kept: Vec<String>,
    /// The packs that share a rule with what is named, as another version of it.
    pub replaced: Vec<String>,
    /// Where among the kept packs the first of the replaced ones stood.
    place: Option<usize>,
}

impl PacksBeside {
    /// The packs of a config beside what is named. Of a folder of packs the files count one by one.
    ///
    /// # Errors
    /// If there is no such pack, or a file cannot be read.
    pub fn of(config: &Config, named: &[String]) -> Result<Self, PackError> {
        let own = ids(named)?;
        let mut found = Self { kept: Vec::new(), replaced: Vec::new(), place: None };
        for pack in files_of(&config.pack_names())? {
            if ids(std::slice::from_ref(&pack))?.is_disjoint(&own) {
                found.kept.push(pack);
            } else {
                found.place.get_or_insert(found.kept.len());
                found.replaced.push(pack);
            }
        }
        Ok(found)
    }

    /// The rules of the config with `named` in force where the replaced packs stood, and the rules of `disable` that are then not there.
    ///
    /// # Errors
    /// If there is no such pack, or a file cannot be read.
    pub fn with(&self, config: &Config, named: &[String]) -> Result<(RulesConfig, Vec<String>), PackError> {
        let mut packs = self.kept.clone();
        let place = self.place.unwrap_or(packs.len());
        packs.splice(place..place, named.iter().cloned());
        let in_force = ids(&packs)?;
        let (disable, not_there) = config.rules.disable.iter().cloned().partition(|id| in_force.contains(id));
        Ok((RulesConfig { packs, disable, ..config.rules.clone() }, not_there))
    }
}

/// The ids of the rules that names stand for, with the packs that these extend.
fn ids(names: &[String]) -> Result<HashSet<String>, PackError> {
    let packs = Pack::load(names)?;
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
