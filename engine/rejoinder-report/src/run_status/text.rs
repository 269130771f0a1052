//! The status of a run in a few lines that fit a narrow terminal.

use rejoinder_run::status::{BusyPluginFigures, JudgeFigures, RunState, RunStatus, StageName};

use super::page::{Page, flat};
use super::report::RunStatusReport;
use super::words;
use crate::numbers::{counted, duration, thousands};
use crate::progress::{joined, judge_pieces, line, scan_pieces, spent_pieces};

impl RunStatusReport {
    /// The status for people: what is known now, and the command that goes on.
    pub fn text(&self) -> String {
        let mut page = Page::default();
        page.put(&format!("{}\n", flat(&self.headline())));
        if let Some(process) = self.process() {
            page.write("process", &process);
        }
        if let Some(crash) = &self.crash {
            page.write("plugin", &crash.text());
        }
        match (self.state, self.unended()) {
            (RunState::Running | RunState::Silent, Some(status)) => {
                if status.figures.scan.is_none() && self.scanned {
                    self.write_scan(&mut page);
                }
                write_work(&mut page, status);
            }
            (_, unended) => {
                let busy = unended.map(|status| status.figures.busy_plugins.as_slice()).unwrap_or_default();
                page.write_all(
                    "plugin",
                    busy.iter().map(|busy| format!("{}, by its last word", busy.text())),
                );
                self.write_scan(&mut page);
                page.write("feedback", &counted(self.feedback, "turn"));
                if self.spent.calls > 0 {
                    page.write("spent", &joined(&spent_pieces(&self.spent, &self.limits)));
                }
            }
        }
        if let Some(certificate) = &self.certificate {
            page.write("certified", &certificate.text());
        }
        if let Some(next) = &self.next {
            page.write("next", next);
        }
        page.into_text()
    }

    /// The status in one line.
    pub fn line(&self) -> String {
        flat(&self.work_line().unwrap_or_else(|| self.headline()))
    }

    /// How far the work is that a process does.
    pub(super) fn work_line(&self) -> Option<String> {
        let at_work = self.unended().filter(|_| self.state == RunState::Running);
        at_work.and_then(|status| line(&status.figures))
    }

    /// Which run, and how it is.
    fn headline(&self) -> String {
        let state = words::state(self.state);
        let how = match (self.state, &self.status) {
            (RunState::Killed, _) => state.to_owned(),
            (RunState::Silent, _) => format!("{state} for {}", self.word_age()),
            (RunState::Running, Some(status)) if status.ended.is_none() => {
                format!("{state} for {}", duration(status.written.saturating_sub(status.begun) as f64))
            }
            (RunState::Stopped | RunState::Waiting | RunState::Finished, Some(status)) => {
                let end = status.ended.as_ref().map_or("", |end| words::end(end.reason));
                format!("{state} ({}: {end}, {} ago)", status.verb, self.word_age())
            }
            _ => state.to_owned(),
        };
        format!("{}: {how}", self.run_dir)
    }

    /// Which process works on the run, or did when it was killed.
    fn process(&self) -> Option<String> {
        let Some(RunStatus { verb, process, machine, stopping, .. }) = self.unended() else {
            let holder = self.holder.as_ref()?;
            return Some(format!("number {} on {}, which tells no more", holder.process, holder.machine));
        };
        let mut pieces = vec![format!("{verb}, number {process} on {machine}")];
        match self.state {
            RunState::Silent => pieces.push("it may be gone, or hang".to_owned()),
            RunState::Killed => pieces.push(format!("its last word is {} old", self.word_age())),
            _ if *stopping => pieces.push("stopping: what is under way is finished first".to_owned()),
            _ => {}
        }
        Some(joined(&pieces))
    }

    /// What a process says that has not said how it ended.
    fn unended(&self) -> Option<&RunStatus> {
        self.status.as_ref().filter(|status| status.ended.is_none())
    }

    fn word_age(&self) -> String {
        self.seconds_since_word.map(|seconds| duration(seconds as f64)).unwrap_or_default()
    }

    /// What the ledger knows of the scan and its turns.
    fn write_scan(&self, page: &mut Page) {
        let scan = match self.scanned {
            true => "complete".to_owned(),
            false => "not at its end".to_owned(),
        };
        let mut pieces = vec![scan, counted(self.conversations, "conversation")];
        if self.quarantined > 0 {
            pieces.push(format!("{} quarantined", counted(self.quarantined, "record")));
        }
        page.write("scan", &joined(&pieces));
        let mut pieces = vec![
            counted(self.turns, "later turn"),
            format!("{} accepted", thousands(self.accepted)),
            format!("{} rejected", thousands(self.rejected)),
        ];
        if self.judged > 0 {
            pieces.push(format!("{} judged", thousands(self.judged)));
        }
        pieces.push(format!("{} waiting", thousands(self.waiting)));
        page.write("turns", &joined(&pieces));
    }
}

/// What a process says that is at work.
fn write_work(page: &mut Page, status: &RunStatus) {
    let figures = &status.figures;
    let left = |stage| figures.seconds_left.filter(|_| figures.stage == stage);
    if figures.stage == StageName::Starting {
        page.write("stage", "starting: inputs, rules or the judge are looked at");
    }
    page.write_all("plugin", figures.busy_plugins.iter().map(BusyPluginFigures::text));
    if let Some(scan) = &figures.scan {
        page.write("scan", &joined(&scan_pieces(scan, left(StageName::Scan))));
    }
    if let Some(judge) = &figures.judge {
        page.write("asking", &joined(&judge_pieces(judge, left(StageName::Judge))));
        page.write("judge", &joined(&health_pieces(judge)));
    }
}

/// How the judge is.
fn health_pieces(judge: &JudgeFigures) -> Vec<String> {
    let ago = |seconds: f64| format!("{} ago", duration(seconds.floor()));
    let mut pieces = vec![words::health(judge.health).to_owned()];
    pieces.extend(judge.seconds_since_answer.map(|seconds| format!("last answer {}", ago(seconds))));
    if judge.retries > 0 {
        pieces.push(format!("{} made again", counted(judge.retries, "request")));
    }
    if judge.empty > 0 {
        pieces.push(format!("{} empty", counted(judge.empty, "answer")));
    }
    if let (Some(trouble), Some(seconds)) = (&judge.last_trouble, judge.seconds_since_trouble) {
        pieces.push(format!("{trouble}, {}", ago(seconds)));
    }
    pieces
}
