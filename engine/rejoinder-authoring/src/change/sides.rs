//! Which rules are in force before and after a change.

use rejoinder_rules::PackError;
use rejoinder_scan::Config;
use rejoinder_scan::config::RulesConfig;

use super::beside::PacksBeside;

/// The name that stands for no rules at all.
pub const NO_RULES: &str = "none";

/// The rules in force on one side of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct SideRules {
    /// What was named: a rule file, a folder, a shipped pack, or [`NO_RULES`].
    pub name: String,
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
        let named = |name: &str| match name {
            NO_RULES => Vec::new(),
            name => vec![name.to_owned()],
        };
        let beside = PacksBeside::of(config, &[named(old), named(new)].concat())?;
        let side = |name: &str| -> Result<SideRules, PackError> {
            let (section, not_to_disable) = beside.with(config, &named(name))?;
            Ok(SideRules { name: name.to_owned(), section, not_to_disable })
        };
        Ok(Self {
            before: side(old)?,
            after: side(new)?,
            beside: beside.kept.clone(),
            replaced: beside.replaced.clone(),
        })
    }
}
