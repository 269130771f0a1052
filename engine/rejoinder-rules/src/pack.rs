//! Packs: which rule files are in force, where they come from, and the hash that names them together.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::compile::RuleSet;
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::schema::{RuleFile, parse};

/// The packs that ship inside the engine: (name, file, text).
const SHIPPED: &[(&str, &str, &str)] = &[("en", "rules/en.toml", include_str!("../../../rules/en.toml"))];

/// A rule file in force.
#[derive(Clone, Debug)]
pub struct Pack {
    /// How the user named it.
    pub name: String,
    /// Where it was read from; `rules/en.toml` for a shipped one.
    pub file: String,
    /// blake3 hash of its text.
    pub hash: String,
    /// What it holds.
    pub content: RuleFile,
}

/// The rules cannot be used.
#[derive(Debug)]
pub enum PackError {
    /// No shipped pack has this name, and it is no path.
    Unknown(String),
    /// The file could not be read.
    Unreadable(PathBuf, std::io::Error),
    /// The files hold errors.
    Invalid(Vec<Diagnostic>),
    /// `disable` names a rule that is not there: the name, and advice.
    NothingToDisable(String, String),
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                let names: Vec<&str> = SHIPPED.iter().map(|(n, ..)| *n).collect();
                write!(
                    f,
                    "no shipped rule pack is called `{name}`: {}; a file is named by its path, such as `./{name}.toml`",
                    did_you_mean(name, &names)
                )
            }
            Self::Unreadable(path, error) => write!(f, "cannot read rules from {}: {error}", path.display()),
            Self::Invalid(findings) => {
                let errors: Vec<String> = findings
                    .iter()
                    .filter(|d| d.severity == Severity::Error)
                    .map(ToString::to_string)
                    .collect();
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
    /// Reads the packs that `name` stands for: a shipped pack, a rule file, or a folder of them.
    ///
    /// # Errors
    /// If there is no such pack or a file cannot be read. Findings in the files are kept, not an error here.
    pub fn load(name: &str) -> Result<Vec<Self>, PackError> {
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
        let text = std::fs::read_to_string(path).map_err(|e| PackError::Unreadable(path.to_owned(), e))?;
        Ok(Self::new(name, &path.display().to_string(), &text))
    }

    /// A pack of the given text.
    pub fn new(name: &str, file: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            file: file.to_owned(),
            hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
            content: parse(file, text),
        }
    }

    /// Compiles packs into the rules in force, without those in `disable`.
    ///
    /// # Errors
    /// If a pack has errors, an id stands in two of them, or `disable` names no rule.
    pub fn compile(packs: Vec<Self>, disable: &[String]) -> Result<RuleSet, PackError> {
        if packs.iter().any(|p| p.content.has_errors()) {
            return Err(PackError::Invalid(packs.into_iter().flat_map(|p| p.content.findings).collect()));
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
        let mut clashes = Vec::new();
        for pack in packs {
            for rule in pack.content.rules {
                let place = format!("{}:{}", rule.file, rule.line);
                if let Some(first) = owners.insert(rule.id.clone(), place) {
                    clashes.push(Diagnostic {
                        code: "R006",
                        severity: Severity::Error,
                        file: rule.file.clone(),
                        line: rule.line,
                        column: 1,
                        message: format!("rule id `{}` is already used in {first}", rule.id),
                        help: "ids are unique over all packs in force".to_owned(),
                        source_line: "[[rule]]".to_owned(),
                        width: "[[rule]]".len(),
                    });
                }
                rules.push(rule);
            }
        }
        if !clashes.is_empty() {
            return Err(PackError::Invalid(clashes));
        }
        for id in disable {
            if !owners.contains_key(id) {
                let known: Vec<&str> = owners.keys().map(String::as_str).collect();
                let advice = did_you_mean(id, &known);
                let advice =
                    if advice.starts_with("did") { advice } else { "see `rejoinder rules check`".to_owned() };
                return Err(PackError::NothingToDisable(id.clone(), advice));
            }
        }
        rules.retain(|rule| !disable.contains(&rule.id));
        Ok(RuleSet::new(rules, hasher.finalize().to_hex().to_string()))
    }
}
