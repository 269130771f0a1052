//! The parent's side: a child process, asked and watched.

use std::io::{self, Read};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::LAST_WORDS;
use super::frame::{self, Header, kind};
use super::greeting::{Greeting, PluginReference};
use super::wait::Waiter;
use crate::child_failure::ChildFailure;
use crate::earlier_votes::EarlierVotes;
use crate::facts::FactValues;
use crate::handshake::Description;
use crate::locate::LocatedPlugin;
use crate::output::{Columns, Notes};
use crate::snapshot::Snapshot;
use crate::{Batch, Launcher, LoadContext};

/// How long a child may take to load a plugin, and again to start it, which may read a model.
const BEGINNING: Duration = Duration::from_secs(120);

/// How long a call may take.
const CALL: Duration = Duration::from_secs(30);

/// All that it takes to start one more child.
#[derive(Debug)]
pub struct Launch {
    launcher: Launcher,
    hello: String,
    config: String,
    /// What the children load, where that is a library.
    _library: Option<Snapshot>,
    /// How long anything may take, where the user says so.
    timeout: Option<Duration>,
}

/// A running child whose plugin was started.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    stream: UnixStream,
    /// How long an answer may take.
    timeout: Duration,
    waiter: Waiter,
}

impl Launch {
    /// Children for a plugin that was found.
    pub fn new(context: &LoadContext<'_>, located: LocatedPlugin, timeout: Option<Duration>) -> Self {
        let (plugin, library) = match located {
            LocatedPlugin::File { path, blake3, snapshot } => {
                (PluginReference::File { path, blake3, place: snapshot.place() }, Some(snapshot))
            }
            LocatedPlugin::BuiltIn(checked) => (PluginReference::BuiltIn(checked.description.name), None),
        };
        let hello = Greeting { plugin, rules: context.rules.clone() };
        Self {
            launcher: context.launcher.clone(),
            hello: serde_json::to_string(&hello).expect("a greeting is plain data"),
            config: "{}".to_owned(),
            _library: library,
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
        let mut child = self.launch().map_err(|e| {
            ChildFailure::Dead(format!("{} cannot be started: {e}", self.launcher.program.display()))
        })?;
        let description = child.talk("loading its library", kind::HELLO, &self.hello)?;
        let description = serde_json::from_str(&description)
            .map_err(|e| ChildFailure::Dead(format!("its child process talks nonsense: {e}")))?;
        Ok((child, description))
    }

    /// Starts the plugin in a child that [`Self::spawn`] made.
    ///
    /// # Errors
    /// If the plugin does not start.
    pub fn start(&self, child: &mut Child) -> Result<(), ChildFailure> {
        child.talk("starting it (`create`)", kind::START, &self.config)?;
        child.limit(self.timeout.unwrap_or(CALL)).map_err(|e| child.dead(&e))
    }

    fn launch(&self) -> io::Result<Child> {
        let (ours, theirs) = UnixStream::pair()?;
        let process = Command::new(&self.launcher.program)
            .args(&self.launcher.args)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            // What a plugin prints must not end up among our results.
            .stdout(Stdio::from(io::stderr()))
            // A key that interrupts the run must not look like a crash of its plugins.
            .process_group(0)
            .spawn()?;
        let timeout = self.timeout.unwrap_or(BEGINNING);
        let mut child = Child { process, stream: ours, timeout, waiter: Waiter::default() };
        child.limit(timeout)?;
        Ok(child)
    }
}

/// Why a frame brought no answer.
enum ReplyError {
    /// The socket failed, or what came over it makes no sense.
    Socket(io::Error),
    /// The child says, by the kind of its frame and in words, why there is none.
    Refused { kind: u32, text: String },
}

impl From<io::Error> for ReplyError {
    fn from(error: io::Error) -> Self {
        Self::Socket(error)
    }
}

impl Child {
    /// One call on the candidates in `range`, whose answers go into `output`; their notes are returned, where wanted.
    ///
    /// # Errors
    /// If there is no answer. After [`ChildFailure::Dead`] the child is of no use.
    pub fn classify(
        &mut self,
        batch: &Batch,
        range: &Range<usize>,
        earlier: &EarlierVotes,
        wants_notes: bool,
        output: &mut Columns,
    ) -> Result<Notes, ChildFailure> {
        let header = Header { flag: u32::from(wants_notes), ..batch.header(kind::BATCH, earlier.plugins) };
        let deadline = Instant::now() + self.timeout;
        let answered =
            self.send(header, batch, range, earlier).and_then(|()| self.answers(range, deadline, output));
        answered.map_err(|error| self.failure(error))
    }

