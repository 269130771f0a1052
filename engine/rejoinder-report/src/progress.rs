//! How far a run is, in one line: done, pace, what is left, what was found. Pure: time is handed in.

use std::time::Duration;

use rejoinder_judge::{AskProgress, NANOS_PER_UNIT};
use rejoinder_run::watch::{JudgeProgress, ScanProgress, Stage};

use crate::numbers::{counted, share, thousands};

/// A pace measured over less than this says nothing.
const MIN_PACE: Duration = Duration::from_millis(500);

/// Puts stages into lines; remembers how far a stage was at first, for the pace.
#[derive(Debug, Default)]
pub struct ProgressFormatter {
    begun: Option<StageStart>,
}

#[derive(Debug)]
struct StageStart {
    stage: std::mem::Discriminant<Stage>,
    at: Duration,
    done: u64,
    tokens: u64,
}

impl ProgressFormatter {
    /// The line for a stage that is seen at `now` (any clock that only goes forward); none before something is done.
    pub fn line(&mut self, stage: &Stage, now: Duration) -> Option<String> {
        let done = match stage {
            Stage::Starting => return None,
            Stage::Scan(scan) => scan.read,
            Stage::Judge(judge) => done(&judge.progress) - judge.progress.from_store,
        };
        let tokens = match stage {
            Stage::Judge(judge) => {
                judge.progress.usage.prompt_tokens + judge.progress.usage.completion_tokens
            }
            _ => 0,
        };
        let this = std::mem::discriminant(stage);
        if self.begun.as_ref().is_none_or(|begun| begun.stage != this) {
            self.begun = Some(StageStart { stage: this, at: now, done, tokens });
        }
        let begun = self.begun.as_ref()?;
        let elapsed = now.saturating_sub(begun.at);
        let pace_of = |more: u64| {
            (elapsed >= MIN_PACE).then(|| more as f64 / elapsed.as_secs_f64()).filter(|&pace| pace > 0.0)
        };
        let pace = pace_of(done.saturating_sub(begun.done));
        match stage {
            Stage::Starting => None,
            Stage::Scan(scan) => Some(scan_line(scan, pace)),
            Stage::Judge(judge) => {
                Some(judge_line(judge, pace, pace_of(tokens.saturating_sub(begun.tokens))))
            }
        }
    }
}

fn scan_line(scan: &ScanProgress, pace: Option<f64>) -> String {
    let ScanProgress { read, total, stats, judge } = scan;
    let mut line = format!("scan {} of {}", share(*read, *total), bytes(*total as f64));
    if let Some(pace) = pace {
        line += &format!(" · {}/s{}", bytes(pace), eta(total.saturating_sub(*read), pace));
    }
    line += &format!(
        " · {}: {} accepted, {} rejected, {} waiting",
        counted(stats.turns, "later turn"),
        thousands(stats.accepted.total()),
        thousands(stats.passed_over()),
        thousands(stats.undecided)
    );
    if stats.read.quarantined > 0 {
        line += &format!(" · {} quarantined", counted(stats.read.quarantined, "record"));
    }
    if let Some(judge) = judge {
        line += &format!(" · judge: {} answered{}", thousands(judge.progress.answered), asked(judge));
    }
    line
}

fn judge_line(judge: &JudgeProgress, pace: Option<f64>, tokens_pace: Option<f64>) -> String {
    let done = done(&judge.progress);
    if judge.requests == 0 && done == 0 {
        return "judge: nothing to ask".to_owned();
    }
    let requests = counted(judge.requests, "request");
    let mut line = match judge.requests {
        0 => format!("judge {} done", counted(done, "request")),
        all => format!("judge {} of {requests}", share(done, all)),
    };
    if let Some(pace) = pace {
        let open = judge.requests.saturating_sub(done);
        let calls_left = judge.limits.calls.map(|calls| calls.saturating_sub(judge.spent.calls));
        let affordable = calls_left.map_or(open, |left| open.min(left));
        line += &format!(" · {pace:.1}/s{}", eta(affordable, pace));
    }
    if let Some(pace) = tokens_pace {
        line += &format!(" · {} tokens/s", thousands(pace as u64));
    }
    line + &asked(judge)
}

/// What was reused, is in flight and was spent.
fn asked(judge: &JudgeProgress) -> String {
    let JudgeProgress { progress, spent, limits, .. } = judge;
    let mut line = String::new();
    if let Some(down) = progress.down {
        line += &format!(" · the server has answered nobody for {} s", down.as_secs());
    }
    if progress.from_store > 0 {
        line += &format!(" · {} reused", thousands(progress.from_store));
    }
    line += &format!(" · {} of {} in flight", progress.in_flight, progress.limit);
    line += &format!(" · {}{}", counted(spent.calls, "call"), of(limits.calls.map(thousands)));
    if limits.tokens.is_some() {
        line += &format!(" · {} tokens{}", thousands(spent.tokens), of(limits.tokens.map(thousands)));
    }
    let amount = |nano: u64| format!("{:.2}", nano as f64 / NANOS_PER_UNIT);
    if spent.money > 0 || limits.money.is_some() {
        line += &format!(" · {} spent{}", amount(spent.money), of(limits.money.map(amount)));
    }
    if spent.gpu > 0 || limits.gpu.is_some() {
        line += &format!(" · {} GPU-s{}", amount(spent.gpu), of(limits.gpu.map(amount)));
    }
    for (count, what) in
        [(progress.unparseable, "unreadable"), (progress.refused, "refused"), (progress.failed, "failed")]
    {
        if count > 0 {
            line += &format!(" · {} {what}", thousands(count));
        }
    }
    line
}

