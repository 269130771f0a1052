//! The parent's side: a child process, asked and watched.

use std::io::{self, PipeWriter, Read};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::LAST_WORDS;
use super::chatter::Chatter;
use super::frame::{self, Header, kind};
use super::greeting::{Greeting, PluginReference};
use super::home::Home;
use super::wait::Waiter;
use crate::child_failure::ChildFailure;
use crate::earlier_votes::EarlierVotes;
use crate::facts::FactValues;
use crate::handshake::Description;
use crate::locate::LocatedPlugin;
use crate::output::{Columns, Notes};
use crate::python::Interpreter;
use crate::{Batch, LoadContext};

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

/// A running child whose plugin was started.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    /// Whether the process was killed, or has ended and was waited for.
    is_gone: bool,
    chatter: Chatter,
    stream: UnixStream,
    /// How long an answer may take.
    timeout: Duration,
    waiter: Waiter,
    /// What an interpreter of Python does not outlive. The child is let go first: it may take its time to end.
    life: Option<PipeWriter>,
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
        let waiter = Waiter::default();
        Ok(Child { process, is_gone: false, chatter, stream: ours, timeout, waiter, life: None })
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

    /// How many bytes the objects of an interpreter of Python take, of those made since this was first asked.
    ///
    /// # Errors
    /// If the child does not say.
    pub fn memory(&mut self) -> Result<u64, ChildFailure> {
        let bytes = self.talk("counting its memory", kind::MEMORY, "")?;
        bytes.parse().map_err(|_| ChildFailure::Dead(format!("it counted `{bytes}` bytes")))
    }

    /// Sends a text and waits for the text that answers it, which comes after `doing`.
    fn talk(&mut self, doing: &str, kind: u32, text: &str) -> Result<String, ChildFailure> {
        let answer = self.exchange(doing, kind, text)?;
        String::from_utf8(answer).map_err(|e| self.dead(&io::Error::new(io::ErrorKind::InvalidData, e)))
    }

    /// Sends a text and waits for the bytes that answer it, which come after `doing`.
    fn exchange(&mut self, doing: &str, kind: u32, text: &str) -> Result<Vec<u8>, ChildFailure> {
        let sent = frame::send_text(&mut self.stream, kind, text);
        self.text_reply(doing, sent)
    }

    /// Hands the runner to an interpreter and waits until it is ready.
    fn begin_python(&mut self, interpreter: &Interpreter) -> Result<(), ChildFailure> {
        let sent = Interpreter::hand_over(&self.stream).map(|life| self.life = Some(life));
        let ready = self.text_reply("starting its interpreter", sent);
        ready.map(drop).map_err(|failure| match failure {
            ChildFailure::Failed(reason) | ChildFailure::Dead(reason) => {
                ChildFailure::Interpreter(interpreter.not_ready(&reason))
            }
            other => other,
        })
    }

    /// Waits for the bytes that answer what was `sent`, which come after `doing`.
    fn text_reply(&mut self, doing: &str, sent: io::Result<()>) -> Result<Vec<u8>, ChildFailure> {
        let deadline = Instant::now() + self.timeout;
        let reply = sent.and_then(|()| {
            let mut stream = DeadlineReader { stream: &self.stream, deadline };
            let header = Header::read(&mut stream)?;
            Ok((header.kind, frame::read_bytes(&mut stream, header.text)?))
        });
        match reply {
            Ok((kind::DONE, answer)) => Ok(answer),
            Ok((kind, answer)) => Err(no_answer(kind, String::from_utf8_lossy(&answer).into_owned())),
            Err(e) if is_late(&e) => {
                self.kill();
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
            _ if is_late(error) => {
                self.kill();
                let within = format!("it did not answer within {:?}, and was killed", self.timeout);
                return ChildFailure::Late(within);
            }
            BrokenPipe | ConnectionReset | UnexpectedEof => match self.ended(LAST_WORDS) {
                Some(status) => format!("it crashed: {}", describe(status)),
                None => "it closed the connection, and was killed".into(),
            },
            _ => format!("its process cannot be used any more: {error}"),
        };
        self.kill();
        ChildFailure::Dead(what)
    }

    /// Waits a while for the child to end by itself, and ends what its plugin has started.
    fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        // While nobody has waited for it, no other group can have its number.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        loop {
            match waitid(WaitId::Pid(self.group()), options) {
                Ok(Some(_)) => {
                    self.kill();
                    return self.process.wait().ok();
                }
                Ok(None) if begun.elapsed() < patience => sleep(Duration::from_millis(1)),
                _ => return None,
            }
        }
    }

    /// Ends the child, and all that its plugin has started.
    fn kill(&mut self) {
        if !std::mem::replace(&mut self.is_gone, true) {
            let _ = kill_process_group(self.group(), Signal::KILL);
        }
    }

    /// The child leads a group of its own.
    fn group(&self) -> Pid {
        Pid::from_child(&self.process)
    }
}

impl Drop for Child {
    /// Lets the child destroy its plugin's state and end.
    fn drop(&mut self) {
        if !self.is_gone {
            // Where it cannot be told, the child ends all the same.
            let _ = frame::send_text(&mut self.stream, kind::END, "");
            let _ = self.stream.shutdown(std::net::Shutdown::Both);
            let _ = self.ended(LAST_WORDS);
        }
        self.kill();
        let _ = self.process.wait();
        self.chatter.finish(LAST_WORDS);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PluginSpec, locate};

    /// A child with a file of Python whose `start` does this.
    fn child_that(does: &str) -> Child {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("slow.py");
        let body =
            "NAME = \"slow\"\nimport os, re, time\ndef classify(batch, state): pass\ndef start(config): ";
        std::fs::write(&path, format!("{body}{does}\n")).unwrap();
        let context = LoadContext::default();
        let located = locate::locate(&PluginSpec::at(path), &context).ok().unwrap();
        Launch::new(&context, located, None).spawn().ok().unwrap().0
    }

    #[test]
    fn a_frame_that_comes_in_a_call_harms_no_interpreter() {
        let mut child = child_that("time.sleep(0.3)");
        frame::send_text(&mut child.stream, kind::START, "{}").unwrap();
        sleep(Duration::from_millis(100));
        for _ in 0..2 {
            frame::send_text(&mut child.stream, kind::MODEL, "").unwrap();
        }
        for _ in 0..3 {
            assert!(child.text_reply("waiting", Ok(())).is_ok());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_interpreter_whose_threads_all_wait_ends_with_its_life_line() {
        let mut child = child_that("re.match('(a+)+$', 'a' * 50 + 'b')");
        frame::send_text(&mut child.stream, kind::START, "{}").unwrap();
        sleep(Duration::from_millis(100));
        assert!(child.ended(Duration::ZERO).is_none());
        child.life = None;
        assert_eq!(child.ended(Duration::from_secs(10)).unwrap().signal(), Some(9));
    }
}
