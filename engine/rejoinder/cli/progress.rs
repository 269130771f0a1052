//! The progress of a stage on standard error: one line that is redrawn on a terminal, a plain line now and then
//! elsewhere. The display runs beside the stage and reads its [`Watch`], so it costs the stage nothing.

use std::io::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rejoinder_run::status::BusyPluginFigures;
use rejoinder_run::watch::Watch;

use super::terminal;
use rejoinder_report::progress::{ProgressFormatter, packed};

/// Time between two looks at the watch.
const TICK: Duration = Duration::from_millis(100);
/// When the first plain line comes; short runs print none.
const FIRST_LINE: Duration = Duration::from_secs(10);
/// Time between two plain lines.
const BETWEEN_LINES: Duration = Duration::from_secs(30);
/// Columns of a terminal that does not tell.
const DEFAULT_COLUMNS: u16 = 80;
/// Columns of a line that is written where there is no terminal.
const PLAIN_COLUMNS: usize = 100;

/// A display of progress, which ends, and leaves a clean line, when it is dropped.
pub(super) struct ProgressDisplay {
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl ProgressDisplay {
    /// Begins to tell the progress that `watch` shows, unless the operator wants quiet.
    pub(super) fn of(watch: &Watch) -> Self {
        if terminal::is_quiet() {
            return Self { thread: None };
        }
        let watch = watch.clone();
        let (hang_up, hung_up) = channel();
        let mut teller = ProgressWriter::new(terminal::is_live());
        let thread = std::thread::spawn(move || {
            let begun = Instant::now();
            while hung_up.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                // Nobody reads it if it cannot be written.
                let _ = teller.tick(&watch, begun.elapsed(), &mut io::stderr());
            }
            let _ = teller.end(&mut io::stderr());
        });
        Self { thread: Some((hang_up, thread)) }
    }
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        if let Some((hang_up, thread)) = self.thread.take() {
            drop(hang_up);
            // It could only have failed at telling.
            let _ = thread.join();
        }
    }
}

/// Decides what is written when; time and place are handed in.
struct ProgressWriter {
    reporter: ProgressFormatter,
    /// Whether the place is a terminal whose line can be redrawn.
    live: bool,
    drawn: bool,
    next_line: Duration,
    told_stop: bool,
}

impl ProgressWriter {
    fn new(live: bool) -> Self {
        Self {
            reporter: ProgressFormatter::default(),
            live,
            drawn: false,
            next_line: FIRST_LINE,
            told_stop: false,
        }
    }

    fn tick(&mut self, watch: &Watch, now: Duration, out: &mut impl Write) -> io::Result<()> {
        if watch.stop.is_raised() && !self.told_stop {
            self.told_stop = true;
            self.end(out)?;
            writeln!(out, "stopping: what is under way is finished first; interrupt again to end at once")?;
        }
        // Also when it is not shown: the pace is measured from the first look.
        let Some(line) = self.reporter.line(&watch.stage(), BusyPluginFigures::now(), now) else {
            return Ok(());
        };
        if self.live {
            self.drawn = true;
            let columns = usize::from(terminal::columns().unwrap_or(DEFAULT_COLUMNS)).saturating_sub(1);
            write!(out, "\r{}\x1b[K", cut(&line, columns))?;
            out.flush()
        } else if now >= self.next_line {
            self.next_line = now + BETWEEN_LINES;
            writeln!(out, "{}", packed(&line, PLAIN_COLUMNS).join("\n  "))
        } else {
            Ok(())
        }
    }

    /// Removes a line that is drawn.
    fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        if std::mem::take(&mut self.drawn) {
            write!(out, "\r\x1b[K")?;
            out.flush()?;
        }
        Ok(())
    }
}

/// What fits into a line: one that wraps could not be redrawn. Pieces that do not fit are left out whole.
pub(super) fn cut(line: &str, columns: usize) -> String {
    packed(line, columns).first().map(|first| first.chars().take(columns).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use rejoinder_run::watch::ScanProgress;

    /// What is written in the time from 0 to `seconds`.
    fn told(live: bool, seconds: u64, stop_at: u64) -> String {
        let watch = Watch::default();
        let mut out = Vec::new();
        let mut teller = ProgressWriter::new(live);
        for second in 0..=seconds {
            watch.show_scan(ScanProgress { read: second, total: 100, ..Default::default() });
            watch.stop.flag().fetch_or(second == stop_at, Ordering::Relaxed);
            teller.tick(&watch, Duration::from_secs(second), &mut out).unwrap();
        }
        teller.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_lines_come_late_and_seldom_and_hold_no_control_characters() {
        assert_eq!(told(false, 9, u64::MAX), "");
        let told = told(false, 75, u64::MAX);
        let shares: Vec<&str> = told.lines().map(|l| l.split(" of").next().unwrap()).collect();
        assert_eq!(shares, ["scan 10.0 %", "scan 40.0 %", "scan 70.0 %"]);
        assert!(!told.contains(['\r', '\u{1b}']), "{told:?}");
    }

    #[test]
    fn a_live_line_is_redrawn_and_removed_at_the_end() {
        let told = told(true, 3, u64::MAX);
        assert_eq!(told.matches('\r').count(), 5, "{told:?}");
        assert!(told.ends_with("\r\u{1b}[K") && !told.contains('\n'), "{told:?}");
    }

    #[test]
    fn pieces_that_do_not_fit_are_left_out_whole() {
        let line = "scan 1 % · 2 s · äöü";
        assert_eq!(
            [40, 19, 14, 4].map(|columns| cut(line, columns)),
            [line, "scan 1 % · 2 s", "scan 1 % · 2 s", "scan"]
        );
    }

    #[test]
    fn the_first_interrupt_is_told_once_on_a_line_of_its_own() {
        for live in [false, true] {
            let told = told(live, 20, 5);
            assert_eq!(told.matches("stopping: ").count(), 1, "{told:?}");
            assert!(!live || told.contains("\r\u{1b}[Kstopping"), "{told:?}");
        }
    }
}
