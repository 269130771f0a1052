//! How far a run is, in one line: done, pace, what is left, what was found. Pure: time is handed in.

use std::time::Duration;

use crate::pipeline::watch::{JudgeProgress, ScanProgress, Stage};
use crate::report::summary::{share, thousands};

/// A pace measured over less than this says nothing.
const MIN_PACE: Duration = Duration::from_millis(500);

/// Turns stages into lines; remembers where it first saw the stage, for the pace.
#[derive(Debug, Default)]
pub struct Reporter {
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    stage: std::mem::Discriminant<Stage>,
    at: Duration,
    done: u64,
}

impl Reporter {
    /// The line for a stage that is seen at `now` (any clock that only goes forward); none before something is done.
    pub fn line(&mut self, stage: &Stage, now: Duration) -> Option<String> {
        let done = match stage {
            Stage::Starting => return None,
            Stage::Scan(scan) => scan.read,
            Stage::Judge(judge) => judge.answered + judge.refused,
        };
        let this = std::mem::discriminant(stage);
        if self.begun.as_ref().is_none_or(|begun| begun.stage != this) {
            self.begun = Some(Begun { stage: this, at: now, done });
        }
        let begun = self.begun.as_ref()?;
        let elapsed = now.saturating_sub(begun.at);
        let pace = (elapsed >= MIN_PACE)
            .then(|| done.saturating_sub(begun.done) as f64 / elapsed.as_secs_f64())
            .filter(|&pace| pace > 0.0);
        match stage {
            Stage::Starting => None,
            Stage::Scan(scan) => Some(scan_line(scan, pace)),
            Stage::Judge(judge) => Some(judge_line(judge, pace)),
        }
    }
}

fn scan_line(scan: &ScanProgress, pace: Option<f64>) -> String {
    let ScanProgress { read, total, stats } = scan;
    let mut line = format!("scan {} of {}", share(*read, *total), bytes(*total as f64));
    if let Some(pace) = pace {
        line += &format!(" · {}/s · {}", bytes(pace), eta(total.saturating_sub(*read), pace));
    }
    line += &format!(
        " · {} later turns: {} accepted, {} rejected, {} waiting",
        thousands(stats.turns),
        thousands(stats.accepted.total()),
        thousands(stats.rejected),
        thousands(stats.undecided)
    );
    if stats.quarantined > 0 {
        line += &format!(" · {} records quarantined", thousands(stats.quarantined));
    }
    line
}

fn judge_line(judge: &JudgeProgress, pace: Option<f64>) -> String {
    let done = judge.answered + judge.from_store + judge.refused;
    let mut line =
        format!("judge {} of {} questions", share(done, judge.questions), thousands(judge.questions));
    if let Some(pace) = pace {
        let open = judge.questions.saturating_sub(done);
        let affordable = judge.budget.map_or(open, |budget| open.min(budget.saturating_sub(judge.calls)));
        line += &format!(" · {pace:.1}/s · {}", eta(affordable, pace));
    }
    line += &format!(" · {} calls", thousands(judge.calls));
    if let Some(budget) = judge.budget {
        line += &format!(" of {}", thousands(budget));
    }
    if judge.refused > 0 {
        line += &format!(" · {} refused", thousands(judge.refused));
    }
    line
}

fn eta(left: u64, pace: f64) -> String {
    format!("ETA {}", duration(left as f64 / pace))
}

/// `999 B`, `1.2 kB`, `34.5 MB`, `1.2 GB`.
fn bytes(count: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut scaled = count;
    let mut unit = 0;
    while scaled >= 999.5 && unit + 1 < units.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    if scaled >= 99.95 || unit == 0 {
        format!("{scaled:.0} {}", units[unit])
    } else {
        format!("{scaled:.1} {}", units[unit])
    }
}

/// `41 s`, `3 min 5 s`, `7 h 20 min`, `2 d 3 h`.
fn duration(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use rejoinder_core::Category;

    use super::*;
    use crate::pipeline::stats::ScanStats;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_scan_tells_share_pace_time_left_and_decisions() {
        let mut stats = ScanStats { turns: 1_500, rejected: 1_000, undecided: 499, ..ScanStats::default() };
        stats.accepted.count(Category::Ur5);
        let scan = |read| Stage::Scan(ScanProgress { read, total: 4_000_000_000, stats });
        let mut reporter = Reporter::default();
        assert_eq!(reporter.line(&Stage::Starting, at(0.0)), None);
        // Resumed at half: what an earlier command did is no pace of this one.
        let first = reporter.line(&scan(2_000_000_000), at(3.0)).unwrap();
        assert_eq!(
            first,
            "scan 50.0 % of 4.0 GB · 1,500 later turns: 1 accepted, 1,000 rejected, 499 waiting"
        );
        let later = reporter.line(&scan(3_000_000_000), at(13.0)).unwrap();
        assert!(later.starts_with("scan 75.0 % of 4.0 GB · 100 MB/s · ETA 10 s · 1,500 later"), "{later}");
    }

    #[test]
    fn judging_tells_questions_pace_and_calls_and_reckons_with_the_budget() {
        let judge =
            JudgeProgress { questions: 1_000, from_store: 100, budget: Some(400), ..Default::default() };
        let mut reporter = Reporter::default();
        let scan = ScanProgress { read: 7, total: 7, ..Default::default() };
        reporter.line(&Stage::Scan(scan), at(0.0)).unwrap();
        reporter.line(&Stage::Judge(judge), at(10.0)).unwrap();
        let judge = JudgeProgress { answered: 200, refused: 1, calls: 250, ..judge };
        assert_eq!(
            reporter.line(&Stage::Judge(judge), at(110.5)).unwrap(),
            "judge 30.1 % of 1,000 questions · 2.0/s · ETA 1 min 15 s · 250 calls of 400 · 1 refused"
        );
    }

    #[test]
    fn a_stalled_stage_promises_nothing() {
        let stage = Stage::Scan(ScanProgress { read: 5, total: 10, stats: ScanStats::default() });
        let mut reporter = Reporter::default();
        reporter.line(&stage, at(0.0)).unwrap();
        assert!(!reporter.line(&stage, at(9.0)).unwrap().contains("ETA"));
    }

    #[test]
    fn sizes_and_durations_read_well() {
        assert_eq!(
            [0.0, 999.0, 1_234.0, 99_960.0, 999_600.0, 2.5e12].map(bytes),
            ["0 B", "999 B", "1.2 kB", "100 kB", "1.0 MB", "2.5 TB"]
        );
        assert_eq!(
            [0.2, 59.0, 185.0, 26_400.0, 183_600.0].map(duration),
            ["1 s", "59 s", "3 min 5 s", "7 h 20 min", "2 d 3 h"]
        );
    }
}
