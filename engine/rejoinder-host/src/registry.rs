//! The plugins of a run: found, checked, configured, and started once.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::abi::{Host, Plugin};
use crate::handshake::{self, Checked};
use crate::state::{SharedState, State};
use crate::{
    Fault, HostError, LoadError, OnFault, Origin, PluginSpec, SearchPath, library, panics, search, services,
};

/// The plugins of a run, in the order in which they vote.
#[derive(Debug)]
pub struct Registry {
    plugins: Vec<LoadedPlugin>,
}

/// A plugin that passed all checks and accepted its configuration.
#[derive(Debug)]
pub struct LoadedPlugin {
    pub(crate) checked: Checked,
    origin: Origin,
    config: serde_json::Value,
    config_json: String,
    on_fault: OnFault,
    max_faults: u32,
    host: &'static Host,
    faults: AtomicU32,
    /// The state of a concurrent plugin, which all sessions share.
    shared: Option<Mutex<Arc<SharedState>>>,
}

impl Registry {
    /// Finds, checks and starts the plugins.
    ///
    /// A plugin is its `path`, else a file on the search path, else one of `built_in`. `rule_ids` are the ids of the
    /// rules in force, by index. From the first call on, panics inside of plugins are logged as theirs (one line on
    /// standard error) instead of going to the program's panic hook.
    ///
    /// # Errors
    /// The first plugin that is not found, refused, configured twice, or does not accept its configuration.
    pub fn load(
        specs: &[PluginSpec],
        search: &SearchPath,
        built_in: &[&'static Plugin],
        rule_ids: Vec<String>,
    ) -> Result<Self, LoadError> {
        panics::install();
        let host = services::start(rule_ids);
        let mut plugins: Vec<LoadedPlugin> = Vec::new();
        for spec in specs {
            let plugin = LoadedPlugin::load(spec, search, built_in, host)?;
            if plugins.iter().any(|other| other.name() == plugin.name()) {
                return Err(LoadError::Duplicate { name: plugin.name().into() });
            }
            plugins.push(plugin);
        }
        Ok(Self { plugins })
    }

    /// The plugins, in the order in which they vote.
    pub fn plugins(&self) -> &[LoadedPlugin] {
        &self.plugins
    }
}

impl LoadedPlugin {
    /// The plugin's name.
    pub fn name(&self) -> &str {
        self.checked.name
    }

    /// The plugin's version, as it says.
    pub fn version(&self) -> &str {
        self.checked.version
    }

    /// One line about it.
    pub fn about(&self) -> &str {
        self.checked.about
    }

    /// Where it came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The configuration that it was given.
    pub fn config(&self) -> &serde_json::Value {
        &self.config
    }

    /// Faults up to now, over all sessions.
    pub fn faults(&self) -> u32 {
        self.faults.load(Ordering::Relaxed)
    }

    fn load(
        spec: &PluginSpec,
        search: &SearchPath,
        built_in: &[&'static Plugin],
        host: &'static Host,
    ) -> Result<Self, LoadError> {
        let (checked, origin) = find(spec, search, built_in, host)?;
        let refused = |reason| LoadError::Refused { name: checked.name.into(), reason };
        if !spec.name.is_empty() && spec.name != checked.name {
            return Err(refused(format!("the configuration calls it `{}` ({origin})", spec.name)));
        }
        let config_json = if spec.config.is_null() { "{}".into() } else { spec.config.to_string() };
        let create_failed = |reason| LoadError::Create { name: checked.name.into(), reason };
        let state = State::create(checked, host, &config_json).map_err(create_failed)?;
        let shared = SharedState::new(state).map(|state| Mutex::new(Arc::new(state)));
        Ok(Self {
            checked,
            origin,
            config: spec.config.clone(),
            config_json,
            on_fault: spec.on_fault,
            max_faults: spec.max_faults,
            host,
            faults: AtomicU32::new(0),
            shared,
        })
    }

    /// The state that all sessions share; `None` if each must have its own.
    pub(crate) fn shared(&self) -> Option<Arc<SharedState>> {
        let shared = self.shared.as_ref()?;
        Some(Arc::clone(&shared.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Replaces a shared state that failed, unless another thread did so; the old one is destroyed after its last use.
    ///
    /// # Errors
    /// The plugin does not start again.
    pub(crate) fn replace_shared(&self, failed: &Arc<SharedState>) -> Result<(), HostError> {
        let Some(shared) = &self.shared else { return Ok(()) };
        let mut current = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, failed)
            && let Some(state) = SharedState::new(self.new_state()?)
        {
            *current = Arc::new(state);
        }
        Ok(())
    }

    /// Makes one more state.
    ///
    /// # Errors
    /// The plugin does not start again.
    pub(crate) fn new_state(&self) -> Result<State, HostError> {
        State::create(self.checked, self.host, &self.config_json)
            .map_err(|reason| HostError::Restart { plugin: self.name().into(), reason })
    }

    /// Counts a fault.
    ///
    /// # Errors
    /// The fault must stop the run.
    pub(crate) fn count(&self, fault: &Fault) -> Result<(), HostError> {
        let faults = self.faults.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if self.on_fault == OnFault::Abort {
            return Err(HostError::Aborted { fault: fault.clone() });
        }
        if faults > self.max_faults {
            return Err(HostError::TooManyFaults { max_faults: self.max_faults, fault: fault.clone() });
        }
        Ok(())
    }
}

fn find(
    spec: &PluginSpec,
    search: &SearchPath,
    built_in: &[&'static Plugin],
    host: &'static Host,
) -> Result<(Checked, Origin), LoadError> {
    let looked = spec.path.as_deref().map_or_else(|| search.candidates(&spec.name), search::spellings);
    if let Some(path) = looked.iter().find(|path| path.is_file()) {
        return from_file(path, host);
    }
    let mut names = Vec::new();
    for plugin in built_in.iter().filter(|_| spec.path.is_none()) {
        let refused = |reason| LoadError::Refused { name: "(linked in)".into(), reason };
        let checked = handshake::check(plugin).map_err(refused)?;
        if checked.name == spec.name {
            return Ok((checked, Origin::BuiltIn));
        }
        names.push(checked.name.to_owned());
    }
    let name = spec.path.as_deref().map_or_else(|| spec.name.clone(), |path| path.display().to_string());
    Err(LoadError::NotFound { name, looked, built_in: names })
}

fn from_file(path: &Path, host: &'static Host) -> Result<(Checked, Origin), LoadError> {
    let open = |reason: String| LoadError::Open { path: path.to_path_buf(), reason };
    let bytes = std::fs::read(path).map_err(|e| open(e.to_string()))?;
    let blake3 = blake3::hash(&bytes).to_hex().to_string();
    let plugin = library::load(path, host).map_err(open)?;
    let refused = |reason| LoadError::Refused { name: path.display().to_string(), reason };
    let checked = handshake::check(plugin).map_err(refused)?;
    Ok((checked, Origin::File { path: PathBuf::from(path), blake3 }))
}
