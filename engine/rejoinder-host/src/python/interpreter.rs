//! Which program runs a plugin in Python, and how it begins.

use std::fmt;
#[cfg(unix)]
use std::io::{self, IoSlice, PipeWriter, Write};
#[cfg(unix)]
use std::mem::MaybeUninit;
#[cfg(unix)]
use std::os::fd::AsFd;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Command;

#[cfg(unix)]
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

/// What the interpreter is given as its program: it reads the runner from standard input.
#[cfg(unix)]
const BOOT: &str = include_str!("../../../../plugins/python/boot.py");

#[cfg(unix)]
macro_rules! modules {
    ($($name:literal)*) => {
        &[
            ("rejoinder_runner", include_str!("../../../../plugins/python/rejoinder_runner/__init__.py")),
            $((
                concat!("rejoinder_runner.", $name),
                include_str!(concat!("../../../../plugins/python/rejoinder_runner/", $name, ".py")),
            )),*
        ]
    };
}

/// The modules of the runner, each after those that it imports; the last has a function `main`.
#[cfg(unix)]
const RUNNER: &[(&str, &str)] = modules!["frames" "failure" "batch" "declaration" "guard" "plugin" "serve"];

/// What is looked for in `$PATH`.
const PROGRAM: &str = "python3";

/// A program that runs Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    program: PathBuf,
    is_given: bool,
}

impl Interpreter {
    /// The given interpreter; else the one of the virtual environment that is active; else the first of `$PATH`.
    pub fn new(given: Option<&Path>) -> Self {
        let of_environment = || {
            let program = PathBuf::from(std::env::var_os("VIRTUAL_ENV")?).join("bin/python");
            program.is_file().then_some(program)
        };
        match given {
            Some(program) => Self { program: program.to_owned(), is_given: true },
            None => Self { program: of_environment().unwrap_or_else(|| PROGRAM.into()), is_given: false },
        }
    }
}

/// How it begins, where plugins can have processes of their own.
#[cfg(unix)]
impl Interpreter {
    /// Starts it with the runner, for the plugin in `file`, which the list of processes shows.
    pub fn command(&self, file: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-X", "utf8", "-c", BOOT]).arg(file);
        // The same candidate is to get the same answer, though it may depend on the order of a set.
        if std::env::var_os("PYTHONHASHSEED").is_none() {
            command.env("PYTHONHASHSEED", "0");
        }
        command
    }

    /// Hands the runner to an interpreter that has started, and the end of a pipe whose other end is returned: when that closes, the
    /// interpreter is killed.
    ///
    /// # Errors
    /// Of writing; or there is no pipe to be had.
    pub fn hand_over(mut to: &UnixStream) -> io::Result<PipeWriter> {
        let runner = serde_json::to_vec(RUNNER)?;
        to.write_all(&(runner.len() as u32).to_ne_bytes())?;
        to.write_all(&runner)?;
        let (theirs, ours) = io::pipe()?;
        let handed = [theirs.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut message = SendAncillaryBuffer::new(&mut space);
        message.push(SendAncillaryMessage::ScmRights(&handed));
        #[cfg(target_os = "linux")]
        let flags = SendFlags::NOSIGNAL;
        #[cfg(not(target_os = "linux"))]
        let flags = SendFlags::empty();
        sendmsg(to, &[IoSlice::new(&[0])], &mut message, flags)?;
        Ok(ours)
    }

    /// Why it cannot be started, and what to do.
    pub fn not_started(&self, error: &io::Error) -> String {
        if self.is_given || error.kind() != io::ErrorKind::NotFound {
            return format!("the interpreter `{self}` cannot be started: {error}");
        }
        format!(
            "there is no `{self}` in $PATH: install Python, or name the interpreter by `python` in its [[plugin]] table, such as \
             python = \"/opt/python/bin/python3\""
        )
    }

    /// Why it does not run the runner, and what to do.
    pub fn not_ready(&self, reason: &str) -> String {
        format!(
            "the interpreter `{self}` does not get ready: {reason}; `python` in its [[plugin]] table names another one"
        )
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.program.display().fmt(f)
    }
}
