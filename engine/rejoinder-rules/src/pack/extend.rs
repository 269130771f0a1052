//! Packs with the packs that they extend.

use std::collections::HashSet;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{FoundPacks, Pack, PackError, PackIdentity, UnreadableFile};

/// Gathers packs.
pub(super) struct Loader {
    pub(super) packs: Vec<Pack>,
    /// Files that were gathered already, so that packs may extend one another in any way.
    met: HashSet<PackIdentity>,
    /// Files and folders that the user named: packs may extend them wherever they lie.
    by_user: HashSet<PathBuf>,
}

impl Loader {
    /// Nothing gathered yet; packs may extend the files and folders `by_user` wherever they lie.
    pub(super) fn new(by_user: &[String]) -> Self {
        let by_user = by_user.iter().filter_map(|name| Path::new(name).canonicalize().ok()).collect();
        Self { packs: Vec::new(), met: HashSet::new(), by_user }
    }

    /// Adds a pack behind the packs that it extends. These lie below `root`, the folder of the pack that the user named.
    pub(super) fn add(&mut self, mut pack: Pack, root: Option<&Path>) {
        if !self.met.insert(pack.identity().clone()) {
            return;
        }
        let root = root.or_else(|| pack.identity().file()?.parent()).map(Path::to_owned);
        for reference in &pack.content.extends {
            let name = resolved(&reference.name, &pack.file);
            if let Err(error) = self.check(&name, root.as_deref()) {
                let help = error.help().to_owned();
                pack.content.errors.push(reference.report("R011", error.to_string(), help));
                continue;
            }
            match FoundPacks::of(&name) {
                Ok(extended) => {
                    pack.content.errors.extend(extended.unreadable.iter().map(UnreadableFile::finding));
                    extended.packs.into_iter().for_each(|p| self.add(p, root.as_deref()));
                }
                Err(PackError::Unreadable(file)) if file.error.kind() != ErrorKind::NotFound => {
                    pack.content.errors.push(file.finding());
                }
                Err(error) => {
                    pack.content.errors.push(reference.report("R011", error.to_string(), String::new()));
                }
            }
        }
        self.packs.push(pack);
    }

    /// Checks that a pack may extend what `name` stands for: a shipped pack, a rule file or a folder below `root`, or a file or
    /// folder that the user named. A pack by somebody else must not read any file it likes, nor show it in messages.
    fn check(&self, name: &str, root: Option<&Path>) -> Result<(), ExtensionError> {
        let Ok(path) = Path::new(name).canonicalize() else { return Ok(()) };
        if self.by_user.contains(&path) || Pack::shipped().any(|shipped| shipped == name) {
            return Ok(());
        }
        let is_below = |path: &Path| root.is_some_and(|root| path.starts_with(root));
        // A folder may hold links that lead out of it.
        let files = if path.is_dir() { Pack::files_in(&path).unwrap_or_default() } else { Vec::new() };
        let is_outside = |file: &PathBuf| {
            file.canonicalize().is_ok_and(|file| !is_below(&file) && !self.by_user.contains(&file))
        };
        if !is_below(&path) || files.iter().any(is_outside) {
            return Err(ExtensionError::OutsideFolder(name.to_owned()));
        }
        let is_rules = path.is_dir() || (path.is_file() && path.extension().is_some_and(|e| e == "toml"));
        match is_rules {
            true => Ok(()),
            false => Err(ExtensionError::NoRuleFile(name.to_owned())),
        }
    }
}

/// Why a pack may not extend what a name stands for.
#[derive(Debug)]
enum ExtensionError {
    /// The file or folder lies outside of the folder of the pack.
    OutsideFolder(String),
    /// The file is no rule file.
    NoRuleFile(String),
}

impl ExtensionError {
    /// What the author can do.
    const fn help(&self) -> &'static str {
        match self {
            Self::OutsideFolder(_) => {
                "name it beside the pack: under `packs` in the config, or on the command line"
            }
            Self::NoRuleFile(_) => "rule files end with .toml",
        }
    }
}

impl fmt::Display for ExtensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideFolder(name) => {
                write!(f, "`{name}` lies outside of the folder of the pack that extends it")
            }
            Self::NoRuleFile(name) => write!(f, "`{name}` is no rule file"),
        }
    }
}

/// What `name` in the file `from` stands for: a shipped pack, or a path from that file's folder.
fn resolved(name: &str, from: &str) -> String {
    if !name.contains(['/', '\\', '.']) {
        return name.to_owned();
    }
    let below = name.strip_prefix("./").unwrap_or(name);
    Path::new(from).parent().map_or_else(|| name.into(), |folder| folder.join(below).display().to_string())
}