fn of(limit: Option<String>) -> String {
    limit.map_or(String::new(), |limit| format!(" of {limit}"))
}

/// Requests that need no more asking.
const fn done(progress: &AskProgress) -> u64 {
    progress.answered + progress.from_store + progress.refused + progress.failed
}

/// The time until the end; nothing where nothing is left to do.
fn eta(left: u64, pace: f64) -> String {
    if left == 0 { String::new() } else { format!(" · ETA {}", duration(left as f64 / pace)) }
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
pub(crate) fn duration(seconds: f64) -> String {
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
    use rejoinder_ledger::{Spending, SpendingLimits, TokenUsage};

    use super::*;
    use rejoinder_run::stats::ScanStats;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_scan_tells_share_pace_time_left_and_decisions() {
        let mut stats = ScanStats { turns: 1_500, rejected: 1_000, undecided: 499, ..ScanStats::default() };
        stats.accepted.count(Category::Ur5);
        let scan = |read| Stage::Scan(ScanProgress { read, total: 4_000_000_000, stats, judge: None });
        let mut reporter = ProgressFormatter::default();
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
    fn judging_tells_requests_pace_and_spending_and_reckons_with_the_budget() {
        let limits =
            SpendingLimits { calls: Some(400), money: Some(2_000_000_000), ..SpendingLimits::default() };
        let from_store = AskProgress { from_store: 100, ..AskProgress::default() };
        let judge = JudgeProgress { requests: 1_000, progress: from_store, limits, ..Default::default() };
        let mut reporter = ProgressFormatter::default();
        let scan = ScanProgress { read: 7, total: 7, ..Default::default() };
        reporter.line(&Stage::Scan(scan), at(0.0)).unwrap();
        reporter.line(&Stage::Judge(judge), at(10.0)).unwrap();
        let usage = TokenUsage { prompt_tokens: 90_000, cached_tokens: 0, completion_tokens: 450 };
        let progress =
            AskProgress { answered: 200, refused: 1, in_flight: 16, limit: 32, usage, ..from_store };
        let spent = Spending { calls: 250, tokens: 1, money: 1_234_000_000, gpu: 0 };
        assert_eq!(
            reporter.line(&Stage::Judge(JudgeProgress { progress, spent, ..judge }), at(110.5)).unwrap(),
            "judge 30.1 % of 1,000 requests · 2.0/s · ETA 1 min 15 s · 900 tokens/s · 100 reused · 16 of 32 in flight \
             · 250 calls of 400 · 1.23 spent of 2.00 · 1 refused"
        );
    }

    #[test]
    fn a_scan_tells_of_the_judge_that_is_asked_beside_it() {
        let progress = AskProgress { answered: 12, in_flight: 3, limit: 16, ..AskProgress::default() };
        let spent = Spending { calls: 15, ..Spending::default() };
        let judge = Some(JudgeProgress { progress, spent, ..Default::default() });
        let scan = ScanProgress { read: 1, total: 2, judge, ..Default::default() };
        let line = ProgressFormatter::default().line(&Stage::Scan(scan), at(0.0)).unwrap();
        assert!(line.ends_with("· judge: 12 answered · 3 of 16 in flight · 15 calls"), "{line}");
    }

    #[test]
    fn a_judge_without_a_request_promises_nothing() {
        let mut reporter = ProgressFormatter::default();
        let nothing = Stage::Judge(JudgeProgress { requests: 0, ..Default::default() });
        reporter.line(&nothing, at(0.0)).unwrap();
        assert_eq!(reporter.line(&nothing, at(9.0)).unwrap(), "judge: nothing to ask");
        let progress = |answered| AskProgress { answered, limit: 4, ..AskProgress::default() };
        let asked = |answered| {
            Stage::Judge(JudgeProgress { requests: 1, progress: progress(answered), ..Default::default() })
        };
        reporter.line(&asked(0), at(10.0)).unwrap();
        let all = reporter.line(&asked(1), at(20.0)).unwrap();
        assert_eq!(all, "judge 100.0 % of 1 request · 0.1/s · 0 of 4 in flight · 0 calls");
    }

    #[test]
    fn a_stalled_stage_promises_nothing() {
        let stage = Stage::Scan(ScanProgress { read: 5, total: 10, ..ScanProgress::default() });
        let mut reporter = ProgressFormatter::default();
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
