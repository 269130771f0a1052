//! The parent's side: how a child process is started.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::Duration;

use super::chatter::Chatter;
use super::frame::kind;
use super::greeting::{Greeting, PluginReference};
use super::home::Home;
use super::process::Child;
use crate::LoadContext;
use crate::child_failure::ChildFailure;
use crate::handshake::Description;
use crate::locate::LocatedPlugin;

/// How long a child may take to load a plugin, and again to start it, which may read a model.
const BEGINNING: Duration = Duration::from_secs(120);

/// How long a call may take.
const CALL: Duration = Duration::from_secs(30);

/// All that it takes to start one more child.
#[derive(Debug)]
pub struct Launch {
    /// The plugin as the configuration names it.
    name: String,
    home: Home,
    hello: String,
    config: String,
    /// How long anything may take, where the user says so.
    timeout: Option<Duration>,
}

impl Launch {
    /// Children for a plugin that was found.
    pub fn new(context: &LoadContext<'_>, located: LocatedPlugin, timeout: Option<Duration>) -> Self {
        let (home, plugin) = Home::of(located, &context.launcher);
        let name = match &plugin {
            PluginReference::File { path, .. } | PluginReference::Script { path, .. } => {
                path.display().to_string()
            }
            PluginReference::BuiltIn(name) => name.clone(),
        };
        let hello = Greeting { plugin, rules: context.rules.clone() };
        Self {
            name,
            home,
            hello: serde_json::to_string(&hello).expect("a greeting is plain data"),
            config: "{}".to_owned(),
            timeout,
        }
    }

    /// From here on, plugins are started with this configuration.
    pub fn configure(&mut self, config: &serde_json::Value) {
        self.config = config.to_string();
    }

    /// Starts a child that has loaded the plugin and not started it.
    ///
    /// # Errors
    /// If the child does not come up, or cannot load the plugin.
    pub fn spawn(&self) -> Result<(Child, Description), ChildFailure> {
        let mut child = self.launch().map_err(|e| self.home.not_started(&e))?;
        if let Home::Python(interpreter, _) = &self.home {
            child.begin_python(interpreter)?;
        }
        let description = child.talk(self.home.loading(), kind::HELLO, &self.hello)?;
        let description: Description = serde_json::from_str(&description)
            .map_err(|e| ChildFailure::Dead(format!("its child process talks nonsense: {e}")))?;
        description.asks.check().map_err(ChildFailure::Failed)?;
        Ok((child, description))
    }

    /// Starts the plugin in a child that [`Self::spawn`] made.
    ///
    /// # Errors
    /// If the plugin does not start.
    pub fn start(&self, child: &mut Child) -> Result<(), ChildFailure> {
        self.start_with(child, &self.config)?;
        child.limit(self.timeout.unwrap_or(CALL)).map_err(|e| child.dead(&e))
    }

    /// As [`Self::start`], with a configuration that may be anything, and without a limit for calls.
    ///
    /// # Errors
    /// As there.
    pub fn start_with(&self, child: &mut Child, config: &str) -> Result<(), ChildFailure> {
        child.talk(self.home.starting(), kind::START, config).map(drop)
    }

    fn launch(&self) -> io::Result<Child> {
        let (ours, theirs) = UnixStream::pair()?;
        let (prints, printed) = io::pipe()?;
        // What can fail is done before there is a process, which nobody would wait for.
        let chatter = Chatter::listen(&self.name, prints)?;
        let timeout = self.timeout.unwrap_or(BEGINNING);
        ours.set_read_timeout(Some(timeout))?;
        ours.set_write_timeout(Some(timeout))?;
        let process = self
            .home
            .command()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            // What a plugin prints must not end up among our results, nor flood what the operator reads.
            .stdout(Stdio::from(printed.try_clone()?))
            .stderr(Stdio::from(printed))
            // A key that interrupts the run must not look like a crash of its plugins; and what a plugin starts ends with it.
            .process_group(0)
            .spawn()?;
        Ok(Child::new(process, chatter, ours, timeout))
    }
}
