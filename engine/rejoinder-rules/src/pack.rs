//! Packs: which rule files are in force, where they come from, and the hash that names them together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rejoinder_core::diagnostic::{Diagnostic, Severity, did_you_mean};

use crate::compile::RuleSet;
use crate::schema::{NameReference, RuleFile, parse};

/// A pack that ships inside the engine: name, file and text.
type ShippedPack = (&'static str, &'static str, &'static str);

macro_rules! shipped {
    ($($name:literal)*) => {
        [$(($name, concat!("rules/", $name, ".toml"), include_str!(concat!("../../../rules/", $name, ".toml")))),*]
    };
}

/// All shipped packs, one for each language.
const SHIPPED: &[ShippedPack] = &shipped!["en" "zh" "ja" "es" "fr" "de" "pt" "ru"];

/// A rule file in force.
#[derive(Clone, Debug)]
pub struct Pack {
    /// The name by which the user gave the pack.
    pub name: String,
    /// The file that the pack was read from; `rules/en.toml` for a shipped pack.
    pub file: String,
    /// blake3 hash of the pack's text.
    pub hash: String,
    /// The rules of the pack, and the mistakes in them.
    pub content: RuleFile,
    text: String,
}

/// Why rules cannot be used.
#[derive(Debug)]
pub enum PackError {
    /// No shipped pack has this name, and the name is no path.
    Unknown(String),
    /// The file could not be read.
    Unreadable(PathBuf, std::io::Error),
    /// The files hold errors.
    Invalid(Vec<Diagnostic>),
    /// `disable` names a rule that no pack in force has: the name, and advice.
    NothingToDisable(String, String),
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                let names: Vec<&str> = Pack::shipped().collect();
                write!(
                    f,
                    "no shipped rule pack is called `{name}`: {}; a file is named by its path, such as `./{name}.toml`",
                    did_you_mean(name, &names)
                )
            }
            Self::Unreadable(path, error) => write!(f, "cannot read rules from {}: {error}", path.display()),
            Self::Invalid(errors) => {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "{}\n{} in the rules",
                    errors.join("\n\n"),
                    if errors.len() == 1 { "1 error".to_owned() } else { format!("{} errors", errors.len()) }
                )
            }
            Self::NothingToDisable(id, advice) => {
                write!(f, "`disable` names the rule `{id}`, which no pack in force has; {advice}")
            }
        }
    }
}

impl std::error::Error for PackError {}

impl Pack {
    /// Names of the shipped packs.
    pub fn shipped() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, ..)| *name)
    }

    /// Reads the packs that `names` stand for (shipped packs, rule files, folders of rule files) and the packs that they extend,
    /// each once, a pack behind those that it extends.
    ///
    /// # Errors
    /// If there is no such pack or a file cannot be read. Mistakes in the files are no error here but are kept in the packs; that
    /// a pack to extend does not exist is such a mistake.
    pub fn load(names: &[String]) -> Result<Vec<Self>, PackError> {
        let by_user = names.iter().filter_map(|name| Path::new(name).canonicalize().ok()).collect();
        let mut loader = Loader { by_user, ..Loader::default() };
        for name in names {
            for pack in Self::named(name)? {
                loader.add(pack, None);
            }
        }
        Ok(loader.packs)
    }

    /// The pack and the packs that it extends; the pack comes last.
    pub fn with_extended(pack: Self) -> Vec<Self> {
        let mut loader = Loader::default();
        loader.add(pack, None);
        loader.packs
    }

    /// The packs that one name stands for, without the packs that they extend.
    ///
    /// # Errors
    /// As [`Pack::load`].
    pub fn named(name: &str) -> Result<Vec<Self>, PackError> {
        if let Some((name, file, text)) = SHIPPED.iter().find(|(shipped, ..)| *shipped == name) {
            return Ok(vec![Self::new(name, file, text)]);
        }
        let path = Path::new(name);
        if path.is_dir() {
            let unreadable = |e| PackError::Unreadable(path.to_owned(), e);
            let mut files = Vec::new();
            for entry in std::fs::read_dir(path).map_err(unreadable)? {
                let file = entry.map_err(unreadable)?.path();
                if file.extension().is_some_and(|e| e == "toml") {
                    files.push(file);
                }
            }
            files.sort();
            return files.iter().map(|file| Self::read(name, file)).collect();
        }
        if !path.exists() && !name.contains(['/', '\\', '.']) {
            return Err(PackError::Unknown(name.to_owned()));
        }
        Ok(vec![Self::read(name, path)?])
    }

    fn read(name: &str, path: &Path) -> Result<Self, PackError> {
        let text = read_bounded(path).map_err(|e| PackError::Unreadable(path.to_owned(), e))?;
        Ok(Self::new(name, &path.display().to_string(), &text))
    }

    /// The pack that the text of a rule file makes.
    pub fn new(name: &str, file: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            file: file.to_owned(),
            hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
            content: parse(file, text),
            text: text.to_owned(),
        }
    }

    /// Warnings about the pack's rules: what works, and is slow, useless or untested.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        self.content.warnings(&self.file, &self.text)
    }

    /// Compiles packs into the rules in force: without those that `disable` or a pack's own `disable` names.
    ///
    /// # Errors
    /// If a pack has errors, an id stands in two of them, or something disabled is not there.
    pub fn compile(packs: Vec<Self>, disable: &[String]) -> Result<RuleSet, PackError> {
        let errors: Vec<Diagnostic> = packs.iter().flat_map(|p| p.content.errors.clone()).collect();
        if !errors.is_empty() {
            return Err(PackError::Invalid(errors));
        }
        let mut hasher = blake3::Hasher::new();
        for pack in &packs {
            hasher.update(pack.hash.as_bytes());
        }
        for id in disable {
            hasher.update(b"-").update(id.as_bytes());
        }
        let mut owners: HashMap<String, String> = HashMap::new();
        let mut rules = Vec::new();
        let mut findings = Vec::new();
        let mut disabled: Vec<NameReference> = Vec::new();
        for pack in packs {
            disabled.extend(pack.content.disable);
            for rule in pack.content.rules {
                let place = format!("{}:{}", rule.file, rule.line);
                if let Some(first) = owners.insert(rule.id.clone(), place) {
                    findings.push(Diagnostic {
                        code: "R006",
                        severity: Severity::Error,
                        file: rule.file.clone(),
                        line: rule.line,
                        column: 1,
                        message: format!("rule id `{}` is already used in {first}", rule.id),
                        help: "ids are unique over all packs in force".to_owned(),
                        source_line: "[[rule]]".to_owned(),
                        caret: 0,
                        width: "[[rule]]".len(),
                    });
                }
                rules.push(rule);
            }
        }
        let unknown = |id: &str| (!owners.contains_key(id)).then(|| nearest_rule(id, &owners));
        for reference in &disabled {
            if let Some(advice) = unknown(&reference.name) {
                let message =
                    format!("`disable` names the rule `{}`, which no pack in force has", reference.name);
                findings.push(reference.report("R012", message, advice));
            }
        }
        if !findings.is_empty() {
            return Err(PackError::Invalid(findings));
        }
        for id in disable {
            if let Some(advice) = unknown(id) {
                return Err(PackError::NothingToDisable(id.clone(), advice));
            }
        }
        let disabled: HashSet<&str> =
            disable.iter().map(String::as_str).chain(disabled.iter().map(|d| d.name.as_str())).collect();
        rules.retain(|rule| !disabled.contains(rule.id.as_str()));
        Ok(RuleSet::new(rules, hasher.finalize().to_hex().to_string()))
    }
}

