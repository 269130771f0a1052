//! A child does not outlive its parent, whatever its plugin is doing; nor does what its plugin has started.

use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Barrier};
use std::thread::{Builder, sleep};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpgrp, getpid, kill_process, kill_process_group};

use super::LAST_WORDS;

/// To be called first in a process whose standard input is the other end of a socket or pipe of its parent: once that end is
/// closed, as it is however early and however the parent dies, the process has a second to end by itself.
///
/// # Errors
/// There is no standard input, or no thread to be had.
pub fn end_with_parent() -> io::Result<()> {
    let line = io::stdin().as_fd().try_clone_to_owned()?;
    let watching = Arc::new(Barrier::new(2));
    let in_thread = Arc::clone(&watching);
    Builder::new().name("end with parent".into()).spawn(move || {
        in_thread.wait();
        // Without any event that is asked for, only the other end's closing is told.
        let mut line = [PollFd::new(&line, PollFlags::empty())];
        while poll(&mut line, None) == Err(Errno::INTR) {}
        sleep(LAST_WORDS);
        // `exit` needs the loader, too.
        end_at_once();
    })?;
    // A thread that begins needs the loader, in which the plugin may hang.
    watching.wait();
    Ok(())
}

/// Ends this process, and where it leads a group of its own, all processes that its plugin has started in there.
pub fn end_at_once() {
    let own = getpid();
    let _ = match getpgrp() == own {
        true => kill_process_group(own, Signal::KILL),
        false => kill_process(own, Signal::KILL),
    };
}
