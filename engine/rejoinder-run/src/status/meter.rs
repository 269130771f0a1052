//! From what a watch shows to figures, with paces and the time left.

use std::time::Duration;

use rejoinder_judge::AskProgress;

use super::figures::{JudgeFigures, JudgeHealth, RunFigures, ScanFigures, StageName};
use super::pace::Pace;
use crate::watch::{JudgeProgress, ScanProgress, Stage};

/// A server that has answered before, and no request for less than this, may be about to answer again.
const BRIEF_TROUBLE: Duration = Duration::from_secs(3);
/// A judge that has requests and gives no answer for longer than this is slow.
const SLOW: Duration = Duration::from_secs(30);

/// Measures a run by looks at its watch. Pure: time is handed in.
#[derive(Debug, Default)]
pub struct ProgressMeter {
    bytes: Pace,
    requests: Pace,
    tokens: Pace,
}

impl ProgressMeter {
    /// The figures of a stage that is seen at `now` (any clock that only goes forward), without those of plugins.
    pub fn measure(&mut self, stage: &Stage, now: Duration) -> RunFigures {
        match stage {
            Stage::Starting => RunFigures::default(),
            Stage::Scan(scan) => self.scan(scan, now),
            Stage::Judge(judge) => {
                let judge = self.judge(judge, now);
                let left = requests_left(&judge);
                let seconds_left = judge.requests_per_second.and_then(|pace| time_left(left, pace));
                RunFigures {
                    stage: StageName::Judge,
                    judge: Some(judge),
                    seconds_left,
                    ..RunFigures::default()
                }
            }
        }
    }

    fn scan(&mut self, scan: &ScanProgress, now: Duration) -> RunFigures {
        let ScanProgress { read, total, stats, judge } = scan;
        self.bytes.note(now, *read);
        let bytes_per_second = self.bytes.per_second();
        let figures = ScanFigures {
            bytes_read: *read,
            bytes_total: *total,
            bytes_per_second,
            conversations: stats.read.conversations,
            turns: stats.turns,
            accepted: stats.accepted.total(),
            rejected: stats.passed_over(),
            undecided: stats.undecided,
            quarantined: stats.read.quarantined,
            plugin_faults: stats.faults,
        };
        RunFigures {
            stage: StageName::Scan,
            scan: Some(figures),
            judge: judge.as_ref().map(|judge| self.judge(judge, now)),
            seconds_left: bytes_per_second.and_then(|pace| time_left(total.saturating_sub(*read), pace)),
            busy_plugins: Vec::new(),
        }
    }

    fn judge(&mut self, judge: &JudgeProgress, now: Duration) -> JudgeFigures {
        let JudgeProgress { requests, progress, spent, limits } = judge;
        let made = progress.answered + progress.refused + progress.failed;
        self.requests.note(now, made);
        self.tokens.note(now, progress.usage.prompt_tokens + progress.usage.completion_tokens);
        let has_answered = progress.answered + progress.empty > 0;
        JudgeFigures {
            health: health(progress),
            requests: *requests,
            answered: progress.answered,
            from_store: progress.from_store,
            unreadable: progress.unparseable,
            empty: progress.empty,
            refused: progress.refused,
            failed: progress.failed,
            retries: progress.attempts.saturating_sub(made + progress.empty),
            in_flight: progress.in_flight,
            in_flight_limit: progress.limit,
            requests_per_second: self.requests.per_second(),
            tokens_per_second: self.tokens.per_second(),
            input_tokens: progress.usage.prompt_tokens,
            output_tokens: progress.usage.completion_tokens,
            spent: (*spent).into(),
            limits: (*limits).into(),
            seconds_since_answer: has_answered.then_some(progress.quiet.as_secs_f64()),
            seconds_down: progress.down.map(|down| down.as_secs_f64()),
            last_trouble: progress.last_trouble.map(|(what, _)| what.to_string()),
            seconds_since_trouble: progress.last_trouble.map(|(_, ago)| ago.as_secs_f64()),
        }
    }
}

fn health(progress: &AskProgress) -> JudgeHealth {
    let has_answered = progress.answered + progress.empty + progress.refused > 0;
    let is_down = progress.down.is_some_and(|down| !has_answered || down >= BRIEF_TROUBLE);
    match () {
        () if is_down => JudgeHealth::Failing,
        () if progress.in_flight > 0 && progress.quiet >= SLOW => JudgeHealth::Slow,
        () if progress.attempts + progress.in_flight == 0 => JudgeHealth::NotAsked,
        () => JudgeHealth::Answering,
    }
}

/// The requests that are left and that the budget holds.
fn requests_left(judge: &JudgeFigures) -> u64 {
    let open = judge.requests.saturating_sub(judge.done());
    let affordable = judge.limits.calls.map(|calls| calls.saturating_sub(judge.spent.calls));
    affordable.map_or(open, |calls| open.min(calls))
}

/// The seconds until the end; nothing where nothing is left to do.
fn time_left(left: u64, pace: f64) -> Option<f64> {
    (left > 0).then(|| left as f64 / pace)
}

#[cfg(test)]
mod tests {
    use rejoinder_ledger::{Spending, SpendingLimits, TokenUsage};

    use super::*;

    fn asked(answered: u64) -> AskProgress {
        let usage = TokenUsage { prompt_tokens: 100 * answered, ..TokenUsage::default() };
        AskProgress { answered, attempts: answered + 2, in_flight: 4, usage, ..AskProgress::default() }
    }

    #[test]
    fn the_time_left_is_that_of_what_the_budget_still_holds() {
        let limits = SpendingLimits { calls: Some(150), ..SpendingLimits::default() };
        let stage = |answered| {
            let spent = Spending { calls: answered, ..Spending::default() };
            Stage::Judge(JudgeProgress { requests: 1_000, progress: asked(answered), spent, limits })
        };
        let mut meter = ProgressMeter::default();
        assert_eq!(meter.measure(&stage(0), Duration::ZERO).seconds_left, None);
        let figures = meter.measure(&stage(100), Duration::from_secs(10));
        assert_eq!((figures.stage, figures.seconds_left), (StageName::Judge, Some(5.0)));
        let judge = figures.judge.unwrap();
        assert_eq!((judge.requests_per_second, judge.tokens_per_second), (Some(10.0), Some(1_000.0)));
        assert_eq!((judge.retries, judge.limits.calls, judge.limits.tokens), (2, Some(150), None));
    }

    #[test]
    fn a_judges_health_is_told_by_its_answers() {
        let seconds = Duration::from_secs;
        let (answering, nobody) = (asked(5), AskProgress::default());
        for (progress, expected) in [
            (nobody, JudgeHealth::NotAsked),
            (AskProgress { in_flight: 1, ..nobody }, JudgeHealth::Answering),
            (AskProgress { in_flight: 1, quiet: seconds(30), ..nobody }, JudgeHealth::Slow),
            (AskProgress { attempts: 1, down: Some(seconds(0)), ..nobody }, JudgeHealth::Failing),
            (answering, JudgeHealth::Answering),
            (AskProgress { down: Some(seconds(1)), ..answering }, JudgeHealth::Answering),
            (AskProgress { down: Some(seconds(3)), ..answering }, JudgeHealth::Failing),
            (AskProgress { quiet: seconds(45), ..answering }, JudgeHealth::Slow),
            (AskProgress { quiet: seconds(45), in_flight: 0, ..answering }, JudgeHealth::Answering),
        ] {
            assert_eq!(health(&progress), expected, "{progress:?}");
        }
    }
}
