//! How far a run is, in words: done, pace, what is left, what was found. Pure: time is handed in.

use std::time::Duration;

use rejoinder_run::status::{
    AmountFigures, BusyPluginFigures, JudgeFigures, LimitFigures, ProgressMeter, RunFigures, ScanFigures,
    StageName,
};
use rejoinder_run::watch::Stage;

use crate::numbers::{counted, duration, share, size, thousands};

/// Between the pieces of a line.
const BETWEEN_PIECES: &str = " · ";

/// Puts stages into lines.
#[derive(Debug, Default)]
pub struct ProgressFormatter(ProgressMeter);

impl ProgressFormatter {
    /// The line for a stage that is seen at `now` (any clock that only goes forward), while these plugins are busy; none before
    /// something is done.
    pub fn line(
        &mut self,
        stage: &Stage,
        busy_plugins: Vec<BusyPluginFigures>,
        now: Duration,
    ) -> Option<String> {
        line(&RunFigures { busy_plugins, ..self.0.measure(stage, now) })
    }
}

/// The line for a run that is so far; none before something is done. Plugins for which the run waits come first.
pub fn line(figures: &RunFigures) -> Option<String> {
    let busy = figures.busy_plugins.iter().map(BusyPluginFigures::text);
    let pieces: Vec<String> = busy.chain(stage_line(figures)).collect();
    (!pieces.is_empty()).then(|| joined(&pieces))
}

fn stage_line(figures: &RunFigures) -> Option<String> {
    let left = figures.seconds_left;
    let line = match (figures.stage, &figures.scan, &figures.judge) {
        (StageName::Scan, Some(scan), None) => format!("scan {}", joined(&scan_pieces(scan, left))),
        (StageName::Scan, Some(scan), Some(judge)) => format!(
            "scan {}{BETWEEN_PIECES}judge: {} answered{BETWEEN_PIECES}{}",
            joined(&scan_pieces(scan, left)),
            thousands(judge.answered),
            joined(&asked_pieces(judge))
        ),
        (StageName::Judge, _, Some(judge)) if has_nothing_to_ask(judge) => "judge: nothing to ask".to_owned(),
        (StageName::Judge, _, Some(judge)) => format!("judge {}", joined(&judge_pieces(judge, left))),
        _ => return None,
    };
    Some(line)
}

/// The pieces of a line in lines that hold as many as fit.
pub fn packed(line: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in line.split(BETWEEN_PIECES) {
        match lines.last_mut() {
            Some(last)
                if last.chars().count() + BETWEEN_PIECES.chars().count() + piece.chars().count()
                    <= columns =>
            {
                last.push_str(BETWEEN_PIECES);
                last.push_str(piece);
            }
            _ => lines.push(piece.to_owned()),
        }
    }
    lines
}

/// Pieces in one line.
pub(crate) fn joined(pieces: &[String]) -> String {
    pieces.join(BETWEEN_PIECES)
}

/// How far the scan is, and what it has found.
pub(crate) fn scan_pieces(scan: &ScanFigures, seconds_left: Option<f64>) -> Vec<String> {
    let mut pieces =
        vec![format!("{} of {}", share(scan.bytes_read, scan.bytes_total), size(scan.bytes_total as f64))];
    pieces.extend(scan.bytes_per_second.map(|pace| format!("{}/s", size(pace))));
    pieces.extend(seconds_left.map(eta));
    pieces.push(format!(
        "{}: {} accepted, {} rejected, {} waiting",
        counted(scan.turns, "later turn"),
        thousands(scan.accepted),
        thousands(scan.rejected),
        thousands(scan.undecided)
    ));
    if scan.quarantined > 0 {
        pieces.push(format!("{} quarantined", counted(scan.quarantined, "record")));
    }
    pieces
}

/// How far asking the judge is, and what it has taken.
pub(crate) fn judge_pieces(judge: &JudgeFigures, seconds_left: Option<f64>) -> Vec<String> {
    if has_nothing_to_ask(judge) {
        return vec!["nothing to ask".to_owned()];
    }
    let done = judge.done();
    let mut pieces = vec![match judge.requests {
        0 => format!("{} done", counted(done, "request")),
        all => format!("{} of {}", share(done, all), counted(all, "request")),
    }];
    pieces.extend(judge.requests_per_second.map(|pace| format!("{pace:.1}/s")));
    pieces.extend(seconds_left.map(eta));
    pieces.extend(judge.tokens_per_second.map(|pace| format!("{} tokens/s", thousands(pace as u64))));
    pieces.extend(asked_pieces(judge));
    pieces
}

fn has_nothing_to_ask(judge: &JudgeFigures) -> bool {
    judge.requests == 0 && judge.done() == 0
}

/// What was reused, is in flight and was spent.
pub(crate) fn asked_pieces(judge: &JudgeFigures) -> Vec<String> {
    let mut pieces = Vec::new();
    if let Some(down) = judge.seconds_down {
        pieces.push(format!("the server has answered nobody for {}", duration(down.floor())));
    }
    if judge.from_store > 0 {
        pieces.push(format!("{} reused", thousands(judge.from_store)));
    }
    pieces.push(format!("{} of {} in flight", judge.in_flight, judge.in_flight_limit));
    pieces.extend(spent_pieces(&judge.spent, &judge.limits));
    for (count, what) in
        [(judge.unreadable, "unreadable"), (judge.refused, "refused"), (judge.failed, "failed")]
    {
        if count > 0 {
            pieces.push(format!("{} {what}", thousands(count)));
        }
    }
    pieces
}

