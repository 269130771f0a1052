//! A pack: read from a file or from the engine, and compiled with others.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use rejoinder_core::diagnostic::{Diagnostic, Severity, did_you_mean};

use super::error::PackError;
use super::extend::Loader;
use super::identity::PackIdentity;
use crate::building::{RuleBuilding, WITH_ADVICE};
use crate::compile::RuleSet;
use crate::guards::Guards;
use crate::selector::Selector;
use rejoinder_rule_files::{
    Guard, NameReference, Rule, RuleFile, RuleSource, StoredRuleFile, conflicts, parse,
};

/// A pack that ships inside the engine.
struct ShippedPack {
    name: &'static str,
    file: &'static str,
    text: &'static str,
    /// What [`RuleFile::from_stored`] reads; empty where the text has mistakes.
    stored: StoredRuleFile<&'static str>,
}

macro_rules! shipped {
    ($($name:literal)*) => {
        [$(ShippedPack {
            name: $name,
            file: concat!("rules/", $name, ".toml"),
            text: include_str!(concat!("../../../../rules/", $name, ".toml")),
            stored: StoredRuleFile {
                rules: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".json")),
                tests: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".tests.json")),
            },
        }),*]
    };
}

/// All shipped packs, one for each language. A constant would stand in the program once for each crate that names the packs.
static SHIPPED: [ShippedPack; 8] = shipped!["en" "zh" "ja" "es" "fr" "de" "pt" "ru"];

/// The rules in force, before they are compiled.
#[derive(Clone, Debug)]
pub struct RulesInForce {
    /// The rules, whose places are the numbers of their hits, and behind them those that were switched off and serve others alone.
    pub(crate) rules: Vec<Rule>,
    pub(crate) in_force: usize,
    /// How the rules build on one another.
    pub(crate) building: RuleBuilding,
    pub(crate) guards: Guards,
    /// Identifies the rules' text in every record's provenance.
    pub(crate) hash: String,
}

impl RulesInForce {
    /// Compiles the rules, and selectors beside them.
    ///
    /// # Panics
    /// If there are more selectors than [`Selector::MOST`], or an automaton would exceed its limit (a table of 2³¹ cells, far beyond any
    /// rule set that can be written).
    pub fn compile(self, selectors: Vec<Selector>) -> RuleSet {
        RuleSet::new(self, selectors)
    }

    /// The rules, whose places are the numbers of their hits.
    pub fn rules(&self) -> &[Rule] {
        &self.rules[..self.in_force]
    }

    /// The rules, and behind them those that were switched off and serve others alone.
    pub fn with_serving(&self) -> &[Rule] {
        &self.rules
    }
}

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
    text: Cow<'static, str>,
    identity: PackIdentity,
}

