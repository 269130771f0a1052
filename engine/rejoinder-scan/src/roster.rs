//! The plugins that a config has in force, each loaded by itself: one that cannot be loaded hides none of the others.

use rejoinder_host::{LoadContext, LoadError, LoadedPlugin, Registry, SearchPath};

use crate::config::{Config, EffectiveConfig, PluginConfig, ValueOrigin};
use crate::engine::{built_in, launcher};

/// A plugin in force.
pub struct ConfiguredPlugin {
    /// The place in the list of plugins in force, from 0; `None` for the score that the engine adds.
    pub place: Option<usize>,
    /// Where the config says so: the default where no `[[plugin]]` does.
    pub origin: ValueOrigin,
    /// The name or the path, as the config has it.
    pub named: String,
    loaded: Result<Registry, LoadError>,
}

impl ConfiguredPlugin {
    /// The plugin, which has started.
    ///
    /// # Errors
    /// Why it could not be loaded.
    pub fn loaded(&self) -> Result<&LoadedPlugin, &LoadError> {
        self.loaded.as_ref().map(|registry| &registry.plugins()[0])
    }
}

/// Loads the plugins that a config has in force, in their order; they are told of no rules.
pub fn configured_plugins(effective: &EffectiveConfig) -> Vec<ConfiguredPlugin> {
    let config = &effective.config;
    let one = |(place, entry): (usize, &PluginConfig)| ConfiguredPlugin {
        place: Some(place),
        origin: effective.plugin_origin(place),
        named: name_of(entry),
        loaded: alone(config, entry),
    };
    let mut plugins: Vec<ConfiguredPlugin> = config.plugins.iter().enumerate().map(one).collect();
    let scores = |plugin: &ConfiguredPlugin| plugin.loaded().is_ok_and(|loaded| loaded.scores().is_some());
    if config.scores() && !plugins.iter().any(scores) {
        let entry = PluginConfig::shipped_score();
        let (named, loaded) = (name_of(&entry), alone(config, &entry));
        plugins.push(ConfiguredPlugin { place: None, origin: ValueOrigin::default(), named, loaded });
    }
    plugins
}

fn name_of(entry: &PluginConfig) -> String {
    let path = || entry.path.as_deref().map(|path| path.display().to_string());
    entry.name.clone().or_else(path).unwrap_or_default()
}

fn alone(config: &Config, entry: &PluginConfig) -> Result<Registry, LoadError> {
    let built_in = built_in();
    let context = LoadContext {
        search: SearchPath::new(config.plugin_dirs.clone()),
        built_in: &built_in,
        rules: Vec::new(),
        launcher: launcher(),
    };
    Registry::load(&[entry.spec(config.purpose, config.folder.as_deref())], &context)
}