fn nearest_rule(id: &str, owners: &HashMap<String, String>) -> String {
    let known: Vec<&str> = owners.keys().map(String::as_str).collect();
    let advice = did_you_mean(id, &known);
    if advice.starts_with("did") { advice } else { "`rejoinder rules list` names them all".to_owned() }
}

/// Gathers packs.
#[derive(Default)]
struct Loader {
    packs: Vec<Pack>,
    /// Files that were gathered already, so that packs may extend one another in any way.
    met: HashSet<PathBuf>,
    /// Files and folders that the user named: packs may extend them wherever they lie.
    by_user: HashSet<PathBuf>,
}

impl Loader {
    /// Adds a pack behind the packs that it extends. These lie below `root`, the folder of the pack that the user named.
    fn add(&mut self, mut pack: Pack, root: Option<&Path>) {
        // A shipped pack has no file; its name stands for itself.
        let file = Path::new(&pack.file);
        let canonical = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let root = root.or(canonical.parent()).map(Path::to_owned);
        if !self.met.insert(canonical) {
            return;
        }
        for reference in &pack.content.extends {
            let name = resolved(&reference.name, &pack.file);
            if let Err((message, help)) = self.check(&name, root.as_deref()) {
                pack.content.errors.push(reference.report("R011", message, help));
                continue;
            }
            match Pack::named(&name) {
                Ok(extended) => extended.into_iter().for_each(|p| self.add(p, root.as_deref())),
                Err(error) => {
                    pack.content.errors.push(reference.report("R011", error.to_string(), String::new()));
                }
            }
        }
        self.packs.push(pack);
    }

    /// Checks that a pack may extend what `name` stands for: a shipped pack, a rule file or a folder below `root`, or a file or
    /// folder that the user named. A pack by somebody else must not read any file it likes, nor show it in messages.
    fn check(&self, name: &str, root: Option<&Path>) -> Result<(), (String, String)> {
        let Ok(path) = Path::new(name).canonicalize() else { return Ok(()) };
        if self.by_user.contains(&path) || Pack::shipped().any(|shipped| shipped == name) {
            return Ok(());
        }
        if !root.is_some_and(|root| path.starts_with(root)) {
            return Err((
                format!("`{name}` lies outside of the folder of the pack that extends it"),
                "name it beside the pack: under `packs` in the config, or on the command line".to_owned(),
            ));
        }
        let is_rules = path.is_dir() || (path.is_file() && path.extension().is_some_and(|e| e == "toml"));
        match is_rules {
            true => Ok(()),
            false => Err((format!("`{name}` is no rule file"), "rule files end with .toml".to_owned())),
        }
    }
}

