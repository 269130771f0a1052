//! A child process, asked and watched.

use std::io::{self, PipeWriter};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::LAST_WORDS;
use super::chatter::Chatter;
use super::frame::{self, Header, kind};
use super::reply::{DeadlineReader, ReplyError, is_late, no_answer};
use super::wait::Waiter;
use crate::Batch;
use crate::child_failure::ChildFailure;
use crate::earlier_votes::EarlierVotes;
use crate::facts::FactValues;
use crate::output::{Columns, Notes};
use crate::python::Interpreter;

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

impl Child {
    /// A process that was started with the other end of `stream` as its standard input; anything may take so long.
    pub(super) fn new(
        process: std::process::Child,
        chatter: Chatter,
        stream: UnixStream,
        timeout: Duration,
    ) -> Self {
        Self { process, is_gone: false, chatter, stream, timeout, waiter: Waiter::default(), life: None }
    }

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

    /// Sends a batch, where the candidates in `range` are meant.
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
    pub(super) fn limit(&mut self, timeout: Duration) -> io::Result<()> {
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
    pub(super) fn talk(&mut self, doing: &str, kind: u32, text: &str) -> Result<String, ChildFailure> {
        let answer = self.exchange(doing, kind, text)?;
        String::from_utf8(answer).map_err(|e| self.dead(&io::Error::new(io::ErrorKind::InvalidData, e)))
    }

    /// Sends a text and waits for the bytes that answer it, which come after `doing`.
    fn exchange(&mut self, doing: &str, kind: u32, text: &str) -> Result<Vec<u8>, ChildFailure> {
        let sent = frame::send_text(&mut self.stream, kind, text);
        self.text_reply(doing, sent)
    }

    /// Hands the runner to an interpreter and waits until it is ready.
    pub(super) fn begin_python(&mut self, interpreter: &Interpreter) -> Result<(), ChildFailure> {
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
    pub(super) fn dead(&mut self, error: &io::Error) -> ChildFailure {
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

fn describe(status: ExitStatus) -> String {
    const KILL: i32 = 9;
    let guess = if status.signal() == Some(KILL) { "; out of memory?" } else { "" };
    format!("{status}{guess}")
}

#[cfg(test)]
mod tests {
    use super::super::launch::Launch;
    use super::*;
    use crate::{LoadContext, PluginSpec, locate};

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