    /// One call for the facts of the candidates in `range`, whose values go into `values`.
    ///
    /// # Errors
    /// As [`Self::classify`].
    pub fn facts(
        &mut self,
        batch: &Batch,
        range: &Range<usize>,
        values: &mut FactValues,
    ) -> Result<(), ChildFailure> {
        let deadline = Instant::now() + self.timeout;
        let header = batch.header(kind::FACTS, 0);
        let answered = self.send(header, batch, range, &EarlierVotes::default()).and_then(|()| {
            let (mut stream, _) = self.reply(range, deadline, kind::FACT_VALUES)?;
            Ok(frame::read_parts(&mut stream, [values.as_bytes_mut(range)])?)
        });
        answered.map_err(|error| self.failure(error))
    }

    /// Sends a batch, of whose candidates those in `range` are meant.
    fn send(
        &mut self,
        header: Header,
        batch: &Batch,
        range: &Range<usize>,
        earlier: &EarlierVotes,
    ) -> Result<(), ReplyError> {
        let header = Header { start: range.start as u32, end: range.end as u32, ..header };
        let parts: Vec<&[u8]> = batch.as_bytes().into_iter().chain(earlier.as_bytes()).collect();
        frame::send(&mut self.stream, &header, &parts).map_err(ReplyError::Socket)
    }

    fn failure(&mut self, error: ReplyError) -> ChildFailure {
        match error {
            ReplyError::Refused { kind, text } => no_answer(kind, text),
            ReplyError::Socket(e) => self.dead(&e),
        }
    }

    /// From here on, answers may take so long.
    fn limit(&mut self, timeout: Duration) -> io::Result<()> {
        self.timeout = timeout;
        self.stream.set_read_timeout(Some(timeout))?;
        self.stream.set_write_timeout(Some(timeout))
    }

