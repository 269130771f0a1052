//! The plugins of a run: found, checked, configured, and started once.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::abi::Host;
use crate::activity::{self, Activity, PluginTag, PluginWork};
use crate::child::{Child, Launch};
use crate::handshake::{CheckedPlugin, Description, Functions};
use crate::locate::{self, LocatedPlugin};
use crate::paths::ConfiguredFile;
use crate::scores::Settings;
use crate::state::{SharedState, State};
use crate::{
    Fault, HostError, Isolation, LibraryOrigin, LoadCause, LoadContext, LoadError, OnFault, PluginSpec,
    Scores, crash, panics, schema, services,
};

/// The plugins of a run, in the order in which they vote.
#[derive(Debug)]
pub struct Registry {
    plugins: Vec<LoadedPlugin>,
}

/// A plugin that passed all checks and accepted its configuration.
#[derive(Debug)]
pub struct LoadedPlugin {
    description: Description,
    origin: LibraryOrigin,
    config: serde_json::Value,
    files: Vec<ConfiguredFile>,
    identity: String,
    scores: Option<Scores>,
    on_fault: OnFault,
    max_faults: u32,
    faults: AtomicU32,
    /// The plugin as whoever watches knows it.
    pub(crate) tag: &'static PluginTag,
    pub(crate) code: PluginCode,
}

/// Where a plugin's code runs.
#[derive(Debug)]
pub(crate) enum PluginCode {
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
    pub fn load(specs: &[PluginSpec], context: &LoadContext<'_>) -> Result<Self, LoadError> {
        panics::install();
        if !specs.is_empty() {
            activity::watch();
        }
        let host = services::start(context.rules.clone());
        let mut plugins: Vec<LoadedPlugin> = Vec::new();
        for (index, spec) in specs.iter().enumerate() {
            let failed = |cause| LoadError { plugin: index, cause };
            let plugin = LoadedPlugin::load(spec, context, host).map_err(failed)?;
            if plugins.iter().any(|other| other.name() == plugin.name()) {
                return Err(failed(LoadCause::Duplicate { name: plugin.name().into() }));
            }
            plugins.push(plugin);
        }
        Ok(Self { plugins })
    }