impl Pack {
    /// Names of the shipped packs.
    pub fn shipped() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|pack| pack.name)
    }

    /// Reads the packs that `names` stand for (shipped packs, rule files, folders of rule files) and the packs that they extend,
    /// each once, a pack behind those that it extends.
    ///
    /// # Errors
    /// If there is no such pack or a file cannot be read. Mistakes in the files are no error here but are kept in the packs; that
    /// a pack to extend does not exist is such a mistake.
    pub fn load(names: &[String]) -> Result<Vec<Self>, PackError> {
        let mut loader = Loader::new(names);
        for name in names {
            for pack in Self::named(name)? {
                loader.add(pack, None);
            }
        }
        Ok(loader.packs)
    }

    /// The pack and the packs that it extends; the pack comes last. What the user named may be extended wherever it lies.
    pub fn with_extended(pack: Self, by_user: &[String]) -> Vec<Self> {
        let mut loader = Loader::new(by_user);
        loader.add(pack, None);
        loader.packs
    }

    /// The shipped pack of a name; `None` if there is none.
    pub(super) fn of_shipped_name(name: &str) -> Option<Self> {
        SHIPPED.iter().find(|pack| pack.name == name).map(Self::of_shipped)
    }

    /// The pack that the text of a rule file makes.
    pub fn new(name: &str, file: &str, text: &str) -> Self {
        let shipped = SHIPPED.iter().find(|pack| pack.text == text);
        let identity =
            shipped.map_or_else(|| PackIdentity::of_file(file), |pack| PackIdentity::Shipped(pack.name));
        Self::with_content(name, file, text.to_owned().into(), parse(file, text), identity)
    }

    fn of_shipped(pack: &ShippedPack) -> Self {
        let ShippedPack { name, file, text, stored } = pack;
        let content = RuleFile::from_stored(stored).unwrap_or_else(|_| parse(file, text));
        Self::with_content(name, file, Cow::Borrowed(text), content, PackIdentity::Shipped(name))
    }

    fn with_content(
        name: &str,
        file: &str,
        text: Cow<'static, str>,
        content: RuleFile,
        identity: PackIdentity,
    ) -> Self {
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        Self { name: name.to_owned(), file: file.to_owned(), hash, content, text, identity }
    }

    /// The pack with these rules in place of its own: without the mistakes of its file, its guard, and what it extends and disables. It is
    /// no longer the pack of its file, but that of what the rules are taken for, so both may be in force.
    pub fn taken(self, for_use: &'static str, rules: Vec<Rule>) -> Self {
        let mut content = self.content;
        content.rules = rules;
        content.errors.clear();
        content.extends.clear();
        content.disable.clear();
        content.guard = Guard::default();
        Self { content, identity: PackIdentity::Taken(for_use), ..self }
    }

    /// What all names of the pack have in common.
    pub const fn identity(&self) -> &PackIdentity {
        &self.identity
    }

    /// Warnings about the pack's rules: what works, and is slow, useless or untested.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        self.content.warnings(&self.file, &self.text)
    }

    /// Warnings about rules that accept the same words in different categories, where one of them stands in a pack that `is_checked`.
    /// `disabled` rules, and those that a pack disables, are not in force.
    pub fn conflicts(
        packs: &[Self],
        is_checked: impl Fn(&Self) -> bool,
        disabled: &[String],
    ) -> Vec<Diagnostic> {
        let by_packs =
            packs.iter().flat_map(|pack| &pack.content.disable).map(|reference| reference.name.as_str());
        let disabled = disabled.iter().map(String::as_str).chain(by_packs).collect();
        let sources: Vec<RuleSource<'_>> = packs
            .iter()
            .map(|pack| RuleSource {
                name: &pack.file,
                text: &pack.text,
                content: &pack.content,
                is_checked: is_checked(pack),
            })
            .collect();
        conflicts(&sources, &disabled)
    }

    /// Compiles packs into the rules in force: without those that `disable` or a pack's own `disable` names.
    ///
    /// # Errors
    /// If a pack has errors, an id stands in two of them, something disabled is not there, or a rule builds on one that is not there, or
    /// on itself: all findings at once, those in the packs first. That a rule is not there is told where all rules could be read.
    pub fn compile(packs: Vec<Self>, disable: &[String]) -> Result<RuleSet, PackError> {
        Ok(Self::in_force(packs, disable)?.compile(Vec::new()))
    }

    /// The rules in force out of packs, each of them once, as [`Self::compile`] compiles them.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn in_force(packs: Vec<Self>, disable: &[String]) -> Result<RulesInForce, PackError> {
        let packs = Self::each_once(packs);
        let mut findings: Vec<Diagnostic> = packs.iter().flat_map(|p| p.content.errors.clone()).collect();
        let unread = UnreadRules::of(&packs);
        let mut hasher = blake3::Hasher::new();
        for pack in &packs {
            hasher.update(pack.hash.as_bytes());
        }
        for id in disable {
            hasher.update(b"-").update(id.as_bytes());
        }
        let mut owners: HashMap<String, String> = HashMap::new();
        let mut rules = Vec::new();
        let mut disabled: Vec<NameReference> = Vec::new();
        let mut file_guards = Vec::new();
        for pack in packs {
            disabled.extend(pack.content.disable);
            file_guards.push((pack.file, pack.content.guard));
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
        let is_known = |id: &String| owners.contains_key(id) || unread.may_hold(id);
        for reference in disabled.iter().filter(|reference| !is_known(&reference.name)) {
            let message =
                format!("`disable` names the rule `{}`, which no pack in force has", reference.name);
            let advice = if findings.len() < WITH_ADVICE {
                nearest_rule(&reference.name, &owners)
            } else {
                String::new()
            };
            findings.push(reference.report("R012", message, advice));
        }
        let nothing = disable.iter().find(|id| !is_known(id));
        let nothing = nothing.map(|id| PackError::NothingToDisable(id.clone(), nearest_rule(id, &owners)));
        let disabled: HashSet<&str> =
            disable.iter().map(String::as_str).chain(disabled.iter().map(|d| d.name.as_str())).collect();
        let (mut rules, switched_off): (Vec<Rule>, Vec<Rule>) =
            rules.into_iter().partition(|rule| !disabled.contains(rule.id.as_str()));
        let in_force = rules.len();
        let guards = Guards::of(&rules, file_guards);
        add_serving(&mut rules, switched_off);
        let building = RuleBuilding::of(&rules, |id| unread.may_hold(id)).unwrap_or_else(|unsound| {
            findings.extend(unsound);
            RuleBuilding::default()
        });
        if !findings.is_empty() {
            return Err(PackError::Invalid(findings));
        }
        if let Some(nothing) = nothing {
            return Err(nothing);
        }
        Ok(RulesInForce { rules, in_force, building, guards, hash: hasher.finalize().to_hex().to_string() })
    }
}

