//! The plugins of a run: found, checked, configured, and started once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::abi::{Host, Plugin};
use crate::child::{Child, Launch};
use crate::handshake::{Description, Functions};
use crate::locate::{self, Located};
use crate::state::{SharedState, State};
use crate::{
    Fault, HostError, Isolation, Launcher, LoadCause, LoadError, OnFault, Origin, PluginSpec, SearchPath,
    panics, schema, services,
};

/// What plugins are loaded into.
#[derive(Debug, Default)]
pub struct Surroundings<'a> {
    /// Where libraries are looked for.
    pub search: SearchPath,
    /// The plugins that are linked in; a library of the same name that is found wins.
    pub built_in: &'a [&'static Plugin],
    /// Ids of the rules in force, by index.
    pub rule_ids: Vec<String>,
    /// Runs plugins that are to have a process of their own.
    pub launcher: Launcher,
}

/// The plugins of a run, in the order in which they vote.
#[derive(Debug)]
pub struct Registry {
    plugins: Vec<LoadedPlugin>,
}

/// A plugin that passed all checks and accepted its configuration.
#[derive(Debug)]
pub struct LoadedPlugin {
    description: Description,
    origin: Origin,
    config: serde_json::Value,
    identity: String,
    on_fault: OnFault,
    max_faults: u32,
    faults: AtomicU32,
    pub(crate) code: Code,
}

/// Where a plugin's code runs.
#[derive(Debug)]
pub(crate) enum Code {
    /// In this process, with a state for each session.
    Here(Starter),
    /// In this process, with one state for all sessions.
    Shared(Starter, Mutex<Arc<SharedState>>),
    /// In a child process for each session; the one that answered when the plugin was loaded waits for the first.
    Child(Launch, Mutex<Option<Child>>),
}

/// All that it takes to make one more state.
#[derive(Debug)]
pub(crate) struct Starter {
    functions: Functions,
    host: &'static Host,
    config: String,
}

impl Starter {
    pub(crate) fn new(functions: Functions, host: &'static Host, config: &serde_json::Value) -> Self {
        let config = if config.is_null() { "{}".into() } else { config.to_string() };
        Self { functions, host, config }
    }

    /// # Errors
    /// What the plugin says.
    pub(crate) fn start(&self) -> Result<State, String> {
        State::create(self.functions, self.host, &self.config)
    }
}

