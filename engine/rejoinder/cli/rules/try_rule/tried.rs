//! The rule that is tried: drafted from flags, or one of a file.

use std::collections::{BTreeMap, HashSet};

use rejoinder_authoring::trial::{DraftError, RuleDraft};
use rejoinder_core::diagnostic::did_you_mean;
use rejoinder_report::shell::word;
use rejoinder_rules::{Pack, PackError, Rule};
use rejoinder_scan::{Config, ScanError};

use super::super::files;
use super::rule_flags::RuleFlags;
use crate::failure::{Exit, Failure};

/// The id of a rule that no file holds.
const DRAFT_ID: &str = "tried";

/// Codes of warnings about a rule's tests.
const OF_TESTS: [&str; 4] = ["W102", "W103", "W105", "W115"];

/// A rule that is tried.
pub(super) struct TriedRule {
    /// The pack with the rule alone.
    pub pack: Pack,
    /// Rules that are not in force, and on which the rule builds: of its file, and of what the file extends.
    serving: Option<Pack>,
    /// The rule in words.
    pub name: String,
    /// Whether its hits are counted and nothing is decided.
    pub is_counted_alone: bool,
    /// The draft, where the rule is one.
    pub draft: Option<RuleDraft>,
    /// The id of the rule in force that is tried; it is out of force beside.
    pub in_force_as: Option<String>,
}

impl TriedRule {
    /// The rule that phrase and flags make.
    ///
    /// # Errors
    /// If they make no rule, in the words of the command line.
    pub(super) fn drafted(flags: &RuleFlags, phrase: Option<&str>) -> Result<Self, Failure> {
        let draft = RuleDraft { id: DRAFT_ID.to_owned(), keys: flags.keys(phrase)? };
        let pack = draft.pack().map_err(|errors| mistaken(&errors))?;
        let (name, is_counted_alone) = (flags.name(phrase), flags.is_counted_alone());
        Ok(Self { pack, serving: None, name, is_counted_alone, draft: Some(draft), in_force_as: None })
    }

    /// The rule that `FILE:ID` names; where it is in force under a config, it is tried against all others.
    ///
    /// # Errors
    /// If there is no such rule.
    pub(super) fn named(place: &str, config: &Config) -> Result<Self, Failure> {
        let (file, id) = place.rsplit_once(':').ok_or_else(|| {
            Failure::usage(format!("--rule {place}: expected FILE:ID, such as my-rules.toml:mine.thanks or en:en.positive.thanks_only"))
        })?;
        let packs = Pack::named(file).map_err(files::unusable)?;
        let found = packs.iter().find_map(|pack| {
            let rule = pack.content.rules.iter().find(|rule| rule.id == id)?;
            Some((pack.clone(), rule.clone()))
        });
        let (pack, rule) = found.ok_or_else(|| no_such_rule(place, &packs))?;
        let in_force: HashSet<String> = Pack::load(&config.pack_names())?
            .into_iter()
            .flat_map(|pack| pack.content.rules)
            .map(|rule| rule.id)
            .collect();
        let by_user = [file.to_owned()];
        let others = packs.into_iter().flat_map(|pack| Pack::with_extended(pack, &by_user));
        let others = others.flat_map(|pack| pack.content.rules).filter(|rule| !in_force.contains(&rule.id));
        let serving = built_on(&rule, others.map(|rule| (rule.id.clone(), rule)).collect());
        let serving = (!serving.is_empty()).then(|| pack.clone().taken("serving", serving));
        Ok(Self {
            pack: pack.taken("tried", vec![Rule { id: DRAFT_ID.to_owned(), ..rule }]),
            serving,
            name: format!("{id} of {file}"),
            is_counted_alone: false,
            draft: None,
            in_force_as: in_force.contains(id).then(|| id.to_owned()),
        })
    }

    /// What is wrong where the rule is put among those in force: in the words of the command line where the rule itself is wrong.
    pub(super) fn refused(&self, error: ScanError) -> Failure {
        if let (Some(draft), ScanError::Rules(PackError::Invalid(found))) = (&self.draft, &error)
            && let Some(errors) = draft.errors(found)
        {
            return mistaken(&errors);
        }
        let failure = Failure::from(error);
        match failure.exit {
            Exit::Invalid => {
                Failure { message: format!("the rule beside those in force: {}", failure.message), ..failure }
            }
            _ => failure,
        }
    }

    /// What a check would warn about, but for tests, which a draft has none of.
    pub(super) fn warnings(&self) -> Vec<String> {
        let errors = self.draft.iter().flat_map(|draft| draft.warnings(&self.pack));
        errors.filter(|(code, _)| !OF_TESTS.contains(code)).map(|(_, found)| line(&found)).collect()
    }

    /// The config that the rule is tried beside.
    pub(super) fn beside(&self, config: &Config) -> Config {
        let mut beside = config.clone();
        let serving = self.serving.iter().flat_map(|pack| &pack.content.rules).map(|rule| &rule.id);
        let disabled = self.in_force_as.iter().filter(|id| !config.rules.disable.contains(id));
        beside.rules.disable.extend(disabled.chain(serving).cloned());
        beside
    }

    /// The packs with which the rule is in force, and those without it; beside the packs of the config.
    pub(super) fn packs(&self) -> [Vec<Pack>; 2] {
        let serving: Vec<Pack> = self.serving.iter().cloned().collect();
        [[vec![self.pack.clone()], serving.clone()].concat(), serving]
    }
}

/// Those of the rules on which a rule builds, directly or by others.
fn built_on(rule: &Rule, mut others: BTreeMap<String, Rule>) -> Vec<Rule> {
    let mut found: Vec<Rule> = Vec::new();
    let mut looked_at = 0;
    let mut next = Some(rule.clone());
    while let Some(rule) = next {
        let named = rule.builds_on().flat_map(|(_, named)| named);
        found.extend(named.filter_map(|named| others.remove(&named.id)));
        next = found.get(looked_at).cloned();
        looked_at += 1;
    }
    found
}

/// What a command ends with where `FILE:ID` names no rule: which rule it may be, or where the reason stands.
fn no_such_rule(place: &str, packs: &[Pack]) -> Failure {
    let (file, id) = place.rsplit_once(':').unwrap_or((place, ""));
    let known: Vec<&str> =
        packs.iter().flat_map(|pack| &pack.content.rules).map(|rule| rule.id.as_str()).collect();
    let advice = did_you_mean(id, &known);
    let advice = if advice.starts_with("did") { format!("; {advice}") } else { String::new() };
    let file_word = word(file.as_ref());
    let next = match packs.iter().all(|pack| pack.content.errors.is_empty()) {
        true => format!("`rejoinder rules list {file_word}` names all its rules"),
        false => format!("`rejoinder rules check {file_word}` tells what is wrong in it"),
    };
    Failure::usage(format!("--rule {place}: {file} has no sound rule `{id}`{advice}. {next}"))
}

fn line(DraftError { given, message, help }: &DraftError) -> String {
    let help = if help.is_empty() { String::new() } else { format!("; {help}") };
    match given.is_empty() {
        true => format!("{message}{help}"),
        false => format!("{given}: {message}{help}"),
    }
}

/// What a command ends with where the flags make no rule.
fn mistaken(errors: &[DraftError]) -> Failure {
    Failure::usage(errors.iter().map(line).collect::<Vec<_>>().join("\n"))
}
