//! The rule that is tried: drafted from flags, or one of a file.

use rejoinder_authoring::trial::{DraftError, RuleDraft};
use rejoinder_core::diagnostic::did_you_mean;
use rejoinder_rules::{Pack, PackError};
use rejoinder_scan::{Config, ScanError};

use super::super::files;
use super::rule_flags::RuleFlags;
use crate::failure::{Exit, Failure};

/// The id of a rule that no file holds.
const DRAFT_ID: &str = "tried";

/// Codes of warnings about a rule's tests.
const OF_TESTS: [&str; 5] = ["W102", "W103", "W105", "W115", "W117"];

/// A rule that is tried.
pub(super) struct TriedRule {
    /// The pack with the rule alone.
    pub pack: Pack,
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
        Ok(Self { pack, name, is_counted_alone, draft: Some(draft), in_force_as: None })
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
        let mut known: Vec<String> = Vec::new();
        let mut found = None;
        for mut pack in packs {
            known.extend(pack.content.rules.iter().map(|rule| rule.id.clone()));
            if let Some(at) = pack.content.rules.iter().position(|rule| rule.id == id) {
                let rule = pack.content.rules.swap_remove(at);
                pack.content.rules = vec![rule];
                // Mistakes elsewhere in the file, and what it extends, are none of this rule's.
                pack.content.errors.clear();
                pack.content.extends.clear();
                pack.content.disable.clear();
                found = Some(pack);
            }
        }
        let found = found.ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let advice = did_you_mean(id, &names);
            Failure::usage(format!(
                "--rule {place}: the file has no sound rule `{id}`; {advice}. `rejoinder rules check {file}` tells what is wrong in it"
            ))
        })?;
        let in_force = Pack::load(&config.pack_names())?;
        let is_in_force = in_force.iter().flat_map(|pack| &pack.content.rules).any(|rule| rule.id == id);
        // Not the pack itself, which may be in force, too.
        let mut pack = Pack::new(place, place, "");
        pack.content = found.content;
        let rule = &mut pack.content.rules[0];
        rule.id = DRAFT_ID.to_owned();
        place.clone_into(&mut rule.file);
        Ok(Self {
            pack,
            name: format!("{id} of {file}"),
            is_counted_alone: false,
            draft: None,
            in_force_as: is_in_force.then(|| id.to_owned()),
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
        beside
            .rules
            .disable
            .extend(self.in_force_as.iter().filter(|id| !config.rules.disable.contains(id)).cloned());
        beside
    }
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
