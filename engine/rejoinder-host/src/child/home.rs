//! What a child process runs: this program once more, or the interpreter of a plugin in Python.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use super::greeting::PluginReference;
use crate::Launcher;
use crate::child_failure::ChildFailure;
use crate::locate::LocatedPlugin;
use crate::python::{Interpreter, Source};
use crate::snapshot::Snapshot;

/// A program that a plugin can run in.
#[derive(Debug)]
pub enum Home {
    /// This program, which loads the plugin; `_library` is kept for it, where there is one.
    Engine { launcher: Launcher, _library: Option<Snapshot> },
    /// An interpreter, which runs the file.
    Python(Interpreter, PathBuf),
}

impl Home {
    /// Where a plugin that was found can run, and how it is found there.
    pub fn of(located: LocatedPlugin, launcher: &Launcher) -> (Self, PluginReference) {
        let engine = |library| Self::Engine { launcher: launcher.clone(), _library: library };
        match located {
            LocatedPlugin::File { path, blake3, snapshot } => {
                let place = snapshot.place();
                (engine(Some(snapshot)), PluginReference::File { path, blake3, place })
            }
            LocatedPlugin::BuiltIn(checked) => {
                (engine(None), PluginReference::BuiltIn(checked.description.name))
            }
            LocatedPlugin::Python(Source { path, text, interpreter, .. }) => {
                (Self::Python(interpreter, path.clone()), PluginReference::Script { path, source: text })
            }
        }
    }

    /// Starts the program.
    pub fn command(&self) -> Command {
        match self {
            Self::Engine { launcher, .. } => {
                let mut command = Command::new(&launcher.program);
                command.args(&launcher.args);
                command
            }
            Self::Python(interpreter, file) => interpreter.command(file),
        }
    }

    /// The program could not be started.
    pub fn not_started(&self, error: &io::Error) -> ChildFailure {
        match self {
            Self::Engine { launcher, .. } => {
                ChildFailure::Dead(format!("{} cannot be started: {error}", launcher.program.display()))
            }
            Self::Python(interpreter, _) => ChildFailure::Interpreter(interpreter.not_started(error)),
        }
    }

    /// What the program does first with the plugin.
    pub const fn loading(&self) -> &'static str {
        match self {
            Self::Engine { .. } => "loading its library",
            Self::Python(..) => "running its file",
        }
    }

    /// What the program does to start the plugin.
    pub const fn starting(&self) -> &'static str {
        match self {
            Self::Engine { .. } => "starting it (`create`)",
            Self::Python(..) => "starting it (`start`)",
        }
    }
}
