//! What comes back from a child, or does not.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use super::frame::kind;
use crate::child_failure::ChildFailure;

/// Why a frame brought no answer.
pub enum ReplyError {
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

/// Reads until a point in time: the system's own timeout begins anew with each call.
pub struct DeadlineReader<'s> {
    pub stream: &'s UnixStream,
    pub deadline: Instant,
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
pub fn no_answer(kind: u32, text: String) -> ChildFailure {
    match kind {
        kind::FAILED => ChildFailure::Failed(text),
        kind::STUCK => ChildFailure::Stuck(text),
        kind => ChildFailure::Dead(format!("its child process sent a frame of kind {kind}")),
    }
}

/// Whether an error is that of a time that is over.
pub fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