/// Rule files are written by people: longer ones are something else.
const MAX_BYTES: u64 = 64 << 20;

fn read_bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    match read as u64 > MAX_BYTES {
        true => Err(std::io::Error::other(format!("it has more than {} MiB", MAX_BYTES >> 20))),
        false => Ok(text),
    }
}

/// What `name` in the file `from` stands for: a shipped pack, or a path from that file's folder.
fn resolved(name: &str, from: &str) -> String {
    if !name.contains(['/', '\\', '.']) {
        return name.to_owned();
    }
    Path::new(from).parent().map_or_else(|| name.into(), |folder| folder.join(name).display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) -> String {
        let path = folder.join(name);
        std::fs::write(&path, format!("format = 1\n{text}")).unwrap();
        path.display().to_string()
    }

    fn rule(id: &str) -> String {
        format!("[[rule]]\nid = \"{id}\"\ncategory = \"UR5\"\nroute = \"accept\"\nany = [\"{id}\"]\n")
    }

    #[test]
    fn a_pack_brings_what_it_extends_without_what_it_disables() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "base.toml", &(rule("a") + &rule("b")));
        let mine = write(
            folder.path(),
            "mine.toml",
            &("extends = [\"./base.toml\"]\ndisable = [\"a\"]\n".to_owned() + &rule("c")),
        );
        let set = Pack::compile(Pack::load(&[mine]).unwrap(), &[]).unwrap();
        assert_eq!(set.rules().iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn packs_that_extend_each_other_come_once() {
        let folder = tempfile::tempdir().unwrap();
        let one = write(folder.path(), "one.toml", &("extends = [\"./two.toml\"]\n".to_owned() + &rule("a")));
        write(folder.path(), "two.toml", &("extends = [\"./one.toml\"]\n".to_owned() + &rule("b")));
        let packs = Pack::load(&[one.clone(), one]).unwrap();
        assert_eq!(Pack::compile(packs, &[]).unwrap().rules().len(), 2);
    }

    #[test]
    fn a_pack_extends_rule_files_below_its_folder_and_what_the_user_named() {
        let folder = tempfile::tempdir().unwrap();
        let [inner, outer] = ["inner", "outer"].map(|name| folder.path().join(name));
        std::fs::create_dir_all(inner.join("deep")).unwrap();
        std::fs::create_dir_all(&outer).unwrap();
        let base = write(&outer, "base.toml", &rule("a"));
        write(&inner.join("deep"), "more.toml", &("extends = [\"../house.toml\"]\n".to_owned() + &rule("b")));
        write(&inner, "house.toml", &rule("c"));
        std::fs::write(inner.join("secret.txt"), "password = hunter2").unwrap();
        let of =
            |extends: &str| write(&inner, "mine.toml", &format!("extends = [{extends:?}]\n{}", rule("d")));
        let fine = Pack::compile(Pack::load(&[of("./deep/more.toml")]).unwrap(), &[]).unwrap();
        assert_eq!(fine.rules().len(), 3);
        for (extends, says) in [
            ("../outer/base.toml", "outside of the folder"),
            ("/etc/passwd", "outside of the folder"),
            ("/dev/zero", "outside of the folder"),
            ("./secret.txt", "is no rule file"),
        ] {
            let packs = Pack::load(&[of(extends)]).unwrap();
            let errors: Vec<String> =
                packs.iter().flat_map(|p| &p.content.errors).map(ToString::to_string).collect();
            assert_eq!((packs.len(), errors.len()), (1, 1), "{errors:?}");
            assert!(errors[0].contains("R011") && errors[0].contains(says), "{}", errors[0]);
            assert!(!errors[0].contains("root:") && !errors[0].contains("hunter2"), "{}", errors[0]);
        }
        let packs = Pack::load(&[base, of("../outer/base.toml")]).unwrap();
        assert_eq!(Pack::compile(packs, &[]).unwrap().rules().len(), 2, "the user named it");
    }

    #[test]
    fn what_is_not_there_is_reported_where_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mine =
            write(folder.path(), "mine.toml", &("extends = [\"./gone.toml\"]\n".to_owned() + &rule("a")));
        let finding = Pack::load(&[mine]).unwrap().remove(0).content.errors.pop().unwrap();
        assert_eq!((finding.code, finding.line, finding.column), ("R011", 2, 12));
        let mine = write(
            folder.path(),
            "mine.toml",
            &("disable = [\"thanks.aa\"]\n".to_owned() + &rule("thanks.ab")),
        );
        let Err(PackError::Invalid(findings)) = Pack::compile(Pack::load(&[mine]).unwrap(), &[]) else {
            panic!("an unknown rule was disabled");
        };
        assert_eq!((findings[0].code, findings[0].line), ("R012", 2));
        assert!(findings[0].help.contains("thanks.ab"), "{}", findings[0]);
    }
}