    /// Whether some plugin reads the metadata columns of records.
    pub fn wants_columns(&self) -> bool {
        self.plugins.iter().any(|plugin| plugin.description.wants_columns)
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
    pub fn origin(&self) -> &LibraryOrigin {
        &self.origin
    }

    /// The configuration that the plugin was given: the configured one, and what a plugin that scores is told besides.
    pub fn config(&self) -> &serde_json::Value {
        &self.config
    }

    /// The files that the configuration names in the keys that the plugin's schema marks by `"format": "path"`.
    pub fn files(&self) -> &[ConfiguredFile] {
        &self.files
    }

    /// Which plugin exactly: 16 hex digits that change with the library, the version, the configuration, or the content of
    /// the files that the configuration names: those that the schema marks, and the model of a plugin that scores.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The plugin's calibrated scores, where it declares that it gives them.
    pub const fn scores(&self) -> Option<&Scores> {
        self.scores.as_ref()
    }

    /// Faults up to now, over all sessions.
    pub fn faults(&self) -> u32 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Counts faults of an earlier part of the same run towards the limit.
    pub fn add_earlier_faults(&self, faults: u32) {
        self.faults.fetch_add(faults, Ordering::Relaxed);
    }

    fn load(spec: &PluginSpec, context: &LoadContext<'_>, host: &'static Host) -> Result<Self, LoadCause> {
        let located = locate::locate(spec, context)?;
        let origin = located.origin();
        let spec = &*located.isolated(spec)?;
        let timeout = match spec.isolation {
            Isolation::Process { timeout } => Some(timeout),
            Isolation::Usual { .. } | Isolation::None => None,
        };
        let is_isolated = timeout.is_some();
        let loading = Activity::new();
        let _loading = loading.enter(PluginTag::of(&configured(spec), is_isolated), PluginWork::Loading);
        let StartedPlugin { description, code, settings, own_model } = match timeout {
            None => here(spec, context, &origin, located, host)?,
            Some(timeout) => child(spec, context, &origin, Launch::new(context, located, timeout))?,
        };
        let identity = identity(&description, &origin, &settings.identifying);
        let (config, files) = (settings.config.clone(), settings.files.clone());
        let scores = settings.scores(&description.name, own_model)?;
        let tag = PluginTag::of(&description.name, is_isolated);
        Ok(Self {
            description,
            origin,
            config,
            files,
            identity,
            scores,
            on_fault: spec.on_fault,
            max_faults: spec.max_faults,
            faults: AtomicU32::new(0),
            tag,
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

/// A plugin that has started for the first time.
struct StartedPlugin {
    description: Description,
    code: PluginCode,
    settings: Settings,
    /// The plugin's own model, where it scores by that.
    own_model: Cow<'static, [u8]>,
}

fn here(
    spec: &PluginSpec,
    context: &LoadContext<'_>,
    origin: &LibraryOrigin,
    located: LocatedPlugin,
    host: &'static Host,
) -> Result<StartedPlugin, LoadCause> {
    if matches!(located, LocatedPlugin::File { .. }) {
        crash::watch();
    }
    let CheckedPlugin { functions, mut description, model } = located.open(host)?;
    let settings = Settings::new(spec, &mut description);
    allowed(&spec.name, &settings, &description, origin, context)?;
    let starter = Starter::new(functions, host, &settings.config);
    let state =
        starter.start().map_err(|reason| LoadCause::Create { name: description.name.clone(), reason })?;
    let code = match SharedState::new(state) {
        Ok(shared) => PluginCode::Shared(starter, Mutex::new(Arc::new(shared))),
        Err(_) => PluginCode::Here(starter),
    };
    Ok(StartedPlugin { description, code, settings, own_model: Cow::Borrowed(model) })
}

fn child(
    spec: &PluginSpec,
    context: &LoadContext<'_>,
    origin: &LibraryOrigin,
    mut launch: Launch,
) -> Result<StartedPlugin, LoadCause> {
    let name = configured(spec);
    let (mut child, mut description) = launch
        .spawn()
        .map_err(|failure| failure.cause(&name, |name, reason| LoadCause::Refused { name, reason }))?;
    let settings = Settings::new(spec, &mut description);
    allowed(&spec.name, &settings, &description, origin, context)?;
    launch.configure(&settings.config);
    let create_failed = |name, reason| LoadCause::Create { name, reason };
    launch.start(&mut child).map_err(|failure| failure.cause(&description.name, create_failed))?;
    let own_model = match settings.uses_own_model() {
        true => child.model().map_err(|failure| failure.cause(&description.name, create_failed))?,
        false => Vec::new(),
    };
    let code = PluginCode::Child(launch, Mutex::new(Some(child)));
    Ok(StartedPlugin { description, code, settings, own_model: Cow::Owned(own_model) })
}

/// A plugin as the configuration names it.
fn configured(spec: &PluginSpec) -> String {
    spec.path.as_deref().map_or_else(|| spec.name.clone(), |path| path.display().to_string())
}

/// Whether the plugin is the one that the configuration means, and its schema allows what is configured.
fn allowed(
    configured_name: &str,
    settings: &Settings,
    description: &Description,
    origin: &LibraryOrigin,
    context: &LoadContext<'_>,
) -> Result<(), LoadCause> {
    let name = || description.name.clone();
    if !configured_name.is_empty() && configured_name != description.name {
        let reason = format!("the configuration calls it `{configured_name}` ({origin})");
        return Err(LoadCause::Refused { name: name(), reason });
    }
    let problems = match locate::has_schema(context, &description.config_schema)? {
        true => schema::problems_by_own_schema,
        false => schema::problems,
    };
    let mut problems = problems(&description.config_schema, &settings.config)
        .map_err(|error| LoadCause::Refused { name: name(), reason: error.to_string() })?;
    if problems.is_empty() {
        problems.clone_from(&settings.problems);
    }
    if problems.is_empty() { Ok(()) } else { Err(LoadCause::Config { name: name(), problems }) }
}

fn identity(description: &Description, origin: &LibraryOrigin, config: &serde_json::Value) -> String {
    let file = match origin {
        LibraryOrigin::File { blake3, .. } => blake3.as_str(),
        LibraryOrigin::BuiltIn => "",
    };
    let whole = serde_json::json!([description.name, description.version, file, config]).to_string();
    blake3::hash(whole.as_bytes()).to_hex()[..16].to_owned()
}