/// The rules of packs that could not be read.
struct UnreadRules {
    /// The ids of those that have errors.
    ids: HashSet<String>,
    /// Whether nobody knows which others there are: a file is not TOML, or a pack could not be read.
    are_unknown: bool,
}

impl UnreadRules {
    fn of(packs: &[Pack]) -> Self {
        let hides = |finding: &Diagnostic| matches!(finding.code, "R001" | "R011" | "R013");
        Self {
            ids: packs.iter().flat_map(|pack| pack.content.unsound.iter().cloned()).collect(),
            are_unknown: packs.iter().flat_map(|pack| &pack.content.errors).any(hides),
        }
    }

    /// Whether a rule of this id may stand where it could not be read.
    fn may_hold(&self, id: &str) -> bool {
        self.are_unknown || self.ids.contains(id)
    }
}

/// Adds those of the rules that were switched off on which these rules build, directly or by others.
fn add_serving(rules: &mut Vec<Rule>, switched_off: Vec<Rule>) {
    let mut waiting: HashMap<String, Rule> =
        switched_off.into_iter().map(|rule| (rule.id.clone(), rule)).collect();
    let mut looked_at = 0;
    while let Some(rule) = rules.get(looked_at) {
        let named = rule.builds_on().flat_map(|(_, named)| named);
        let serving: Vec<Rule> = named.filter_map(|named| waiting.remove(&named.id)).collect();
        rules.extend(serving);
        looked_at += 1;
    }
}

/// The shipped pack that holds a rule.
pub(crate) fn shipped_with(id: &str) -> Option<&'static str> {
    let holds = |pack: &&ShippedPack| Pack::of_shipped(pack).content.rules.iter().any(|rule| rule.id == id);
    SHIPPED.iter().find(holds).map(|pack| pack.name)
}

fn nearest_rule(id: &str, owners: &HashMap<String, String>) -> String {
    if let Some(pack) = shipped_with(id) {
        return format!("the shipped pack `{pack}` has it, which is not in force");
    }
    let known: Vec<&str> = owners.keys().map(String::as_str).collect();
    let advice = did_you_mean(id, &known);
    if advice.starts_with("did") { advice } else { "`rejoinder rules list` names them all".to_owned() }
}
