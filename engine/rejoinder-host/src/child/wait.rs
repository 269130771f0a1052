//! Waiting for the other side. A thread that sleeps on a socket is woken tens of microseconds late, which for a batch of
//! short turns is more than the plugin takes; so where the last wait was short, this one looks a while before it sleeps.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, recv};

/// Waits up to this are short; longer ones are slept through.
const SHORT: Duration = Duration::from_micros(200);

/// How long the last wait was.
#[derive(Debug, Default)]
pub struct Waiter {
    last: Duration,
}

impl Waiter {
    /// Returns once there is something to read, or the reading may as well sleep.
    pub fn wait(&mut self, stream: &UnixStream) {
        if self.last > SHORT {
            return;
        }
        let begun = Instant::now();
        while begun.elapsed() < SHORT {
            let looked = recv(stream, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT);
            if !matches!(looked, Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR)) {
                return;
            }
            // Whoever has work to do comes first.
            std::thread::yield_now();
        }
    }

    /// Notes how long it took from the last wait's beginning until something came.
    pub fn took(&mut self, time: Duration) {
        self.last = time;
    }
}