/// What was spent, and the limits; tokens only where they are limited.
pub(crate) fn spent_pieces(spent: &AmountFigures, limits: &LimitFigures) -> Vec<String> {
    let mut pieces = vec![format!("{}{}", counted(spent.calls, "call"), of(limits.calls.map(thousands)))];
    if limits.tokens.is_some() {
        pieces.push(format!("{} tokens{}", thousands(spent.tokens), of(limits.tokens.map(thousands))));
    }
    let amount = |amount: f64| format!("{amount:.2}");
    if spent.money > 0.0 || limits.money.is_some() {
        pieces.push(format!("{} spent{}", amount(spent.money), of(limits.money.map(amount))));
    }
    if spent.gpu_seconds > 0.0 || limits.gpu_seconds.is_some() {
        pieces.push(format!("{} GPU-s{}", amount(spent.gpu_seconds), of(limits.gpu_seconds.map(amount))));
    }
    pieces
}

fn of(limit: Option<String>) -> String {
    limit.map_or(String::new(), |limit| format!(" of {limit}"))
}

fn eta(seconds: f64) -> String {
    format!("ETA {}", duration(seconds))
}

#[cfg(test)]
mod tests {
    use rejoinder_core::Category;
    use rejoinder_judge::AskProgress;
    use rejoinder_ledger::{Spending, SpendingLimits, TokenUsage};

    use super::*;
    use rejoinder_run::stats::ScanStats;
    use rejoinder_run::status::PluginWorkName;
    use rejoinder_run::watch::{JudgeProgress, ScanProgress};

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_scan_tells_share_pace_time_left_and_decisions() {
        let mut stats = ScanStats { turns: 1_500, rejected: 1_000, undecided: 499, ..ScanStats::default() };
        stats.accepted.count(Category::Ur5);
        let scan = |read| Stage::Scan(ScanProgress { read, total: 4_000_000_000, stats, judge: None });
        let mut reporter = ProgressFormatter::default();
        assert_eq!(reporter.line(&Stage::Starting, Vec::new(), at(0.0)), None);
        // Resumed at half: what an earlier command did is no pace of this one.
        let first = reporter.line(&scan(2_000_000_000), Vec::new(), at(3.0)).unwrap();
        assert_eq!(
            first,
            "scan 50.0 % of 4.0 GB · 1,500 later turns: 1 accepted, 1,000 rejected, 499 waiting"
        );
        let later = reporter.line(&scan(3_000_000_000), Vec::new(), at(13.0)).unwrap();
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
        reporter.line(&Stage::Scan(scan), Vec::new(), at(0.0)).unwrap();
        reporter.line(&Stage::Judge(judge), Vec::new(), at(10.0)).unwrap();
        let usage = TokenUsage { prompt_tokens: 90_000, cached_tokens: 0, completion_tokens: 450 };
        let progress =
            AskProgress { answered: 200, refused: 1, in_flight: 16, limit: 32, usage, ..from_store };
        let spent = Spending { calls: 250, tokens: 1, money: 1_234_000_000, gpu: 0 };
        assert_eq!(
            reporter
                .line(&Stage::Judge(JudgeProgress { progress, spent, ..judge }), Vec::new(), at(110.5))
                .unwrap(),
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
        let line = ProgressFormatter::default().line(&Stage::Scan(scan), Vec::new(), at(0.0)).unwrap();
        assert!(line.ends_with("· judge: 12 answered · 3 of 16 in flight · 15 calls"), "{line}");
    }

    #[test]
    fn a_judge_without_a_request_promises_nothing() {
        let mut reporter = ProgressFormatter::default();
        let nothing = Stage::Judge(JudgeProgress { requests: 0, ..Default::default() });
        reporter.line(&nothing, Vec::new(), at(0.0)).unwrap();
        assert_eq!(reporter.line(&nothing, Vec::new(), at(9.0)).unwrap(), "judge: nothing to ask");
        let progress = |answered| AskProgress { answered, limit: 4, ..AskProgress::default() };
        let asked = |answered| {
            Stage::Judge(JudgeProgress { requests: 1, progress: progress(answered), ..Default::default() })
        };
        reporter.line(&asked(0), Vec::new(), at(10.0)).unwrap();
        let all = reporter.line(&asked(1), Vec::new(), at(20.0)).unwrap();
        assert_eq!(all, "judge 100.0 % of 1 request · 0.1/s · 0 of 4 in flight · 0 calls");
    }

    #[test]
    fn a_plugin_that_is_busy_stands_first_also_before_anything_is_done() {
        let busy = || {
            vec![BusyPluginFigures {
                plugin: "slow".into(),
                work: PluginWorkName::Batch,
                turns: Some(256),
                seconds: 12.3,
                threads: 1,
                isolated: false,
            }]
        };
        let mut reporter = ProgressFormatter::default();
        let told = "plugin `slow` has been busy with a batch of 256 turns for 12 s";
        assert_eq!(reporter.line(&Stage::Starting, busy(), at(0.0)).unwrap(), told);
        let scan = Stage::Scan(ScanProgress { read: 5, total: 10, ..ScanProgress::default() });
        let line = reporter.line(&scan, busy(), at(9.0)).unwrap();
        assert!(line.starts_with(&format!("{told} · scan 50.0 % of 10 B")), "{line}");
    }

    #[test]
    fn a_stalled_stage_promises_nothing() {
        let stage = Stage::Scan(ScanProgress { read: 5, total: 10, ..ScanProgress::default() });
        let mut reporter = ProgressFormatter::default();
        reporter.line(&stage, Vec::new(), at(0.0)).unwrap();
        assert!(!reporter.line(&stage, Vec::new(), at(9.0)).unwrap().contains("ETA"));
    }

    #[test]
    fn pieces_stand_in_as_few_lines_as_hold_them() {
        assert_eq!(packed("scan 1 % · 2 s · äöü", 15), ["scan 1 % · 2 s", "äöü"]);
    }
}