    /// The head of an answer of a kind to the candidates in `range`, and the stream after it.
    fn reply(
        &mut self,
        range: &Range<usize>,
        deadline: Instant,
        wanted: u32,
    ) -> Result<(DeadlineReader<'_>, Header), ReplyError> {
        let asked = Instant::now();
        self.waiter.wait(&self.stream);
        let mut stream = DeadlineReader { stream: &self.stream, deadline };
        let header = Header::read(&mut stream)?;
        self.waiter.took(asked.elapsed());
        if header.kind != wanted {
            let text = frame::read_text(&mut stream, header.text)?;
            return Err(ReplyError::Refused { kind: header.kind, text });
        }
        if header.n as usize != range.len() {
            let message = "it sent the answers to something else";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message).into());
        }
        Ok((stream, header))
    }

    fn answers(
        &mut self,
        range: &Range<usize>,
        deadline: Instant,
        output: &mut Columns,
    ) -> Result<Notes, ReplyError> {
        let (mut stream, header) = self.reply(range, deadline, kind::ANSWERS)?;
        frame::read_parts(&mut stream, output.as_bytes_mut(range, header.flag != 0))?;
        if header.text == 0 {
            return Ok(Vec::new());
        }
        let notes = frame::read_text(&mut stream, header.text)?;
        Ok(serde_json::from_str(&notes).map_err(io::Error::from)?)
    }

    /// The own model of the plugin that [`Launch::spawn`] has loaded.
    ///
    /// # Errors
    /// If the child does not give it.
    pub fn model(&mut self) -> Result<Vec<u8>, ChildFailure> {
        self.exchange("reading its model", kind::MODEL, "")
    }

    /// Sends a text and waits for the text that answers it, which comes after `doing`.
    fn talk(&mut self, doing: &str, kind: u32, text: &str) -> Result<String, ChildFailure> {
        let answer = self.exchange(doing, kind, text)?;
        String::from_utf8(answer).map_err(|e| self.dead(&io::Error::new(io::ErrorKind::InvalidData, e)))
    }

    /// Sends a text and waits for the bytes that answer it, which come after `doing`.
    fn exchange(&mut self, doing: &str, kind: u32, text: &str) -> Result<Vec<u8>, ChildFailure> {
        let deadline = Instant::now() + self.timeout;
        let reply = frame::send_text(&mut self.stream, kind, text).and_then(|()| {
            let mut stream = DeadlineReader { stream: &self.stream, deadline };
            let header = Header::read(&mut stream)?;
            Ok((header.kind, frame::read_bytes(&mut stream, header.text)?))
        });
        match reply {
            Ok((kind::DONE, answer)) => Ok(answer),
            Ok((kind, answer)) => Err(no_answer(kind, String::from_utf8_lossy(&answer).into_owned())),
            Err(e) if is_late(&e) => {
                let _ = self.process.kill();
                Err(ChildFailure::Late(format!(
                    "{doing} took longer than {:?}, and its process was killed; a longer `timeout` in its [[plugin]] table \
                     leaves it more time",
                    self.timeout
                )))
            }
            Err(e) => Err(self.dead(&e)),
        }
    }

    /// What became of the child, after an error of the socket.
    fn dead(&mut self, error: &io::Error) -> ChildFailure {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        let what = match error.kind() {
            _ if is_late(error) => format!("it did not answer within {:?}, and was killed", self.timeout),
            BrokenPipe | ConnectionReset | UnexpectedEof => match self.ended(LAST_WORDS) {
                Some(status) => format!("it crashed: {}", describe(status)),
                None => "it closed the connection, and was killed".into(),
            },
            _ => format!("its process cannot be used any more: {error}"),
        };
        let _ = self.process.kill();
        ChildFailure::Dead(what)
    }

    /// Waits a while for the child to end by itself.
    fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if begun.elapsed() < patience => sleep(Duration::from_millis(1)),
                _ => return None,
            }
        }
    }
}

impl Drop for Child {
    /// Lets the child destroy its plugin's state and end.
    fn drop(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        if self.ended(LAST_WORDS).is_none() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// Reads until a point in time: the system's own timeout begins anew with each call.
struct DeadlineReader<'s> {
    stream: &'s UnixStream,
    deadline: Instant,
}

impl DeadlineReader<'_> {
    fn check(&self, result: io::Result<usize>) -> io::Result<usize> {
        if result.is_ok() && Instant::now() > self.deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        result
    }
}

impl Read for DeadlineReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.stream.read(buffer);
        self.check(result)
    }

    fn read_vectored(&mut self, buffers: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
        let result = self.stream.read_vectored(buffers);
        self.check(result)
    }
}

/// What a frame that is no answer says.
fn no_answer(kind: u32, text: String) -> ChildFailure {
    match kind {
        kind::FAILED => ChildFailure::Failed(text),
        kind::STUCK => ChildFailure::Stuck(text),
        kind => ChildFailure::Dead(format!("its child process sent a frame of kind {kind}")),
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn describe(status: ExitStatus) -> String {
    const KILL: i32 = 9;
    let guess = if status.signal() == Some(KILL) { "; out of memory?" } else { "" };
    format!("{status}{guess}")
}