impl Registry {
    /// Finds, checks and starts the plugins.
    ///
    /// A plugin is its `path`, else a file on the search path, else one that is linked in. From the first call on,
    /// panics inside of plugins are logged as theirs (one line on standard error) instead of going to the program's
    /// panic hook.
    ///
    /// # Errors
    /// The first plugin that is not found, refused, configured twice, or does not accept its configuration.
    pub fn load(specs: &[PluginSpec], surroundings: &Surroundings<'_>) -> Result<Self, LoadError> {
        panics::install();
        let host = services::start(surroundings.rule_ids.clone());
        let mut plugins: Vec<LoadedPlugin> = Vec::new();
        for (index, spec) in specs.iter().enumerate() {
            let failed = |cause| LoadError { plugin: index, cause };
            let plugin = LoadedPlugin::load(spec, surroundings, host).map_err(failed)?;
            if plugins.iter().any(|other| other.name() == plugin.name()) {
                return Err(failed(LoadCause::Duplicate { name: plugin.name().into() }));
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
    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// Where it came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The configuration that it was given.
    pub fn config(&self) -> &serde_json::Value {
        &self.config
    }

    /// Which plugin exactly: 16 hex digits that change with the library, the version or the configuration.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Faults up to now, over all sessions.
    pub fn faults(&self) -> u32 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Counts faults of an earlier part of the same run towards the limit.
    pub fn add_earlier_faults(&self, faults: u32) {
        self.faults.fetch_add(faults, Ordering::Relaxed);
    }

    fn load(
        spec: &PluginSpec,
        surroundings: &Surroundings<'_>,
        host: &'static Host,
    ) -> Result<Self, LoadCause> {
        let located = locate::locate(spec, surroundings)?;
        let origin = located.origin();
        let (description, code) = match spec.isolation {
            Isolation::None => here(spec, &origin, located, host)?,
            Isolation::Process { timeout } => {
                child(spec, &origin, Launch::new(surroundings, located, &spec.config, timeout))?
            }
        };
        let identity = identity(&description, &origin, spec.known_by.as_ref().unwrap_or(&spec.config));
        Ok(Self {
            description,
            origin,
            config: spec.config.clone(),
            identity,
            on_fault: spec.on_fault,
            max_faults: spec.max_faults,
            faults: AtomicU32::new(0),
            code,
        })
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

    /// The plugin did not start once more.
    pub(crate) fn no_restart(&self, reason: String) -> HostError {
        HostError::Restart { plugin: self.name().into(), reason }
    }
}

/// Replaces a shared state that failed, unless another thread did so; the old one is destroyed after its last use.
///
/// # Errors
/// What the plugin says, if it does not start again.
pub(crate) fn replace(
    starter: &Starter,
    shared: &Mutex<Arc<SharedState>>,
    failed: &Arc<SharedState>,
) -> Result<(), String> {
    let mut current = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if Arc::ptr_eq(&current, failed)
        && let Ok(state) = SharedState::new(starter.start()?)
    {
        *current = Arc::new(state);
    }
    Ok(())
}

fn here(
    spec: &PluginSpec,
    origin: &Origin,
    located: Located,
    host: &'static Host,
) -> Result<(Description, Code), LoadCause> {
    let checked = located.open(host)?;
    allowed(spec, &checked.description, origin)?;
    let starter = Starter::new(checked.functions, host, &spec.config);
    let state = starter
        .start()
        .map_err(|reason| LoadCause::Create { name: checked.description.name.clone(), reason })?;
    let code = match SharedState::new(state) {
        Ok(shared) => Code::Shared(starter, Mutex::new(Arc::new(shared))),
        Err(_) => Code::Here(starter),
    };
    Ok((checked.description, code))
}

fn child(spec: &PluginSpec, origin: &Origin, launch: Launch) -> Result<(Description, Code), LoadCause> {
    let name = spec.path.as_deref().map_or_else(|| spec.name.clone(), |p| p.display().to_string());
    let (mut child, description) = launch
        .spawn()
        .map_err(|missed| missed.cause(&name, |name, reason| LoadCause::Refused { name, reason }))?;
    allowed(spec, &description, origin)?;
    let create_failed = |name, reason| LoadCause::Create { name, reason };
    launch.start(&mut child).map_err(|missed| missed.cause(&description.name, create_failed))?;
    Ok((description, Code::Child(launch, Mutex::new(Some(child)))))
}

/// Whether the plugin is the one that the configuration means, and its schema allows what is configured.
pub(crate) fn allowed(
    spec: &PluginSpec,
    description: &Description,
    origin: &Origin,
) -> Result<(), LoadCause> {
    let name = || description.name.clone();
    if !spec.name.is_empty() && spec.name != description.name {
        let reason = format!("the configuration calls it `{}` ({origin})", spec.name);
        return Err(LoadCause::Refused { name: name(), reason });
    }
    let problems = schema::problems(&description.config_schema, &spec.config)
        .map_err(|reason| LoadCause::Refused { name: name(), reason })?;
    if problems.is_empty() { Ok(()) } else { Err(LoadCause::Config { name: name(), problems }) }
}

fn identity(description: &Description, origin: &Origin, config: &serde_json::Value) -> String {
    let file = match origin {
        Origin::File { blake3, .. } => blake3.as_str(),
        Origin::BuiltIn => "",
    };
    let whole = serde_json::json!([description.name, description.version, file, config]).to_string();
    blake3::hash(whole.as_bytes()).to_hex()[..16].to_owned()
}
