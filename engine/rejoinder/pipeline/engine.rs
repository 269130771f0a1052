//! Rules and plugins, assembled as a config says: all that decides about a turn before the judge does.

use rejoinder_host::{OnFault as HostOnFault, PluginSpec, Registry, SearchPath};
use rejoinder_rules::{Pack, RuleSet};

use crate::config::{Config, OnFault, PluginConfig};
use crate::failure::Failure;

/// The plugins that are linked in; a library of the same name that is found wins.
fn builtins() -> Vec<&'static rejoinder_plugin_abi::Plugin> {
    vec![&rejoinder_plugin_rephrase::PLUGIN]
}

/// Name, file and hash of a pack in force.
pub type PackInfo = (String, String, String);

/// What decides about turns; immutable and shared by all workers.
pub struct Engine {
    /// The config it was built from.
    pub config: Config,
    /// The compiled rules.
    pub rules: RuleSet,
    /// Where the rules came from.
    pub packs: Vec<PackInfo>,
    /// The loaded plugins.
    pub registry: Registry,
}

impl Engine {
    /// Loads rules and plugins.
    ///
    /// # Errors
    /// If a pack or plugin cannot be found, is invalid, or refuses its config.
    pub fn build(config: Config) -> Result<Self, Failure> {
        let mut packs = Vec::new();
        for name in &config.rules.packs {
            packs.extend(Pack::load(name)?);
        }
        let infos = packs.iter().map(|p| (p.name.clone(), p.file.clone(), p.hash.clone())).collect();
        let rules = Pack::compile(packs, &config.rules.disable)?;
        let specs: Vec<PluginSpec> = config.plugins.iter().map(spec).collect();
        let rule_ids = rules.rules().iter().map(|r| r.id.clone()).collect();
        let search = SearchPath::new(config.plugin_dirs.clone());
        let registry = Registry::load(&specs, &search, &builtins(), rule_ids)
            .map_err(|e| Failure::invalid(e.to_string()))?;
        Ok(Self { config, rules, packs: infos, registry })
    }
}

fn spec(plugin: &PluginConfig) -> PluginSpec {
    PluginSpec {
        name: plugin.name.clone().unwrap_or_default(),
        path: plugin.path.clone(),
        config: plugin.config.clone(),
        on_fault: match plugin.on_fault {
            OnFault::Escalate => HostOnFault::Escalate,
            OnFault::Abort => HostOnFault::Abort,
        },
        max_faults: plugin.max_faults,
    }
}
