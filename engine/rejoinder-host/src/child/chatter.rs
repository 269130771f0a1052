//! What a child and its plugin print: it goes on to standard error line by line, without control characters, and in such an amount
//! that the operator can still read it.

use std::io::{self, BufRead, BufReader, PipeReader};
use std::sync::mpsc::{Receiver, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crate::services::write_line;

/// Lines and bytes are counted over this time.
const WINDOW: Duration = Duration::from_secs(10);
/// The most lines in that time.
const MOST_LINES: u64 = 100;
/// The most bytes in that time.
const MOST_BYTES: u64 = 32 << 10;
/// The most bytes of a line.
const LONGEST: usize = 2 << 10;

/// Passes on what comes out of a pipe.
#[derive(Debug)]
pub struct Chatter(Receiver<()>);

impl Chatter {
    /// Begins to pass on what a plugin prints.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn listen(plugin: &str, pipe: PipeReader) -> io::Result<Self> {
        let mut limiter = ChatterLimiter::new(plugin);
        let (done, is_done) = channel::<()>();
        Builder::new().name("plugin's words".into()).spawn(move || {
            // It is dropped at the end, which tells the receiver.
            let _done = done;
            let mut pipe = BufReader::with_capacity(64 << 10, pipe);
            // A pipe that cannot be read is at its end.
            while let Ok(Some((line, len))) = next_line(&mut pipe) {
                limiter.line(&line, len, Instant::now()).iter().for_each(|line| write_line(line));
            }
            limiter.rest().iter().for_each(|line| write_line(line));
        })?;
        Ok(Self(is_done))
    }

    /// Waits until all is passed on, but no longer than this: whoever has the pipe open may keep it so.
    pub fn finish(&self, patience: Duration) {
        let _ = self.0.recv_timeout(patience);
    }
}

/// The next line, without its end: its beginning, and how many bytes it has. `None` at the end.
fn next_line(from: &mut impl BufRead) -> io::Result<Option<(Vec<u8>, u64)>> {
    let (mut line, mut len) = (Vec::new(), 0);
    loop {
        let bytes = from.fill_buf()?;
        if bytes.is_empty() {
            return Ok((len > 0).then_some((line, len)));
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        len += piece.len() as u64;
        line.extend_from_slice(&piece[..piece.len().min(LONGEST - line.len())]);
        let taken = piece.len() + usize::from(end.is_some());
        from.consume(taken);
        if end.is_some() {
            return Ok(Some((line, len)));
        }
    }
}

/// Counts lines, and keeps back those that are too many.
#[derive(Debug)]
struct ChatterLimiter {
    plugin: String,
    begun: Option<Instant>,
    lines: u64,
    bytes: u64,
    kept_back: u64,
    bytes_kept_back: u64,
}

impl ChatterLimiter {
    fn new(plugin: &str) -> Self {
        Self { plugin: plugin.to_owned(), begun: None, lines: 0, bytes: 0, kept_back: 0, bytes_kept_back: 0 }
    }

    /// What is to be printed for a line of `len` bytes that begins so.
    fn line(&mut self, line: &[u8], len: u64, now: Instant) -> Vec<String> {
        let mut print = Vec::new();
        if self.begun.is_none_or(|begun| now.saturating_duration_since(begun) >= WINDOW) {
            print.extend(self.rest());
            self.begun = Some(now);
            (self.lines, self.bytes) = (0, 0);
        }
        let shown = line.len() as u64;
        if self.lines >= MOST_LINES || self.bytes + shown > MOST_BYTES {
            self.kept_back += 1;
            self.bytes_kept_back += len;
            return print;
        }
        self.lines += 1;
        self.bytes += shown;
        let cut = if shown < len { "…" } else { "" };
        print.push(format!("{}{cut}", String::from_utf8_lossy(line)));
        print
    }

    /// What is to be said of the lines that were kept back.
    fn rest(&mut self) -> Option<String> {
        let (lines, bytes) = (std::mem::take(&mut self.kept_back), std::mem::take(&mut self.bytes_kept_back));
        let plural = if lines == 1 { "line" } else { "lines" };
        (lines > 0).then(|| {
            format!(
                "plugin warning: `{}` prints too much: {lines} more {plural} ({bytes} bytes) are left out",
                self.plugin
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_too_much_is_counted_and_told_when_the_time_is_over() {
        let begun = Instant::now();
        let mut limiter = ChatterLimiter::new("loud");
        let mut printed = 0;
        for _ in 0..1000 {
            printed += limiter.line(b"x", 1, begun).len();
        }
        assert_eq!(printed, 100);
        let told = "plugin warning: `loud` prints too much: 900 more lines (900 bytes) are left out";
        assert_eq!(limiter.line(b"later", 5, begun + WINDOW), [told, "later"]);
        assert_eq!(limiter.rest(), None);
    }

    #[test]
    fn a_long_line_is_cut() {
        let mut limiter = ChatterLimiter::new("loud");
        assert_eq!(limiter.line(b"x\xff", 4000, Instant::now()), ["x\u{fffd}…"]);
    }

    proptest! {
        #[test]
        fn lines_are_found_whatever_the_reads_return(
            lines in proptest::collection::vec("[a-z]{0,3000}", 0..5),
            room in 1_usize..4000,
        ) {
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let mut reader = BufReader::with_capacity(room, text.as_bytes());
            let mut found = Vec::new();
            while let Some(line) = next_line(&mut reader).unwrap() {
                found.push(line);
            }
            let expected: Vec<(Vec<u8>, u64)> = lines
                .iter()
                .map(|line| (line.as_bytes()[..line.len().min(LONGEST)].to_vec(), line.len() as u64))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
